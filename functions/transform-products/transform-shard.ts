import { fileStem, runLayout, targetFileKey } from '../shared/files/layout.ts';
import { shardFilesOfRun } from '../shared/files/run-files.ts';
import { createTargetFileWriter, type TargetFileWriter } from '../shared/files/target-file.ts';
import type { PutOptions } from '../shared/aws/object-store.ts';
import type { BackupFile } from '../shared/ledger/file.ts';
import { type Run, tablePrefixOf } from '../shared/ledger/run.ts';
import {
  listTransformed,
  TRANSFORM_COUNTERS,
  type TransformedFile,
  transformedPut,
} from '../shared/ledger/transformed-file.ts';
import type { TransactItem } from '../shared/ledger/transact.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { catalogueTable } from '../migrations/shop/tables/target-tables.ts';
import { transformContext } from '../migrations/shop/transform-context.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { proveAgain } from './prove-again.ts';
import { type FileTransform, MAX_SAMPLES, transformFile } from './transform-file.ts';

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
export const rehearseShard = shardWorker({ keepsTargets: false });

function shardWorker(kind: { readonly keepsTargets: boolean }) {
  return (runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> => {
    let own: ShardFiles | undefined;
    return takeTurn<FilesCursor>(
      runtime,
      { input, turn },
      {
        state: 'TransformProducts',
        basis: basisOf,
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

/** A making of the target files; an applied plan's files are proved again by each execution. */
const basisOf = (run: Run): string =>
  run.plannedAt === undefined ? `${makingOf(run)}` : `${makingOf(run)} ${run.executionArn}`;

const makingOf = ({ targetMaking = 0 }: Run): number => targetMaking;

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
  const stem = fileStem(file.key);
  const folder = { runId: run.runId, making: makingOf(run), table: targetName(runtime, run) };
  const options = { deadline: turn.saveDeadline, beforeAttempt: () => turn.fence.check() };
  const keyOf = (part: number): string => targetFileKey(folder, stem, part);
  const writer = keepsTargets
    ? createTargetFileWriter({ objects: runtime.objects, keyOf, options })
    : undefined;
  const transform = await transformFile(runtime.objects, file, { ...contextOf(run), writer });
  const record = await recordOf({ file, transform, writer, folder });
  await storeQuarantine(scope, options, { stem, lines: transform.quarantine });
  return { record, also: keepsTargets ? [transformedPut(runtime.ledger, run.runId, record)] : [] };
}

/** Expired is what was so when the run began, so that a second look counts the same. */
function contextOf(run: Run) {
  const nowSeconds = Date.parse(run.startedAt) / 1_000;
  return {
    context: transformContext(run),
    expiry: { attributeName: run.plan.timeToLiveAttribute, nowSeconds },
  };
}

const targetName = (runtime: Runtime, run: Run): string =>
  tableName(catalogueTable, tablePrefixOf(runtime, run));

interface Transformed {
  readonly file: BackupFile;
  readonly transform: FileTransform;
  readonly writer: TargetFileWriter | undefined;
  readonly folder: { readonly making: number; readonly table: string };
}

async function recordOf({ file, transform, writer, folder }: Transformed): Promise<TransformedFile> {
  const { counts, source, quarantined, expected } = transform;
  const parts = (await writer?.finish()) ?? [];
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  const { count: itemCount } = expected;
  const { segment, sequence } = file;
  const { making, table } = folder;
  const writeUnits = counts.writeUnitsExpected;
  const target = { table, parts, itemCount, bytes, writeUnits, digest: expected };
  return { segment, sequence, making, counts, source, quarantined, targets: [target] };
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
  const key = runLayout.quarantine(turn.run.runId, stem);
  await runtime.objects.put(key, lines, { contentType: 'application/x-ndjson', ...options });
}

/** The shard's totals with one more file. `items` counts products too: what a reader of any shard looks at. */
function addFile(
  progress: Progress<FilesCursor>,
  { counts, source, quarantined: more, targets }: TransformedFile,
): Pick<Progress<FilesCursor>, 'counters' | 'digests' | 'quarantined'> {
  const { counters, digests, quarantined = [] } = progress;
  const sums = TRANSFORM_COUNTERS.map((name) => [name, (counters[name] ?? 0) + counts[name]] as const);
  const expected = targets.map(({ digest }) => digest);
  return {
    counters: { ...Object.fromEntries(sums), items: (counters['items'] ?? 0) + counts.products },
    digests: {
      source: combineDigests([digests['source'] ?? EMPTY_DIGEST, source]),
      expected: combineDigests([digests['expected'] ?? EMPTY_DIGEST, ...expected]),
    },
    quarantined: [...quarantined, ...more].slice(0, MAX_SAMPLES),
  };
}
