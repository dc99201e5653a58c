import { estimateRun } from './estimate.ts';
import type { MapWork } from './history.ts';
import { TURN_SECONDS } from './phases.ts';
import type { RunSize } from './run-size.ts';
import { READ_UNITS_PER_WORKER } from './throughput.ts';

/** Of a run that compares every key at its end. */
const MAPS = 5;

/** A run that has been cut: as many shards as segments. What fills its tables makes no difference. */
type CutRun = Omit<RunSize, 'writeEngine' | 'segments' | 'shards'> & { readonly segments: number };

/**
 * All the Maps of a run of `migrate`, at their longest: an existing target is compared key by key, one unit each, and a
 * source that has drifted everywhere is scanned a third time. Both take turns as well.
 */
export function mapWorkOf(size: CutRun): MapWork {
  const { segments: iterations, workers, products } = size;
  const { phases, items } = estimateRun({ ...size, shards: iterations, writeEngine: undefined });
  const scanSeconds = phases.find(({ state }) => state === 'BackupProducts')?.seconds ?? 0;
  const scanning = Math.ceil((workers * scanSeconds) / TURN_SECONDS);
  const comparing = Math.ceil((items + products) / READ_UNITS_PER_WORKER / TURN_SECONDS);
  const turns = phases.reduce((sum, phase) => sum + phase.turns, 0) + Math.max(iterations, comparing);
  return { iterations: MAPS * iterations, turns: turns + scanning };
}
