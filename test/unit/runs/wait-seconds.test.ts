import { describe, expect, it } from 'vitest';
import { waitSeconds } from '../../../functions/shared/runs/wait-seconds.ts';

describe('the wait for what others do', () => {
  it('begins with a second and grows to a tenth of what it has taken, 15 minutes at most', () => {
    expect([0, 4, 600, 9_000, 604_800].map(waitSeconds)).toEqual([1, 1, 60, 900, 900]);
  });

  it('leaves a week of it within the events of the history that the Maps do not take', () => {
    let waits = 0;
    for (let took = 0; took < 7 * 86_400; took += waitSeconds(took)) waits += 1;
    // Task five events, Choice two, Wait two.
    expect(9 * waits).toBeLessThan(7_000);
  });
});
