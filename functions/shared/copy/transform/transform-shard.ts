import { MAX_SAMPLES } from '../../ledger/shard.ts';
import { fileStem, RUN_LAYOUT, targetFileKey } from '../../files/layout.ts';
import { shardFilesOfRun } from '../../files/run-files.ts';
import { createTargetFileWriter, type TargetFileWriter } from '../../files/target-file.ts';
import { absentClause } from '../../files/data-line.ts';
import type { PutOptions } from '../../aws/object-store.ts';
import type { BackupFile } from '../../ledger/file.ts';
import { isBulk, type Run } from '../../ledger/run.ts';
import { tablePrefixOf } from '../../ledger/run-settings.ts';
import {
  listTransformed,
  type TargetFile,
  type TransformedFile,
  transformedPut,
} from '../../ledger/transformed-file.ts';
import type { TransactItem } from '../../ledger/transact.ts';
import type { Runtime, Turn } from '../../runtime.ts';
import type { Progress } from '../checkpoint.ts';
import { type ShardTurn, takeTurn } from '../shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../../state.ts';
import { tableName } from '../../migration/table-spec.ts';
import { combineDigests, EMPTY_DIGEST } from '../../items/digest.ts';
import { transformContext } from '../../tables/transform-context.ts';
import { addTo } from '../load/load-window.ts';
import { makingOf, transformBasis } from './making.ts';
import { proveAgain } from './prove-again.ts';
import { type FileTransform, transformFile } from './transform-file.ts';

/** How many of the shard's files are done. */
interface FilesCursor {
  readonly filesDone: number;
}

/** A shard's part of the backup, and what has become of it already. */
interface ShardFiles {
  readonly files: readonly BackupFile[];
  /** By `<segment>-<sequence>`. */
  readonly transformed: ReadonlyMap<string, TransformedFile>;
}

/**
 * Transforms one shard of the backup: proves each of its files by reading it back, and in the same pass writes the
 * target files, which hold what will be written, line by line. A file whose target files this run has written is not
 * transformed again: they are proved.
 *
 * @throws BackupDamagedError naming the file and the damage, RunClosedError (neither retried).
 */
export const transformShard = shardWorker({ keepsTargets: true });

/** The same for a run that only backs up: every item is transformed, and no target file is written. */
export const transformWithoutFiles = shardWorker({ keepsTargets: false });

