import { describe, expect, it } from 'vitest';
import { bucketMonthlyDollars, monthlyCost } from '../../../functions/shared/cost/monthly.ts';
import { type PriceList, pricesOf } from '../../../functions/shared/cost/prices.ts';
import { cartTable } from '../../../functions/migrations/shop/tables/cart.ts';
import { ordersTable } from '../../../functions/migrations/shop/tables/orders.ts';
import { productsEnhancedTable } from '../../../functions/migrations/shop/tables/products-enhanced.ts';
import { returnsTable } from '../../../functions/migrations/shop/tables/returns.ts';

const pricesIn = (region: string): PriceList => {
  const prices = pricesOf(region);
  if (prices === undefined) throw new Error(`There are no prices of ${region}.`);
  return prices;
};
const sydney = { prices: pricesIn('ap-southeast-2') };
const nothing = { items: 0, bytes: 0 };

describe('monthlyCost', () => {
  it('counts the capacity of both indexes of orders: Rs 342, where the earlier scripts say 80 to 100', () => {
    // (2 + 2 x 2) x (0.00074 + 0.000148) x 730 = 3.88944 dollars.
    const cost = monthlyCost(ordersTable, nothing, sydney);
    expect(cost).toMatchObject({ readCapacity: 6, writeCapacity: 6, indexes: 2, seedRupees: [80, 100] });
    expect(cost.dollars).toBeCloseTo(3.88944, 5);
    expect(cost.rupees).toBeCloseTo(342.27, 2);
  });

  it('counts the capacity of the index of returns: Rs 114, where the earlier scripts say 40 to 50', () => {
    // (1 + 1) x 0.000888 x 730 = 1.29648 dollars.
    const cost = monthlyCost(returnsTable, nothing, sydney);
    expect(cost).toMatchObject({ readCapacity: 2, writeCapacity: 2, indexes: 1, seedRupees: [40, 50] });
    expect(cost.dollars).toBeCloseTo(1.29648, 5);
    expect(cost.rupees).toBeCloseTo(114.09, 2);
  });

  it('counts the same orders table in us-east-1: 6 x 0.00078 x 730', () => {
    expect(monthlyCost(ordersTable, nothing, { prices: pricesIn('us-east-1') }).dollars).toBeCloseTo(
      3.4164,
      5,
    );
  });

  it('takes nothing for an empty table on demand', () => {
    const cost = monthlyCost(cartTable, nothing, sydney);
    expect(cost).toMatchObject({ billing: 'PAY_PER_REQUEST', dollars: 0, readCapacity: 0 });
    expect(cost).not.toHaveProperty('seedRupees');
  });

  it('counts storage and recovery of a million products', () => {
    // 2.5e9 bytes and 100 for each of 5,000,000 items: 3e9 / 2^30 GB x (0.285 + 0.228).
    const cost = monthlyCost(productsEnhancedTable, { items: 5_000_000, bytes: 2_500_000_000 }, sydney);
    expect(cost.storageDollars).toBeCloseTo(1.4333, 3);
  });

  it('takes the exchange rate that it is given', () => {
    expect(monthlyCost(ordersTable, nothing, { ...sydney, rupeesPerDollar: 100 }).rupees).toBeCloseTo(
      388.944,
      3,
    );
  });
});

describe('bucketMonthlyDollars', () => {
  it('is the price of a GB for 2^30 bytes', () => {
    expect(bucketMonthlyDollars(2 ** 30, pricesIn('ap-southeast-2'))).toBe(0.025);
  });
});
