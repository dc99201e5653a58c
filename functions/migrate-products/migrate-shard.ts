import { type TableLoadFile, targetFilesOfTables } from '../shared/files/run-files.ts';
import { ItemRefusedError } from '../shared/errors.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { createBatchWriter } from '../shared/copy/load/batch-writer.ts';
import { type Load, type LineWriter, type LoadScope, openLoad } from '../shared/copy/load/load.ts';
import {
  lostChangeWarner,
  unseenDeletionWarner,
  unseenDeletionWarners,
} from '../shared/copy/unseen-deletion.ts';
import { loadShard } from '../shared/copy/load/load-shard.ts';
import { addTo, createLoadWindow, type LoadWindow } from '../shared/copy/load/load-window.ts';
import { FIRST_LINE, type LineCursor } from '../shared/copy/load/read-lines.ts';
import type { ShardTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { keyText } from '../shared/items/item-key.ts';
import { queryPartition } from '../shared/aws/query-partition.ts';
import { updateIf } from '../shared/aws/update-if.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { createConditionalWriter, type LeftAlone } from './conditional-writer.ts';
import { createFoundRuns, type FoundRuns } from '../shared/copy/load/found-runs.ts';
import type { Migration } from '../shared/migration/migration.ts';
import { ownerKeyOf } from '../shared/migration/owner.ts';
import { createLaterRuns } from './later-runs.ts';
import { ownMarkRefusal } from './own-mark.ts';
import { findTargets, type Target, writeScope } from './open-target.ts';
import { tallyOf } from './target-writer.ts';
import { shorten } from '../shared/text.ts';

/**
 * Migrates one shard: sends the lines of its target files as they are, and saves how far it has come. Safe to be called
 * again at any point: what is written twice is the same both times.
 *
 * @throws ItemRefusedError, TableUnavailableError, BackupDamagedError, RunClosedError (none retried);
 *   ThrottlingException (retried) when DynamoDB let nothing through in a whole turn.
 */
export function migrateShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  const open = (shardTurn: ShardTurn<LineCursor>): Promise<Load> =>
    openMigration(runtime, input.shard, shardTurn);
  const onTakeOver = (run: Run): Promise<void> => warnOfEarlierCall(runtime, run);
  return loadShard(runtime, { input, turn }, { state: 'MigrateProducts', onTakeOver, open });
}

/** A call that has died may have sent a deletion whose answer nobody has seen. Only a run that replaces deletes. */
async function warnOfEarlierCall(runtime: Runtime, run: Run): Promise<void> {
  if (run.parameters.onExisting !== 'replace') return;
  const warnUnseen = unseenDeletionWarners(runtime.ledger, run);
  for (const { isOurs, table } of await findTargets(runtime, run)) if (!isOurs) await warnUnseen(table.name);
}

/** A shard's files of all filled tables are one load: first those of the first table, then those of the next. */
async function openMigration(runtime: Runtime, shard: number, turn: ShardTurn<LineCursor>): Promise<Load> {
  const targets = await findTargets(runtime, turn.run);
  const tables = targets.map(({ table }) => table.name);
  const files = await targetFilesOfTables(runtime, turn.run, { shard, tables });
  const start = turn.progress.cursor ?? FIRST_LINE;
  const window = createLoadWindow(start);
  const { writers, progressOf } = openWriters(runtime, turn, { targets, window, files });
  return openLoad({ objects: runtime.objects, files, window, writer: byTable(writers), progressOf }, start);
}

/** Hands lines to the writer of their file's table. */
function byTable(writers: ReadonlyMap<string, LineWriter>): LineWriter {
  const all = [...writers.values()];
  return {
    take: async (read) => (await writers.get(read.file.table ?? '')?.take(read)) ?? false,
    async drain() {
      for (const writer of all) await writer.drain();
    },
    async settle() {
      await Promise.all(all.map((writer) => writer.settle()));
    },
  };
}

interface WriterParts {
  readonly targets: readonly Target[];
  readonly window: LoadWindow;
  readonly files: readonly TableLoadFile[];
}

