import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultShop, openFaultShop } from '../support/fault-shop.ts';
import { randomCase } from '../support/random-cases.ts';
import { runCase } from '../support/random-run.ts';
import { createShopTables } from '../support/shop-tables.ts';
import { caseCount, faultSeed } from '../support/soak.ts';

let shop: FaultShop;
beforeAll(async () => {
  // A late worker writes for as long as its last look at the run allows. The roll back waits for it.
  shop = await openFaultShop({ environment: { FENCE_WAIT_SECONDS: '1', INTENT_WAIT_SECONDS: '1' } });
});
afterAll(() => shop.stop());

const seed = faultSeed();

it('a run that is rolled back leaves existing tables and the foreign items in them as they were, whatever went wrong', async () => {
  console.log(`Random faults over existing tables: FAULT_SEED=${seed}`);
  const property = fc.asyncProperty(randomCase, async (one) => {
    await shop.reset(one.products);
    await createShopTables(shop);
    expect(await runCase(shop, one)).toEqual([]);
  });
  await fc.assert(property, { seed, numRuns: caseCount(10), endOnFailure: true });
}, 900_000);
