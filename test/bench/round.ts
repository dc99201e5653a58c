import { fileURLToPath } from 'node:url';
import type { CeilingOrder, CeilingResult } from './ceiling-module.ts';
import { type Host, startHost } from './host.ts';
import { measure, type Sample } from './measurement.ts';
import { beginMigration, measureMap, sealAndCreate } from './migration.ts';
import { beginRestore } from './restore.ts';
import { sourceTable, type BenchWorld } from './world.ts';

/** The measurements, by what they are compared with. */
export type Name = 'ceiling' | 'scanCeiling' | 'migrate' | 'backup' | 'verify' | 'restore' | 'byHand';

/** Processes of one size: warm after the first pass, as a Lambda's sandboxes are. */
export interface Bench {
  readonly world: BenchWorld;
  readonly products: number;
  readonly workers: number;
  readonly hosts: Readonly<Record<Exclude<Name, 'scanCeiling'>, readonly Host[]>>;
  /** Requests in flight of one worker of the ceiling. */
  readonly inFlight: number;
}

const moduleOf = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));
const ceilingTable = 'ceiling';
/** More requests than these are too many to be held in memory: they are sent again, with other keys. */
const maxCeilingProducts = 10_000;

/** Processes for every measurement. */
export async function startHosts(
  world: BenchWorld,
  { workers, byHand }: { readonly workers: number; readonly byHand: boolean },
): Promise<Bench['hosts']> {
  const numbers = Array.from({ length: workers }, (_, index) => index + 1);
  const functionHosts = (key: string): Promise<Host[]> =>
    Promise.all(numbers.map((number) => world.hostFunction(key, number)));
  const moduleHost = (name: string): Promise<Host> =>
    startHost({ modulePath: moduleOf(name), exportName: 'handler', env: {} });
  return {
    ceiling: await Promise.all(numbers.map(() => moduleHost('ceiling-module'))),
    migrate: await functionHosts('migrateProductsEnhanced'),
    backup: await functionHosts('backupProducts'),
    verify: await functionHosts('verifyMigration'),
    restore: await functionHosts('restoreFromBackup'),
    byHand: byHand ? [await moduleHost('by-hand-module')] : [],
  };
}

const sumItems = (answers: readonly unknown[]): number =>
  answers.reduce<number>((sum, answer) => sum + (answer as CeilingResult).items, 0);
const sumRequests = (answers: readonly unknown[]): number =>
  answers.reduce<number>((sum, answer) => sum + (answer as CeilingResult).requests, 0);

async function order(hosts: readonly Host[], orderOf: (worker: number) => CeilingOrder): Promise<Sample> {
  let requests = 0;
  const itemsOf = (answers: readonly unknown[]): number => {
    requests = sumRequests(answers);
    return sumItems(answers);
  };
  const payloads = hosts.map((_, worker) => orderOf(worker));
  // One order a host: each has requests of its own.
  const samples = await measure({ hosts, payloads, itemsOf });
  return { ...samples, requests };
}

/** Encodes what the ceiling sends; not measured. */
export async function encodeCeiling(bench: Omit<Bench, 'inFlight'>, products: number): Promise<void> {
  const { world, workers, hosts } = bench;
  const url = world.engineUrl;
  await order(hosts.ceiling, (worker) => ({
    action: 'encode',
    url,
    tableName: ceilingTable,
    products: Math.min(products, maxCeilingProducts),
    workers,
    worker,
  }));
}

/** (a) Requests made beforehand, over raw sockets; as many as a migration of the products sends. */
export async function writeCeiling(
  { world, hosts }: Pick<Bench, 'world' | 'hosts'>,
  { inFlight, products }: { readonly inFlight: number; readonly products: number },
): Promise<Sample> {
  await world.createTable(ceilingTable);
  const passes = Math.max(1, Math.round(products / maxCeilingProducts));
  const url = world.engineUrl;
  const sample = await order(hosts.ceiling, () => ({ action: 'write', url, inFlight, passes }));
  await world.clean();
  return sample;
}

/** A parallel Scan that drops what it reads. */
function scanCeiling({ world, hosts, workers }: Bench): Promise<Sample> {
  return order(hosts.ceiling, (segment) => ({
    action: 'scan',
    url: world.engineUrl,
    tableName: sourceTable,
    segment,
    totalSegments: workers,
  }));
}

async function byHand({ world, hosts }: Bench): Promise<Sample> {
  const targetTable = 'by-hand';
  await world.createTable(targetTable);
  const payloads = [{ url: world.engineUrl, sourceTable, targetTable }];
  const sample = await measure({ hosts: hosts.byHand, payloads, itemsOf: sumItems });
  await world.clean();
  return sample;
}

/** One pass of everything, on tables of its own. */
export async function runRound(bench: Bench): Promise<ReadonlyMap<Name, Sample>> {
  const { world, hosts, workers } = bench;
  await world.clean();
  const samples = new Map<Name, Sample>();
  samples.set('ceiling', await writeCeiling(bench, bench));
  samples.set('scanCeiling', await scanCeiling(bench));
  const run = await beginMigration(world, workers);
  const { segments, shards } = run.plan;
  samples.set(
    'backup',
    await measureMap(run, hosts.backup, { functionKey: 'backupProducts', indexes: segments }),
  );
  await sealAndCreate(world, run);
  const migrating = { functionKey: 'migrateProductsEnhanced', indexes: shards };
  samples.set('migrate', await measureMap(run, hosts.migrate, migrating));
  const verifying = {
    functionKey: 'verifyMigration',
    indexes: segments,
    wrap: (worker: object) => ({ action: 'scan', worker }),
  };
  samples.set('verify', await measureMap(run, hosts.verify, verifying));
  await world.clean();
  const restore = await beginRestore(world);
  const restoring = {
    functionKey: 'restoreFromBackup',
    indexes: restore.plan.shards,
    wrap: (worker: object) => ({ action: 'restore', worker }),
  };
  samples.set('restore', await measureMap(restore, hosts.restore, restoring));
  await world.clean();
  if (hosts.byHand.length > 0) samples.set('byHand', await byHand(bench));
  return samples;
}
