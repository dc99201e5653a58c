import { countOver, type RunLedger } from '../shared/build-report.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import type { ShardState } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import { tableName } from '../shared/tables/table-spec.ts';
import { catalogueTable } from '../shared/tables/target-tables.ts';

/** Keys that a sentence names; the report's `mismatches` name more. */
const MAX_NAMED = 5;

/** What a run into a table that was there before has left as it stood, as sentences for the report. */
export function catchingUpWarnings(
  runtime: Pick<Runtime, 'config'>,
  run: Pick<Run, 'sourceTable' | 'settings'>,
  { shards }: Pick<RunLedger, 'shards'>,
): readonly string[] {
  const target = tableName(catalogueTable, tablePrefixOf(runtime, run));
  const source = run.sourceTable;
  const named = (state: ShardState, kind: string, count: number): string => {
    const keys = new Set((shards.get(state) ?? []).flatMap(({ samples }) => samples?.[kind] ?? []));
    const shown = [...keys].slice(0, MAX_NAMED);
    return shown.join(', ') + (count > shown.length ? ', ...' : '');
  };
  const keptChanged = countOver(shards, 'MigrateProducts', 'keptChanged');
  const keptLarge = countOver(shards, 'MigrateProducts', 'keptLarge');
  const outdated = countOver(shards, 'MigrateProducts', 'outdated');
  const removed = countOver(shards, 'VerifyMigration', 'removedBefore');
  return [
    ...(keptChanged === 0
      ? []
      : [
          `${counted(keptChanged, 'item was', 'items were')} left as the shop has changed ${keptChanged === 1 ? 'it' : 'them'} since: ${named('MigrateProducts', 'keptChanged', keptChanged)}.`,
        ]),
    ...(keptLarge === 0
      ? []
      : [
          `${counted(keptLarge, 'item', 'items')} of ${target} ${keptLarge === 1 ? 'has' : 'have'} too many attributes to be replaced safely, and ${keptLarge === 1 ? 'was' : 'were'} left as ${keptLarge === 1 ? 'it was' : 'they were'}: ${named('MigrateProducts', 'keptLarge', keptLarge)}.`,
        ]),
    ...(outdated === 0
      ? []
      : [
          `${counted(outdated, 'item', 'items')} of ${target} ${outdated === 1 ? 'comes from an earlier run and is' : 'come from an earlier run and are'} older than ${source} today; start with {"onExisting": "replace"} to bring ${outdated === 1 ? 'it' : 'them'} up to date.`,
        ]),
    ...(removed === 0
      ? []
      : [
          `${counted(removed, 'product stands', 'products stand')} in ${target} that ${removed === 1 ? 'is' : 'are'} no longer in ${source}: ${named('VerifyMigration', 'removedAtSource', removed)}; nothing was deleted.`,
        ]),
  ];
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
