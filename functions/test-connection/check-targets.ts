import type { TableDescription } from '@aws-sdk/client-dynamodb';
import { TableUnavailableError } from '../shared/errors.ts';
import type { Runtime } from '../shared/runtime.ts';
import { weakIndexes } from '../shared/aws/live-capacity.ts';
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
  const remarks = [keyRemark(config, table), isFilled ? indexRemark(table) : undefined].flatMap(
    (remark) => remark ?? [],
  );
  return remarks.length === 0 ? done(what, sentence) : warning(what, [sentence, ...remarks].join(' '));
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

/** Its owner may have added indexes, which take every write of an item that has their key. */
function indexRemark(table: TableDescription): string | undefined {
  const weak = weakIndexes(table);
  if (weak.length === 0) return undefined;
  const names = weak.map((one) => `${one.name} (${one.writeUnitsPerSecond} write units a second)`);
  const least = Math.min(...weak.map(({ spared }) => spared));
  return `Fewer writes fit into ${names.join(' and ')} than into the table. If an index cannot keep up, DynamoDB throttles writes to the table, the shop's as well. If migrated items have the index's key, give "writeUnitsPerSecond": ${least}, or the index more capacity.`;
}

/** Without tags only the ledger says who created the table. */
function originOf(tags: TableTags | undefined): string {
  if (tags === undefined) return '';
  return tags.has(RUN_TAG) ? ` (created by run ${tags.get(RUN_TAG)})` : ' (not created by a migration)';
}
