import { describe, expect, it } from 'vitest';
import type { Happenings, Method } from '../../support/reconcile-model/method.ts';
import { RECONCILE, SIMPLIFICATIONS, UNCONDITIONAL } from '../../support/reconcile-model/methods.ts';
import { playSchedule } from '../../support/reconcile-model/schedule.ts';
import { caseCount, faultSeed } from '../../support/soak.ts';

const SCHEDULES = caseCount(20_000);
/** As many as show that a method is wrong. */
const FEW = 2_000;

const EDITED: Happenings = { shopWrites: 5, edits: 2 };
const UNEDITED: Happenings = { shopWrites: 5, edits: 0 };
const HOT: Happenings = { keys: 1, shopWrites: 24, edits: 1 };

interface Case {
  readonly method: Method;
  readonly happenings: Happenings;
  readonly count: number;
}

/** The first schedule that ends wrong, and how; `undefined`: none of so many does. */
async function wrongEnd({ method, happenings, count }: Case): Promise<string | undefined> {
  const first = faultSeed();
  for (let seed = first; seed < first + count; seed += 1) {
    const problem = await playSchedule(seed, method, happenings);
    if (problem !== undefined) return `FAULT_SEED=${seed}: ${problem}`;
  }
  return undefined;
}

describe('reconcile, in random schedules of requests', () => {
  it(`leaves what the source says, and every edit of the shop, in ${SCHEDULES} schedules`, async () => {
    expect(await wrongEnd({ method: RECONCILE, happenings: EDITED, count: SCHEDULES })).toBeUndefined();
  });

  it('settles a source item that is written all the time, by way of pending keys', async () => {
    expect(await wrongEnd({ method: RECONCILE, happenings: HOT, count: FEW / 4 })).toBeUndefined();
  });

  it('is put right by a compare where writes of dead workers land late, and only by that', async () => {
    const landsLate = { method: RECONCILE, count: FEW, happenings: { ...UNEDITED, landsLate: true } };
    const compared = { ...landsLate.happenings, comparesAtTheEnd: true };
    expect(await wrongEnd({ ...landsLate, happenings: compared })).toBeUndefined();
    expect(await wrongEnd(landsLate)).toBeDefined();
  });

  it.each(Object.entries(SIMPLIFICATIONS))('goes wrong where %s', async (_what, method) => {
    expect(await wrongEnd({ method, happenings: UNEDITED, count: FEW })).toMatch(
      /is not what the source says$/,
    );
  });

  it('loses edits of the shop where writes have no condition', async () => {
    const lossy = { method: UNCONDITIONAL, happenings: EDITED, count: FEW };
    expect(await wrongEnd(lossy)).toMatch(/edit \d is lost$/);
  });
});
