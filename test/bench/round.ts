import { fileURLToPath } from 'node:url';
import { type Ceiling, type CeilingShape, scanCeiling, writeCeiling } from './ceiling.ts';
import type { CeilingResult } from './ceiling-module.ts';
import { type Host, startHost } from './host.ts';
import { measure, type Sample, sumOfSamples } from './measurement.ts';
import { beginMigration, measureMap, sealAndCreate } from './migration.ts';
import { copyByPeer } from './peer.ts';
import { beginRestore } from './restore.ts';
import { runWhole } from './whole-run.ts';
import { sourceTable, type BenchWorld } from './world.ts';

/** The measurements, by what they are compared with. */
export type Name =
  | 'ceiling'
  | 'restoreCeiling'
  | 'scanCeiling'
  | 'backup'
  | 'transform'
  | 'migrate'
  | 'verify'
  | 'restore'
  /** The four stages of a run that touch items, together. */
  | 'stages'
  /** A backup and a restore, which copy a table as a peer does. */
  | 'copy'
  | 'byHand'
  /** Every state of the machine. */
  | 'wholeRun'
  | 'peer';

type HostName = 'ceiling' | 'backup' | 'transform' | 'migrate' | 'verify' | 'restore' | 'byHand';

/** Processes of one size: warm after the first pass, as a Lambda's sandboxes are. */
export interface Bench {
  readonly world: BenchWorld;
  readonly products: number;
  readonly workers: number;
  readonly hosts: Readonly<Record<HostName, readonly Host[]>>;
  readonly shape: CeilingShape;
  /** Command that copies the source with another tool. */
  readonly peer: string | undefined;
}

/** A whole run of more takes minutes, and is no other. */
const MOST_FOR_WHOLE_RUN = 10_000;

const moduleOf = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

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
    backup: await functionHosts('backupProducts'),
    transform: await functionHosts('transformProducts'),
    migrate: await functionHosts('migrateProductsEnhanced'),
    verify: await functionHosts('verifyMigration'),
    restore: await functionHosts('restoreFromBackup'),
    byHand: byHand ? [await moduleHost('by-hand-module')] : [],
  };
}

/** Who measures the engine itself. */
export const ceilingOf = ({
  world,
  hosts,
  products,
}: Pick<Bench, 'world' | 'hosts' | 'products'>): Ceiling => ({
  world,
  products,
  hosts: hosts.ceiling,
});

/** One pass of everything, on tables of its own. */
export async function runRound(bench: Bench): Promise<ReadonlyMap<Name, Sample>> {
  const { world, shape, hosts, peer } = bench;
  const ceiling = ceilingOf(bench);
  await world.clean();
  const samples = new Map<Name, Sample>();
  samples.set('ceiling', await writeCeiling(ceiling, { items: 'targets', ...shape }));
  samples.set('scanCeiling', await scanCeiling(ceiling));
  const stages = await runStages(bench);
  for (const [name, sample] of stages) samples.set(name, sample);
  samples.set('stages', { ...sumOfSamples([...stages.values()]), items: bench.products });
  await world.clean();
  samples.set('restoreCeiling', await writeCeiling(ceiling, { items: 'products', ...shape }));
  const restored = await restoreNewest(bench);
  samples.set('restore', restored);
  const backedUp = stages.get('backup') ?? restored;
  samples.set('copy', { ...sumOfSamples([backedUp, restored]), items: restored.items });
  await world.clean();
  if (hosts.byHand.length > 0) {
    samples.set('byHand', await byHand(bench));
    if (bench.products <= MOST_FOR_WHOLE_RUN) samples.set('wholeRun', await runWhole(world, bench.products));
  }
  if (peer !== undefined) samples.set('peer', await copyByPeer(world, peer));
  return samples;
}

/** The stages of a migration that touch items, in their order. */
async function runStages({ world, hosts, workers }: Bench): Promise<ReadonlyMap<Name, Sample>> {
  const run = await beginMigration(world, workers);
  const { segments, shards } = run.plan;
  const backup = await measureMap(run, hosts.backup, { functionKey: 'backupProducts', indexes: segments });
  const transforming = { functionKey: 'transformProducts', indexes: shards };
  const transform = await measureMap(run, hosts.transform, transforming);
  await sealAndCreate(world, run);
  const migrating = { functionKey: 'migrateProductsEnhanced', indexes: shards };
  const migrate = await measureMap(run, hosts.migrate, migrating);
  const verify = await measureMap(run, hosts.verify, {
    functionKey: 'verifyMigration',
    indexes: segments,
    wrap: (worker) => ({ action: 'scan', worker }),
  });
  return new Map<Name, Sample>([
    ['backup', backup],
    ['transform', transform],
    ['migrate', migrate],
    ['verify', verify],
  ]);
}

async function restoreNewest({ world, hosts }: Bench): Promise<Sample> {
  const restore = await beginRestore(world);
  return measureMap(restore, hosts.restore, {
    functionKey: 'restoreFromBackup',
    indexes: restore.plan.shards,
    wrap: (worker) => ({ action: 'restore', worker }),
  });
}

async function byHand({ world, hosts }: Bench): Promise<Sample> {
  const targetTable = 'by-hand';
  await world.createTable(targetTable, 'targets');
  const payloads = [{ url: world.engineUrl, sourceTable, targetTable }];
  const itemsOf = ([answer]: readonly unknown[]): number => (answer as CeilingResult).items;
  const sample = await measure({ hosts: hosts.byHand, payloads, itemsOf });
  await world.clean();
  return sample;
}