/** The writer that each table needs, and the checkpoint of what they have done. */
function openWriters(
  runtime: Runtime,
  turn: ShardTurn<LineCursor>,
  { targets, window, files }: WriterParts,
): { readonly writers: ReadonlyMap<string, LineWriter> } & Pick<LoadScope, 'progressOf'> {
  const { run, progress: before } = turn;
  const { writeUnits = 0, readUnits = 0, throttles = 0 } = before.counters;
  const meter = { writeUnits, readUnits, throttles };
  const samples = copySamples(before.samples);
  const foundRuns = new Map(
    targets.map(({ table: { name } }) => [name, createFoundRuns(run.runId, before.foundRuns?.[name])]),
  );
  const writers = targets.map((target) => {
    const { name } = target.table;
    const own = { target, window, meter, samples, foundRuns: foundRuns.get(name) };
    const unitsPerByte = unitsPerByteOf(files.filter(({ table }) => table === name));
    return [name, openWriter(runtime, turn, { ...own, unitsPerByte })] as const;
  });
  return {
    writers: new Map(writers),
    progressOf({ totals }) {
      const counters: Record<string, number> = { ...NO_COUNTS, ...before.counters };
      addTo(counters, totals);
      const named = Object.entries(samples).filter(([, keys]) => keys.length > 0);
      const found = [...foundRuns].map(([name, runs]) => [name, runs.ids()] as const);
      const some = found.filter(([, ids]) => ids.length > 0);
      return {
        counters: { ...counters, ...meter },
        digests: {},
        ...(named.length > 0 && {
          samples: Object.fromEntries(named.map(([kind, keys]) => [kind, [...keys]])),
        }),
        ...(some.length > 0 && { foundRuns: { ...before.foundRuns, ...Object.fromEntries(some) } }),
      };
    },
  };
}

function unitsPerByteOf(files: readonly TableLoadFile[]): number {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const units = files.reduce((sum, file) => sum + file.writeUnits, 0);
  return bytes === 0 ? 0 : units / bytes;
}

interface OpenedWriter {
  readonly target: Target;
  readonly window: LoadWindow;
  readonly meter: { writeUnits: number; readUnits: number; throttles: number };
  readonly samples: LeftAlone;
  readonly foundRuns: FoundRuns | undefined;
  readonly unitsPerByte: number;
}

function openWriter(
  runtime: Runtime,
  turn: ShardTurn<LineCursor>,
  { target, window, meter, samples, foundRuns, unitsPerByte }: OpenedWriter,
): LineWriter {
  const { run } = turn;
  const refusalOf = (item: WireItem, reason: Error): ItemRefusedError =>
    itemRefused(item, { target, migration: runtime.migration }, reason);
  const scope = { ...writeScope(runtime, turn, { target, meter }), window, refusalOf };
  if (target.isOurs) return createBatchWriter({ ...scope, unitsPerByte });
  return createConditionalWriter({
    ...scope,
    table: target.spec,
    updateIf: updateIf(runtime.clients.dynamo),
    runId: run.runId,
    madeBy: { startedAt: run.startedAt, madeAttributes: runtime.migration.madeAttributes },
    onExisting: run.parameters.onExisting,
    isOfLaterRun: createLaterRuns(runtime.ledger, run),
    refuseOwnMark: turn.isUnwritten() && target.hasExisted ? ownMarkRefusal(runtime, run, target) : undefined,
    noteWriting: () => turn.noteWriting(),
    objects: runtime.objects,
    warnUnseen: unseenDeletionWarner(runtime.ledger, run, target.table.name),
    warnLost: lostChangeWarner(runtime.ledger, run),
    ledger: runtime.ledger,
    inDoubt: runtime.inDoubt,
    onRead: (units) => {
      meter.readUnits += units;
    },
    saveDeadline: turn.saveDeadline,
    query: queryPartition(runtime.clients.dynamo),
    samples,
    foundRuns,
  });
}

const NO_COUNTS = { ...tallyOf(0), products: 0, metadata: 0, variants: 0, quarantined: 0 } as const;

function copySamples(saved: Readonly<Record<string, readonly string[]>> = {}): LeftAlone {
  const { keptChanged = [], keptTooLarge = [], outdated = [] } = saved;
  return { keptChanged: [...keptChanged], keptTooLarge: [...keptTooLarge], outdated: [...outdated] };
}

/** The error for an item that DynamoDB will never take. */
function itemRefused(
  item: WireItem,
  { target: { spec, table }, migration }: { readonly target: Target; readonly migration: Migration },
  reason: Error,
): ItemRefusedError {
  const source = keyText(ownerKeyOf(item, spec) ?? {}, migration.source.key);
  return new ItemRefusedError(
    `DynamoDB refuses item ${keyText(item, spec.tableKey)} of table ${table.name}, made from ${migration.nouns.item} ${source}, for good (${shorten(reason.message, 500)}). The run cannot be completed. Correct the source item or the transform.`,
    undefined,
    { cause: reason },
  );
}
