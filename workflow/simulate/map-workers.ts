import { fileLimits } from '../../functions/shared/files/data-file.ts';
import { readUnitsPerWorker, writeUnitsPerWorker } from '../../functions/shared/cost/throughput.ts';
import {
  checkpointEveryMillis,
  checkpointMillis,
  digestedPerSecond,
  ledgerMillis,
  objectMillis,
  transformedPerSecond,
} from './pace-of-services.ts';
import type { SharedTable } from './shared-table.ts';
import type { World } from './world.ts';

/** A worker's place in its segment or shard: what the ledger's checkpoint holds. */
export interface Cursor {
  /** Units, products or files done, as the state counts. */
  done: number;
  /** Of a state that reads two tables side by side: units of the second one. */
  beside: number;
}

/** Works at one shard until it is finished or the deadline has come. */
export type MapWorker = (world: World, cursor: Cursor, deadline: number, shard: number) => Promise<boolean>;

const readUnitBytes = 4_096;

/** Products of one file: the first limit that is reached. */
export function productsPerFile({ plan, shape }: World): number {
  const limits = fileLimits(plan.itemsPerFile);
  return Math.floor(
    Math.min(limits.items, limits.gzipBytes / shape.gzipBytes, limits.bytes / shape.lineBytes),
  );
}

const segmentProducts = ({ scenario, plan }: World): number => scenario.products / plan.segments.length;

/** Files of the whole backup: every segment's last one is not full. */
export function filesOf(world: World): number {
  return world.plan.segments.length * Math.ceil(segmentProducts(world) / productsPerFile(world));
}

/** As many as `filesOfShard` gives of files that are about the same size. */
export function shardFiles(world: World, shard: number): number {
  return Math.ceil((filesOf(world) - shard) / world.plan.shards.length);
}

const share = (cap: number, own: number, { plan }: World): number =>
  cap === 0 ? own : Math.min(own, cap / plan.workers);

/** Rounding: less than a product. */
const least = 1e-3;

/** Moves units through a table until all are done or time is up; gives what is left of them. */
async function move(
  table: SharedTable,
  flow: { readonly units: number; readonly perSecond: number; readonly until: number },
): Promise<number> {
  const left = flow.units - (await table.transfer(flow));
  return left < least ? 0 : left;
}

/** Units a second with a pause for each file of so many units. */
function withPauses(perSecond: number, unitsPerFile: number, pauseMillis: number): number {
  return unitsPerFile / (unitsPerFile / perSecond + pauseMillis / 1_000);
}

/** Scan, upload, note, checkpoint; short of time, what has been read becomes a smaller file. */
const backUp: MapWorker = async (world, cursor, deadline) => {
  const { clock, meters, plan, shape } = world;
  const unitsPerProduct = shape.sourceBytes / readUnitBytes;
  const unitsPerFile = productsPerFile(world) * unitsPerProduct;
  const total = segmentProducts(world) * unitsPerProduct;
  const own = withPauses(readUnitsPerWorker, unitsPerFile, objectMillis + 2 * ledgerMillis);
  const perSecond = share(plan.readUnitsPerSecond, own, world);
  const left = await move(world.source, { units: total - cursor.done, perSecond, until: deadline });
  const files = Math.ceil((total - left - cursor.done) / unitsPerFile - least);
  cursor.done = total - left;
  meters.putRequests += files;
  meters.files += files;
  meters.ledgerWriteUnits += 4 * files;
  await clock.sleep(objectMillis + 2 * ledgerMillis);
  return left === 0;
};

/** File by file; a file that has been begun is finished. */
const rehearse: MapWorker = async (world, cursor, deadline, shard) => {
  const { clock, meters, scenario } = world;
  const files = shardFiles(world, shard);
  const productsInFile = scenario.products / filesOf(world);
  while (cursor.done < files) {
    meters.getRequests += 1;
    meters.ledgerWriteUnits += 3;
    await clock.sleep(objectMillis + (productsInFile / transformedPerSecond) * 1_000 + ledgerMillis);
    cursor.done += 1;
    if (clock.now() >= deadline) break;
  }
  return cursor.done >= files;
};

