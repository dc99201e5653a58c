import type { DeployedService } from './deployed.ts';
import type { Strike } from './misfortunes.ts';
import { runWorld, type WorldResult } from './run-world.ts';

/** The shortest course of events that was found to break the same promise. */
export interface Shrunk {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly strikes: readonly Strike[];
  /** Worlds that were tried. */
  readonly tries: number;
}

/** Shrinking takes no longer than so many worlds. */
const MAX_TRIES = 300;

/** What is broken, without the names and numbers that differ from course to course. */
const kindOf = (violation: string | undefined): string | undefined =>
  violation?.replaceAll(/[\d.]+|\b[a-z]+-\d+\b/g, '').slice(0, 60);

/** Leaves out as many misfortunes as possible, by halves, quarters and so on, as long as the same promise is broken. */
export async function shrink(deployed: DeployedService, failed: WorldResult): Promise<Shrunk> {
  const { seed, theme } = failed;
  const kind = kindOf(failed.violations[0]);
  let best = failed;
  let tries = 0;
  const isStillBroken = async (only: ReadonlySet<number>): Promise<boolean> => {
    tries += 1;
    const result = await runWorld(deployed, { seed, only, theme });
    if (kindOf(result.violations[0]) !== kind) return false;
    best = result;
    return true;
  };
  const leaveOut = async (size: number): Promise<void> => {
    let from = 0;
    while (from < best.struck.length) {
      if (tries >= MAX_TRIES) return;
      const rest = best.struck.toSpliced(from, size).map(({ ordinal }) => ordinal);
      if (!(await isStillBroken(new Set(rest)))) from += size;
    }
  };
  for (let size = Math.ceil(best.struck.length / 2); size >= 1; size = Math.floor(size / 2))
    await leaveOut(size);
  return { seed, violations: best.violations, strikes: best.struck, tries };
}
