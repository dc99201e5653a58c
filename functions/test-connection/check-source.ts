import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { SourceTableUnusableError } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable } from '../shared/aws/describe-table.ts';
import { keySchemaText } from '../shared/aws/table-model.ts';
import { missingSourceError } from '../shared/tables/missing-source.ts';
import { type Check, done, reach, stop } from './check.ts';

/** The check, and the table where it can be used. */
export interface SourceCheck {
  readonly check: Check;
  readonly table?: TableDescription;
}

/** Whether the source is there, ACTIVE and keyed as the transform expects. */
export async function checkSource(runtime: Runtime): Promise<SourceCheck> {
  const { clients, clock, config, migration } = runtime;
  const name = config.sourceTable;
  const what = `source table ${name}`;
  const table = await reach(clock, 'DynamoDB', () => describeTable(clients.dynamo, name));
  if (table === undefined) return { check: stop(what, missingSourceError(runtime)) };
  const nothing = 'Nothing was created.';
  const expected = migration.source.key.map(({ name: key, type }) => `${key} (${type})`).join(', ');
  const found = keySchemaText(table.KeySchema, table.AttributeDefinitions);
  if (found !== expected) {
    const message = `Table ${name} has the key ${found} where ${expected} is expected. ${nothing} Write a migration for this key (functions/migrations/README.md), or name another source table.`;
    return { check: stop(what, new SourceTableUnusableError(message)) };
  }
  if (table.TableStatus !== 'ACTIVE' && table.TableStatus !== 'UPDATING') {
    const message = `Table ${name} is ${table.TableStatus}, not ACTIVE. ${nothing} Wait until it is.`;
    return { check: stop(what, new SourceTableUnusableError(message)) };
  }
  return { check: done(what, `Table ${name} is ${table.TableStatus} and keyed by ${expected}.`), table };
}
