import type { CeilingItems, CeilingOrder, CeilingResult } from './ceiling-module.ts';
import type { Host } from './host.ts';
import { measure, median, type Sample } from './measurement.ts';
import { type BenchWorld, sourceTable } from './world.ts';

/** Who measures what the engine itself can do. */
export interface Ceiling {
  readonly world: BenchWorld;
  readonly hosts: readonly Host[];
  readonly products: number;
}

/** With how many workers the engine is fastest, and how many requests each of them has in flight. */
export interface CeilingShape {
  readonly workers: number;
  readonly inFlight: number;
}

/** More requests than these are too many to be held in memory: they are sent again, with other keys. */
const MAX_ENCODED_PRODUCTS = 10_000;
const TRIED_PRODUCTS = 1_000;
const TRIED_IN_FLIGHT = [1, 2, 4, 8, 16];
const TRIED_PASSES = 3;
const TABLES: Readonly<Record<CeilingItems, string>> = {
  targets: 'ceiling',
  products: 'restore-ceiling',
};

/** The fastest of what was tried on a few products: one worker and all of them, each with few requests and with many. */
export async function bestShape({ world, hosts, products }: Ceiling): Promise<CeilingShape> {
  const tried: (CeilingShape & { readonly itemsPerSecond: number })[] = [];
  const few = { world, hosts, products: Math.min(TRIED_PRODUCTS, products) };
  for (const workers of new Set([1, hosts.length])) {
    await encodeCeiling(few, { items: 'targets', workers });
    await writeCeiling(few, { items: 'targets', workers, inFlight: 4 });
    for (const inFlight of TRIED_IN_FLIGHT) {
      const shape = { workers, inFlight };
      tried.push({ ...shape, itemsPerSecond: await speedOf(few, shape) });
    }
  }
  const [best] = tried.toSorted((one, other) => other.itemsPerSecond - one.itemsPerSecond);
  return { workers: best?.workers ?? 1, inFlight: best?.inFlight ?? 1 };
}

async function speedOf(ceiling: Ceiling, shape: CeilingShape): Promise<number> {
  const speeds: number[] = [];
  for (let pass = 0; pass < TRIED_PASSES; pass += 1) {
    const { items, seconds } = await writeCeiling(ceiling, { items: 'targets', ...shape });
    speeds.push(items / seconds);
  }
  return median(speeds);
}

/** Encodes what the ceiling sends; not measured. */
export async function encodeCeiling(
  ceiling: Ceiling,
  { items, workers }: { readonly items: CeilingItems; readonly workers: number },
): Promise<void> {
  const setOf = setsOf(ceiling, { items, workers });
  await give(ceiling.hosts.slice(0, workers), (worker) => ({ action: 'encode', ...setOf(worker) }));
}

/** Requests made beforehand, over raw sockets; as many as a migration, or a restore, of the products sends. */
export async function writeCeiling(
  ceiling: Ceiling,
  { items, workers, inFlight }: CeilingShape & { readonly items: CeilingItems },
): Promise<Sample> {
  const { world, hosts, products } = ceiling;
  await world.createTable(TABLES[items], items);
  const passes = Math.max(1, Math.round(products / MAX_ENCODED_PRODUCTS));
  const setOf = setsOf(ceiling, { items, workers });
  const sample = await give(hosts.slice(0, workers), (worker) => ({
    action: 'write',
    inFlight,
    passes,
    ...setOf(worker),
  }));
  await world.clean();
  return sample;
}

/** A parallel Scan that drops what it reads. */
export function scanCeiling({ world, hosts }: Ceiling): Promise<Sample> {
  return give(hosts, (segment) => ({
    action: 'scan',
    url: world.engineUrl,
    tableName: sourceTable,
    segment,
    totalSegments: hosts.length,
  }));
}

/** What each worker of a set of requests encodes and sends. */
function setsOf(
  { world, products }: Ceiling,
  { items, workers }: { readonly items: CeilingItems; readonly workers: number },
) {
  const common = { items, workers, url: world.engineUrl, tableName: TABLES[items] };
  return (worker: number) => ({ ...common, worker, products: Math.min(products, MAX_ENCODED_PRODUCTS) });
}

/** One order a host: each has requests of its own. */
async function give(hosts: readonly Host[], orderOf: (worker: number) => CeilingOrder): Promise<Sample> {
  const results: CeilingResult[] = [];
  const itemsOf = (answers: readonly unknown[]): number => {
    results.push(...(answers as readonly CeilingResult[]));
    return results.reduce((sum, { items }) => sum + items, 0);
  };
  const sample = await measure({ hosts, payloads: hosts.map((_, worker) => orderOf(worker)), itemsOf });
  return { ...sample, requests: results.reduce((sum, { requests }) => sum + requests, 0) };
}
