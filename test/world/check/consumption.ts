import { ledgerItems } from '../holdings.ts';
import type { Strike } from '../misfortunes.ts';
import type { World } from '../world.ts';
import type { Charged } from './meter.ts';
import type { Shown } from './going-back.ts';
import { reportOf } from './report.ts';

/** Misfortunes after which work is done again that no checkpoint and no report counts. */
const REPEATING: ReadonlySet<string> = new Set([
  'answerLost',
  'late',
  'lateWrite',
  'killedWriting',
  'killed',
  'refused',
  'twice',
  'serviceFailed',
  'calledLate',
  'operator',
  'tamperer',
  'denied',
]);

/** Functions of a sync, which has no count of units. */
const UNTOLD: ReadonlySet<string> = new Set(['syncProducts', 'compareAll', 'controlSync']);

/** What has been told of the consumption of a world, up to its last rest. */
export interface Told {
  /** What the target held then. */
  shown: Shown;
  /** What each run had counted then. */
  counted: ReadonlyMap<string, Charged>;
  /** Misfortunes until then. */
  struck: number;
  /** Claims that dead calls had left open then. Whoever goes on with their run closes each of them. */
  openClaims: number;
}

interface UnitScope {
  readonly told: Told;
  readonly since: readonly Strike[];
  readonly isRepeated: boolean;
}

/** Promise 6: the units that DynamoDB charged are counted, and none more, and reports say what was counted. */
export function unitGaps(world: World, { told, since, isRepeated }: UnitScope): readonly string[] {
  const { meter } = world;
  const byRun = countedUnits(world);
  const [units, before] = [sumOf([...byRun.values()]), sumOf([...told.counted.values()])];
  const isFollowed = [...meter.usage.keys()].some((key) => UNTOLD.has(key));
  const mayLack = isRepeated || isFollowed || since.some(({ kind }) => REPEATING.has(kind));
  const gaps = UNITS.flatMap((kind) => {
    const counted = units[kind] - before[kind];
    const charged = meter.charged[kind];
    const isTrue = mayLack ? counted <= charged : counted === charged;
    return isTrue ? [] : [`6: the runs count ${counted} ${kind}, and DynamoDB has charged ${charged}`];
  });
  // A worker that has outlived an earlier run may have counted more since its report.
  const isNew = ([partition, { readUnits, writeUnits }]: readonly [string, Charged]): boolean => {
    const known = told.counted.get(partition);
    return known?.readUnits !== readUnits || known.writeUnits !== writeUnits;
  };
  const reported = mayLack ? [] : [...byRun].filter(isNew).flatMap((one) => reportedGaps(world, one));
  told.counted = byRun;
  return [...gaps, ...reported];
}

const UNITS = ['readUnits', 'writeUnits'] as const;

/** By run: what its checkpoints and the looks into its tables have counted. */
function countedUnits(world: World): ReadonlyMap<string, Charged> {
  const byRun = new Map<string, Charged>();
  for (const { PK, counters, lookReadUnits = 0 } of ledgerItems(world)) {
    if (counters === undefined && lookReadUnits === 0) continue;
    const { readUnits = 0, writeUnits = 0 } = (counters ?? {}) as Partial<Charged>;
    const more = { readUnits: readUnits + Number(lookReadUnits), writeUnits };
    byRun.set(PK, sumOf([byRun.get(PK) ?? NOTHING, more]));
  }
  return byRun;
}

const NOTHING: Readonly<Charged> = { readUnits: 0, writeUnits: 0 };

const sumOf = (all: readonly Readonly<Charged>[]): Charged => ({
  readUnits: all.reduce((sum, { readUnits }) => sum + readUnits, 0),
  writeUnits: all.reduce((sum, { writeUnits }) => sum + writeUnits, 0),
});

function reportedGaps(world: World, [partition, counted]: readonly [string, Charged]): readonly string[] {
  const runId = partition.slice('RUN#'.length);
  const said = reportOf(world, runId)?.consumed ?? counted;
  return UNITS.filter((kind) => said[kind] !== counted[kind]).map(
    (kind) => `6: the report of ${runId} says ${said[kind]} ${kind}, and its checkpoints ${counted[kind]}`,
  );
}
