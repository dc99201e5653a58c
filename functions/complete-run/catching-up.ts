import { someOf } from '../shared/counted.ts';
import { type RunLedger } from '../shared/runs/build-report.ts';
import { countMigrated, countOver } from '../shared/runs/count-shards.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { ShardState } from '../shared/ledger/shard.ts';
import type { Runtime } from '../shared/runtime.ts';
import { filledTablesOf } from '../shared/tables/run-tables.ts';
import { listed } from '../shared/text.ts';

/** What the run has left alone in an existing table, as sentences for the report. */
export function catchingUpWarnings(
  runtime: Pick<Runtime, 'config' | 'migration'>,
  run: Pick<Run, 'sourceTable' | 'settings' | 'parameters'>,
  { shards }: Pick<RunLedger, 'shards'>,
): readonly string[] {
  const target = listed(filledTablesOf(runtime, run).map(({ name }) => name));
  const source = run.sourceTable;
  const { nouns } = runtime.migration;
  const keysOf = (state: ShardState, kind: string): readonly string[] =>
    (shards.get(state) ?? []).flatMap(({ samples }) => samples?.[kind] ?? []);
  const some = (keys: Iterable<string>, total: number): string => someOf([...new Set(keys)], { total });
  const named = (state: ShardState, kind: string, count: number): string => some(keysOf(state, kind), count);
  const migrated = (counter: string): number => countMigrated(shards, counter);
  const keptChanged = migrated('keptChanged');
  const keptTooLarge = migrated('keptTooLarge');
  const staleTooLarge = migrated('staleTooLarge');
  const outdated = migrated('outdated');
  const different = countOver(shards, 'CompareByKey', 'presentDifferent');
  // Nothing is counted or named twice.
  const foreign = Math.max(0, different - keptChanged - (keptTooLarge - staleTooLarge) - outdated);
  const elsewhere = new Set([
    ...keysOf('MigrateProducts', 'keptChanged'),
    ...keysOf('MigrateProducts', 'keptTooLarge'),
    ...keysOf('MigrateProducts', 'outdated'),
    ...keysOf('BulkLoad', 'outdated'),
  ]);
  const others = (state: ShardState, kind: string): readonly string[] =>
    keysOf(state, kind).filter((key) => !elsewhere.has(key));
  const removed = countOver(shards, 'VerifyMigration', 'removedBefore');
  const stale = Math.max(0, countOver(shards, 'VerifyMigration', 'staleVariants') - staleTooLarge);
  const warnings: readonly (readonly [count: number, sentence: () => string])[] = [
    [
      keptChanged,
      () =>
        `${counted(keptChanged, 'item was', 'items were')} left alone, because ${keptChanged === 1 ? 'it is' : 'they are'} not as a migration wrote ${keptChanged === 1 ? 'it' : 'them'}: ${named('MigrateProducts', 'keptChanged', keptChanged)}.`,
    ],
    [
      keptTooLarge,
      () =>
        `${counted(keptTooLarge, 'item was', 'items were')} left alone, because ${keptTooLarge === 1 ? 'it has' : 'they have'} more attributes than a condition can name: ${named('MigrateProducts', 'keptTooLarge', keptTooLarge)}.`,
    ],
    [
      outdated,
      () =>
        `${counted(outdated, 'item', 'items')} of ${target} ${outdated === 1 ? 'comes from an earlier run and is' : 'come from an earlier run and are'} older than ${source} today. A run with "onExisting": "replace" brings ${outdated === 1 ? 'it' : 'them'} up to date.`,
    ],
    [
      foreign,
      () =>
        `${counted(foreign, 'item', 'items')} of ${target} under keys of this run ${foreign === 1 ? 'was' : 'were'} written or changed by others and ${foreign === 1 ? 'differs' : 'differ'} from what ${source} says; ${foreign === 1 ? 'it was' : 'they were'} left alone: ${some(others('CompareByKey', 'presentDifferent'), foreign)}.`,
    ],
    [
      stale,
      () =>
        `${counted(stale, 'item', 'items')} of ${target} ${stale === 1 ? 'comes' : 'come'} from earlier migrations, and the ${nouns.item} no longer has ${stale === 1 ? 'it' : 'them'}: ${some(others('VerifyMigration', 'staleVariants'), stale)}. ${run.parameters.onExisting === 'replace' ? '"replace" left alone what others or a later run wrote, and tables in which it has no item any more.' : 'A run with "onExisting": "replace" removes those that nobody has changed.'}`,
    ],
    [
      removed,
      () =>
        `${counted(removed, `${nouns.item} is`, `${nouns.items} are`)} in ${target} that ${removed === 1 ? 'is' : 'are'} no longer in ${source}: ${named('VerifyMigration', 'removedAtSource', removed)}; nothing was deleted.`,
    ],
  ];
  return warnings.filter(([count]) => count > 0).map(([, sentence]) => sentence());
}

function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
