import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { randomCase } from '../support/random-cases.ts';
import { runCase } from '../support/random-run.ts';
import { caseCount, faultSeed } from '../support/soak.ts';

let shop: FaultShop;
beforeAll(async () => {
  // Requests that are held back arrive within the fence, which is a second.
  shop = await openFaultShop({ environment: { FENCE_WAIT_SECONDS: '1', INTENT_WAIT_SECONDS: '1' } });
});
afterAll(() => shop.stop());

const seed = faultSeed();

it('a run satisfies the checker with any products, faults and kills, and so does the run after it', async () => {
  console.log(`Random faults: FAULT_SEED=${seed}`);
  const property = fc.asyncProperty(randomCase, async (one) => {
    await shop.reset(one.products);
    expect(await runCase(shop, one)).toEqual([]);
  });
  await fc.assert(property, { seed, numRuns: caseCount(10), endOnFailure: true });
}, 900_000);
