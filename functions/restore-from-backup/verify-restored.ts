import { readManifest } from '../shared/files/backup-catalog.ts';
import type { MigrationManifest } from '../shared/files/manifests.ts';
import { readItems } from '../shared/files/read-file.ts';
import { keyOfDescription } from '../shared/aws/table-description.ts';
import { isThrottle, retry } from '../shared/retry.ts';
import type { Runtime, Turn } from '../shared/runtime.ts';
import { openScan, pagesOf, type ScanPosition, turnScope } from '../shared/copy/scan.ts';
import { type ShardTurn, takeTurn } from '../shared/copy/shard-turn.ts';
import type { WorkerInput, WorkerOutput } from '../shared/state.ts';
import { canonicalJson } from '../shared/items/canonical-json.ts';
import { createDigestSum } from '../shared/items/digest.ts';
import { keyIdentity, keyOf, keyText, type TableKey } from '../shared/items/item-key.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { verifyRestoreVersion } from './judge-restore.ts';
import { orderOf } from './payloads.ts';
import { fileGroups } from './restore-files.ts';
import { modeOf } from './restore-mode.ts';

/** A new table: where the Scan goes on. An existing one: how many of the shard's files are compared. */
interface VerifyCursor {
  readonly position?: ScanPosition;
  readonly filesDone?: number;
}

type VerifyTurn = ShardTurn<VerifyCursor>;

interface Meter {
  throttles: number;
}

const countThrottle =
  (meter: Meter) =>
  (error: unknown): void => {
    if (isThrottle(error)) meter.throttles += 1;
  };

/** A turn that dies repeats at most what it read in this time. */
const checkpointMillis = 15_000;

/** Digests one segment of the new table; the sum over all segments must be the backup's. */
async function digestSegment(runtime: Runtime, shard: number, turn: VerifyTurn): Promise<void> {
  const { counters, digests, cursor } = turn.progress;
  const digest = createDigestSum(digests['target']);
  const meter = { readUnits: counters['readUnits'] ?? 0, throttles: counters['throttles'] ?? 0 };
  const { targetTable: tableName } = orderOf(turn.run);
  const segment = { tableName, segment: shard, totalSegments: turn.run.plan.shards.length };
  const scan = openScan(turnScope(runtime, turn, meter), segment, cursor?.position);
  const checkpointAt = Math.min(turn.clock.now() + checkpointMillis, turn.deadline);
  for await (const page of pagesOf(scan)) {
    for (const item of page) digest.add(item);
    if (turn.clock.now() >= checkpointAt) break;
  }
  const target = digest.value();
  const done = scan.position.isDone;
  await turn.save({
    done,
    cursor: done ? undefined : { position: scan.position },
    counters: { ...meter, items: target.count, found: target.count },
    digests: { target },
  });
}

const keysAtOnce = 100;
const maxSamples = 20;

interface Comparison {
  found: number;
  missing: number;
  different: number;
  readUnits: number;
  throttles: number;
}

/** Everything that stands under these keys, however often DynamoDB has to be asked. */
async function getAll(
  runtime: Runtime,
  turn: VerifyTurn,
  wanted: { tableName: string; keys: readonly WireItem[]; counts: Comparison },
) {
  const items: WireItem[] = [];
  let keys = wanted.keys;
  while (keys.length > 0) {
    const asked = keys;
    const page = await retry(
      { clock: turn.clock, deadline: turn.deadline, onRetry: countThrottle(wanted.counts) },
      () => runtime.items.batchGet(wanted.tableName, asked),
    );
    items.push(...page.items);
    wanted.counts.readUnits += page.readUnits;
    keys = page.unprocessedKeys;
  }
  return items;
}

async function compareItems(
  runtime: Runtime,
  turn: VerifyTurn,
  wanted: {
    tableName: string;
    key: TableKey;
    items: readonly WireItem[];
    counts: Comparison;
    named: Record<'missing' | 'presentDifferent', string[]>;
  },
): Promise<void> {
  const { tableName, key, items, counts, named } = wanted;
  const name = (kind: keyof typeof named, item: WireItem): void => {
    if (named[kind].length < maxSamples) named[kind].push(keyText(item, key));
  };
  const textOf = (item: WireItem): string => keyIdentity(item, key);
  const keys = items.map((item) => keyOf(item, key));
  const existing = new Map(
    (await getAll(runtime, turn, { tableName, keys, counts })).map((item) => [textOf(item), item]),
  );
  for (const item of items) {
    const found = existing.get(textOf(item));
    if (found === undefined) {
      counts.missing += 1;
      name('missing', item);
      continue;
    }
    counts.found += 1;
    if (canonicalJson(found) === canonicalJson(item)) continue;
    counts.different += 1;
    name('presentDifferent', item);
  }
}

/** Looks up every key of one file in the existing table: what was missing must be there now. */
async function compareFile(
  runtime: Runtime,
  { shard, manifest: { table, files } }: { readonly shard: number; readonly manifest: MigrationManifest },
  turn: VerifyTurn,
): Promise<void> {
  const { targetTable } = orderOf(turn.run);
  const own = fileGroups(files, { shard, shardCount: turn.run.plan.shards.length }).flat();
  const filesDone = turn.progress.cursor?.filesDone ?? 0;
  const file = own[filesDone];
  if (file === undefined) return turn.save({ ...turn.progress, cursor: undefined, done: true });
  const {
    found = 0,
    missing: lost = 0,
    different = 0,
    readUnits = 0,
    throttles = 0,
  } = turn.progress.counters;
  const counts: Comparison = { found, missing: lost, different, readUnits, throttles };
  const { missing = [], presentDifferent = [] } = turn.progress.samples ?? {};
  const named = { missing: [...missing], presentDifferent: [...presentDifferent] };
  const compare = { tableName: targetTable, key: keyOfDescription(table), counts, named };
  let items: WireItem[] = [];
  for await (const item of readItems(runtime.objects, file)) {
    items.push(item);
    if (items.length < keysAtOnce) continue;
    await compareItems(runtime, turn, { ...compare, items });
    items = [];
  }
  await compareItems(runtime, turn, { ...compare, items });
  const done = filesDone + 1 === own.length;
  const cursor = done ? undefined : { filesDone: filesDone + 1 };
  await turn.save({
    done,
    cursor,
    counters: { ...counts, items: counts.found + counts.missing },
    digests: {},
    samples: named,
  });
}

/**
 * Verifies one shard of the restored table: one that this run has created by digest, any other key by key.
 *
 * @throws BackupDamagedError, RunClosedError; neither is retried. What differs is judged by CompleteRestore.
 */
export async function verifyRestored(
  runtime: Runtime,
  input: WorkerInput,
  turn: Turn,
): Promise<WorkerOutput> {
  let byDigest: boolean | undefined;
  let manifest: MigrationManifest | undefined;
  return takeTurn<VerifyCursor>(
    runtime,
    { input, turn },
    {
      state: 'VerifyRestore',
      basis: verifyRestoreVersion,
      unit: async (shardTurn) => {
        await shardTurn.fence.check();
        byDigest ??= (await modeOf(runtime, shardTurn.run)) === 'NEW';
        if (byDigest) return digestSegment(runtime, input.shard, shardTurn);
        manifest ??= await readManifest(runtime.objects, orderOf(shardTurn.run).backupId);
        return compareFile(runtime, { shard: input.shard, manifest }, shardTurn);
      },
    },
  );
}