/** The writer's pauses at its checkpoints, as a part of the time. */
const writingPart = checkpointEveryMillis / (checkpointEveryMillis + checkpointMillis);

/** Products of the files, written with checkpoints inside a file. */
const migrate: MapWorker = async (world, cursor, deadline, shard) => {
  const { clock, meters, plan, scenario, shape } = world;
  const unitsPerFile = (scenario.products / filesOf(world)) * shape.writeUnits;
  const total = shardFiles(world, shard) * unitsPerFile;
  const own = withPauses(writeUnitsPerWorker * writingPart, unitsPerFile, objectMillis);
  const perSecond = share(plan.writeUnitsPerSecond, own, world);
  const before = clock.now();
  const left = await move(world.targetWrites, { units: total - cursor.done, perSecond, until: deadline });
  meters.getRequests += Math.ceil((total - left - cursor.done) / unitsPerFile - least);
  meters.ledgerWriteUnits += 3 * Math.ceil((clock.now() - before) / checkpointEveryMillis);
  cursor.done = total - left;
  await clock.sleep(checkpointMillis);
  return left === 0;
};

/** A product's entry in the table that a verifier holds of its segment: 17 bytes, half of the slots empty, powers of two. */
export const verifierBytes = (world: World): number =>
  17 * 2 ** Math.ceil(Math.log2(2 * segmentProducts(world)));

/** Reads its segment's part of the backup, then scans the segment of target and source side by side. */
const verify: MapWorker = async (world, cursor, deadline) => {
  const { clock, plan, scenario, shape, meters } = world;
  const files = filesOf(world) / plan.segments.length;
  meters.getRequests += files;
  const before = clock.now();
  await clock.sleep(files * objectMillis + (segmentProducts(world) / digestedPerSecond) * 1_000);
  meters.preparingSeconds = Math.max(meters.preparingSeconds, (clock.now() - before) / 1_000);
  const part = scenario.products / plan.segments.length / readUnitBytes;
  const target = { units: part * shape.targetBytes - cursor.done, perSecond: readUnitsPerWorker };
  const own = share(plan.readUnitsPerSecond, readUnitsPerWorker, world);
  const source = { units: part * shape.sourceBytes - cursor.beside, perSecond: own };
  const [targetLeft, sourceLeft] = await Promise.all([
    move(world.targetReads, { ...target, until: deadline }),
    move(world.source, { ...source, until: deadline }),
  ]);
  meters.ledgerWriteUnits += 3 * Math.ceil((clock.now() - before) / checkpointEveryMillis);
  cursor.done += target.units - targetLeft;
  cursor.beside += source.units - sourceLeft;
  return targetLeft === 0 && sourceLeft === 0;
};

/** Asks for every key of every product, 100 at a time; an item costs at least one unit. */
const compare: MapWorker = async (world, cursor, deadline, shard) => {
  const { scenario, shape, plan } = world;
  const products = (scenario.products / filesOf(world)) * shardFiles(world, shard);
  const total = products * (shape.targetItems + 1);
  const perSecond = share(plan.readUnitsPerSecond, readUnitsPerWorker, world);
  const left = await move(world.targetReads, { units: total - cursor.done, perSecond, until: deadline });
  cursor.done = total - left;
  return left === 0;
};

/** The workers by the state that calls them. */
export const mapWorkers: Readonly<Record<string, MapWorker>> = {
  BackupSegment: backUp,
  TransformShard: rehearse,
  MigrateShard: migrate,
  VerifySegment: verify,
  CompareShard: compare,
};

/** States that list the files of the backup at the beginning of each turn. */
export const readsFiles: ReadonlySet<string> = new Set(['TransformShard', 'MigrateShard', 'CompareShard']);
