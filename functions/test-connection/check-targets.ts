import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { TableUnavailableError } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { describeTable, RUN_TAG, type TableTags, tagsOf } from '../shared/aws/describe-table.ts';
import { schemaDifferences } from '../shared/aws/schema-differences.ts';
import { type TableSpec, tableName } from '../shared/migration/table-spec.ts';
import { foreignStage, foreignStageError, schemaMismatchError } from '../shared/tables/target-conflicts.ts';
import { globalTableError } from '../shared/tables/global-table.ts';
import { deployWith } from '../shared/deploy-with.cjs';
import type { Config } from '../shared/env.ts';
import { type Check, done, reach, stop, warning } from './check.ts';

/** A target as it is now. */
export interface CheckedTarget {
  readonly spec: TableSpec;
  readonly check: Check;
  /** Absent: there is none. */
  readonly table: TableDescription | undefined;
}

/** The state of each target: absent, ours, foreign, another stage's, of another schema, or with replicas. */
export function checkTargets(runtime: Runtime): Promise<readonly CheckedTarget[]> {
  const { clients, clock, config, migration } = runtime;
  const filled = new Set(migration.filled.map(({ name }) => name));
  const look = async (spec: TableSpec): Promise<CheckedTarget> => {
    const name = tableName(spec, config.tablePrefix);
    const table = await reach(clock, 'DynamoDB', () => describeTable(clients.dynamo, name));
    return {
      spec,
      table,
      check: await checkTarget(runtime, { spec, name, table, isFilled: filled.has(spec.name) }),
    };
  };
  return Promise.all(migration.targets.map(look));
}

interface CheckedTable extends Pick<CheckedTarget, 'spec' | 'table'> {
  readonly name: string;
  readonly isFilled: boolean;
}

async function checkTarget(
  { clients, clock, config }: Runtime,
  { spec, name, table, isFilled }: CheckedTable,
): Promise<Check> {
  const what = `target table ${name}`;
  if (table === undefined) return done(what, `Table ${name} does not exist yet. The migration creates it.`);
  if (table.TableStatus === 'DELETING' || table.TableStatus === 'CREATING')
    return stop(
      what,
      new TableUnavailableError(`Table ${name} is ${table.TableStatus}. Nothing was created. Wait a minute.`),
    );
  const tags = await reach(clock, 'DynamoDB', () => tagsOf(clients.dynamo, table.TableArn ?? ''));
  const otherStage = foreignStage(tags, config);
  if (otherStage !== undefined) return stop(what, foreignStageError(name, otherStage));
  const differences = schemaDifferences(spec, table);
  if (differences.length > 0) return stop(what, schemaMismatchError(name, differences));
  const globalTable = isFilled ? globalTableError(table) : undefined;
  if (globalTable !== undefined) return stop(what, globalTable);
  const sentence = `Table ${name} exists${originOf(tags)} with the right keys. Its items are kept.`;
  const remark = keyRemark(config, table);
  return remark === undefined ? done(what, sentence) : warning(what, `${sentence} ${remark}`);
}

/**
 * Its owner may have encrypted it with a key of his own, which DynamoDB uses with the permission of our roles. The key that
 * AWS manages needs no permission. DescribeTable does not tell the two apart.
 */
function keyRemark(
  { kmsKeyArn, targetKmsKeyArn }: Pick<Config, 'kmsKeyArn' | 'targetKmsKeyArn'>,
  { SSEDescription }: TableDescription,
): string | undefined {
  const keyArn = SSEDescription?.KMSMasterKeyArn;
  if (keyArn === undefined || keyArn === kmsKeyArn || keyArn === targetKmsKeyArn) return undefined;
  return `It is encrypted with ${keyArn}. If that is a customer managed key, and not aws/dynamodb, the functions cannot read or write its items: ${deployWith('targetKmsKeyArn', keyArn)}.`;
}

/** Without tags only the ledger says who created the table. */
function originOf(tags: TableTags | undefined): string {
  if (tags === undefined) return '';
  return tags.has(RUN_TAG) ? ` (created by run ${tags.get(RUN_TAG)})` : ' (not created by a migration)';
}
