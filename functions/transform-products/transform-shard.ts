import { fileStem, runLayout } from '../shared/files/layout.ts';
import { filesOfShard } from '../shared/files/shard-files.ts';
import { type BackupFile, listFiles } from '../shared/ledger/file.ts';
import type { Run } from '../shared/ledger/run.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { type Progress, type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { codeVersion } from '../migrations/shop/code-version.ts';
import { transformContext } from '../migrations/shop/transform-context.ts';
import { combineDigests, EMPTY_DIGEST } from '../shared/items/digest.ts';
import { type FileTransform, maxSamples, transformFile, type RehearsalContext } from './transform-file.ts';

/** How many of the shard's files are done. */
interface FilesCursor {
  readonly filesDone: number;
}

const counterNames = [
  'products',
  'metadata',
  'variants',
  'quarantined',
  'expiring',
  'expired',
  'sourceBytes',
  'targetBytes',
  'writeUnitsExpected',
] as const;

/** The shard's totals with one more file. `items` counts products too: what a reader of any shard looks at. */
function addFile(
  progress: Progress<FilesCursor>,
  rehearsal: FileTransform,
): Pick<Progress<FilesCursor>, 'counters' | 'digests' | 'quarantined'> {
  const { counters, digests, quarantined = [] } = progress;
  const sums = counterNames.map((name) => [name, (counters[name] ?? 0) + rehearsal[name]] as const);
  return {
    counters: { ...Object.fromEntries(sums), items: (counters['items'] ?? 0) + rehearsal.products },
    digests: {
      source: combineDigests([digests['source'] ?? EMPTY_DIGEST, rehearsal.source]),
      expected: combineDigests([digests['expected'] ?? EMPTY_DIGEST, rehearsal.expected]),
    },
    quarantined: [...quarantined, ...rehearsal.quarantinedProducts].slice(0, maxSamples),
  };
}

/** A resumed run may have listed the file's products under other code: then an empty list replaces that one. */
function mayBeListed({ run }: ShardTurn<FilesCursor>): boolean {
  return run.resumed;
}

async function storeQuarantine(
  runtime: Runtime,
  turn: ShardTurn<FilesCursor>,
  found: { readonly file: BackupFile; readonly lines: string },
): Promise<void> {
  const key = runLayout.quarantine(turn.run.runId, fileStem(found.file.key));
  if (found.lines === '' && !mayBeListed(turn)) return;
  const options = {
    contentType: 'application/x-ndjson',
    deadline: turn.saveDeadline,
    beforeAttempt: () => turn.fence.check(),
  };
  await runtime.objects.put(key, found.lines, options);
}

/** Expired is what was so when the run began, so that a second look counts the same. */
function rehearsalContext(run: Run): RehearsalContext {
  const nowSeconds = Date.parse(run.startedAt) / 1_000;
  return {
    context: transformContext(run),
    expiry: { attributeName: run.plan.timeToLiveAttribute, nowSeconds },
  };
}

async function transformNext(
  runtime: Runtime,
  files: readonly BackupFile[],
  turn: ShardTurn<FilesCursor>,
): Promise<void> {
  const filesDone = turn.progress.cursor?.filesDone ?? 0;
  const file = files[filesDone];
  if (file === undefined) return turn.save({ ...turn.progress, cursor: undefined, done: true });
  await turn.fence.check();
  const rehearsal = await transformFile(runtime.objects, file, rehearsalContext(turn.run));
  await storeQuarantine(runtime, turn, { file, lines: rehearsal.quarantine });
  const done = filesDone + 1 === files.length;
  await turn.save({
    ...addFile(turn.progress, rehearsal),
    done,
    cursor: done ? undefined : { filesDone: filesDone + 1 },
  });
}

/**
 * Proves one shard of the backup: re-reads its files and transforms every product without writing. What was
 * rehearsed with other code counts for nothing and is rehearsed again.
 *
 * @throws BackupDamagedError naming the file and the damage, RunClosedError (neither retried).
 */
export function transformShard(runtime: Runtime, input: WorkerInput, turn: Turn): Promise<WorkerOutput> {
  let files: readonly BackupFile[] | undefined;
  return takeTurn<FilesCursor>(
    runtime,
    { input, turn },
    {
      state: 'TransformProducts',
      codeVersion: codeVersion(),
      isTiedToCode: true,
      unit: async (shardTurn) => {
        const shardCount = shardTurn.run.plan.shards.length;
        files ??= filesOfShard(await listFiles(runtime.ledger, input.runId), {
          shard: input.shard,
          shardCount,
        });
        await transformNext(runtime, files, shardTurn);
      },
    },
  );
}