function shardWorker(kind: { readonly keepsTargets: boolean }) {
  return (runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> => {
    let own: ShardFiles | undefined;
    return takeTurn<FilesCursor>(
      runtime,
      { input, turn },
      {
        state: 'TransformProducts',
        basis: transformBasis,
        unit: async (shardTurn) => {
          own ??= await listOwn(runtime, shardTurn.run, input.shard);
          await nextFile({ runtime, turn: shardTurn, ...kind }, own);
        },
      },
    );
  };
}

async function listOwn(runtime: Runtime, run: Run, shard: number): Promise<ShardFiles> {
  const { runId } = run;
  const records = await listTransformed(runtime.ledger, { runId, making: makingOf(run) });
  return {
    files: await shardFilesOfRun(runtime, run, shard),
    transformed: new Map(records.map((record) => [`${record.segment}-${record.sequence}`, record])),
  };
}

interface TransformScope {
  readonly runtime: Runtime;
  readonly turn: ShardTurn<FilesCursor>;
  readonly keepsTargets: boolean;
}

async function nextFile(scope: TransformScope, { files, transformed }: ShardFiles): Promise<void> {
  const { runtime, turn } = scope;
  const filesDone = turn.progress.cursor?.filesDone ?? 0;
  const file = files[filesDone];
  if (file === undefined) return turn.save({ ...turn.progress, cursor: undefined, done: true });
  await turn.fence.check();
  const known = transformed.get(fileStem(file.key));
  if (known !== undefined) await proveAgain(runtime.objects, file, known);
  const { record, also } =
    known === undefined ? await transformNext(scope, file) : { record: known, also: [] };
  const done = filesDone + 1 === files.length;
  const cursor = done ? undefined : { filesDone: filesDone + 1 };
  await turn.save({ ...addFile(turn.progress, record), done, cursor }, also);
}

/** Everything about the file that the checkpoint adds up, and what is saved with it. */
async function transformNext(
  scope: TransformScope,
  file: BackupFile,
): Promise<{ readonly record: TransformedFile; readonly also: readonly TransactItem[] }> {
  const { runtime, turn, keepsTargets } = scope;
  const { run } = turn;
  const options = { deadline: turn.saveDeadline, beforeAttempt: () => turn.fence.check() };
  const writers = keepsTargets ? writersOf(scope, file, options) : new Map<string, TargetFileWriter>();
  const { migration } = runtime;
  const context = { migration, ...contextOf(runtime, run), writers };
  const transform = await transformFile(runtime.objects, file, context);
  const { counts, kinds, source, quarantined } = transform;
  const targets = await targetsOf(scope, transform, writers);
  await storeQuarantine(scope, options, { stem: fileStem(file.key), lines: transform.quarantine });
  const { segment, sequence } = file;
  const record = { segment, sequence, making: makingOf(run), counts, kinds, source, quarantined, targets };
  return { record, also: keepsTargets ? [transformedPut(runtime.ledger, run.runId, record)] : [] };
}

/** Expired is what was so when the run began, so that a second look counts the same. */
function contextOf(runtime: Runtime, run: Run) {
  const nowSeconds = Date.parse(run.startedAt) / 1_000;
  return {
    context: transformContext(runtime, run),
    expiry: { attributeName: run.plan.timeToLiveAttribute, nowSeconds },
  };
}

/** Writers of the tables that get items, by the tables' names in the definition. */
function writersOf(
  { runtime, turn: { run } }: TransformScope,
  file: BackupFile,
  options: PutOptions,
): ReadonlyMap<string, TargetFileWriter> {
  const { objects, migration } = runtime;
  return new Map(
    migration.filled.map((spec) => {
      const table = tableName(spec, tablePrefixOf(runtime, run));
      const folder = { runId: run.runId, making: makingOf(run), table };
      const keyOf = (part: number): string => targetFileKey(folder, fileStem(file.key), part);
      const clause = isBulk(run) ? absentClause(spec.tableKey[0]?.name ?? '') : '';
      return [spec.name, createTargetFileWriter({ objects, keyOf, options, clause })] as const;
    }),
  );
}

/** What the file has become in each table, once its last part is stored. */
async function targetsOf(
  { runtime, turn: { run } }: TransformScope,
  { expected }: FileTransform,
  writers: ReadonlyMap<string, TargetFileWriter>,
): Promise<readonly TargetFile[]> {
  const targets: TargetFile[] = [];
  for (const spec of runtime.migration.filled) {
    const parts = (await writers.get(spec.name)?.finish()) ?? [];
    const { digest, writeUnits } = expected.get(spec.name) ?? { digest: EMPTY_DIGEST, writeUnits: 0 };
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const table = tableName(spec, tablePrefixOf(runtime, run));
    targets.push({ table, parts, itemCount: digest.count, bytes, writeUnits, digest });
  }
  return targets;
}

/**
 * An empty list is written only where another may be there: when target files are made again, the code may have
 * changed, and with it what is refused.
 */
async function storeQuarantine(
  { runtime, turn }: TransformScope,
  options: PutOptions,
  { stem, lines }: { readonly stem: string; readonly lines: string },
): Promise<void> {
  if (lines === '' && makingOf(turn.run) === 0) return;
  const key = RUN_LAYOUT.quarantine(turn.run.runId, stem);
  await runtime.objects.put(key, lines, { contentType: 'application/x-ndjson', ...options });
}

/** The shard's totals with one more file. `items` counts products too: what a reader of any shard looks at. */
function addFile(
  progress: Progress<FilesCursor>,
  { counts, kinds, source, quarantined: more, targets }: TransformedFile,
): Pick<Progress<FilesCursor>, 'counters' | 'digests' | 'quarantined'> {
  const { counters, digests, quarantined = [] } = progress;
  const sums = { ...counters };
  addTo(sums, { ...counts, ...kinds, items: counts.products });
  const expected = targets.map(({ digest }) => digest);
  return {
    counters: sums,
    digests: {
      source: combineDigests([digests['source'] ?? EMPTY_DIGEST, source]),
      expected: combineDigests([digests['expected'] ?? EMPTY_DIGEST, ...expected]),
    },
    quarantined: [...quarantined, ...more].slice(0, MAX_SAMPLES),
  };
}
