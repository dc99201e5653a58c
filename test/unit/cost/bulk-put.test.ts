import { describe, expect, it } from 'vitest';
import {
  BULK_PUT,
  bulkPutPrice,
  readingOf,
  UNKNOWN,
  type Fact,
} from '../../../functions/shared/cost/bulk-put.ts';

describe('the facts of bulk put', () => {
  it('name a source and a day for every figure, known or not', () => {
    const facts = factsIn(BULK_PUT);
    expect(facts.length).toBeGreaterThan(10);
    for (const { source, date } of facts) {
      expect(source).not.toBe('');
      expect(date).toMatch(/^\d{4}-\d{2}-\d{2}$/);
    }
  });

  it('give no price of one region to another', () => {
    expect(bulkPutPrice('eu-west-1', 'STANDARD').value).toBe(UNKNOWN);
  });

  it('are read as AWS states them, and as this product assumes them only where they are unknown', () => {
    const told = { source: 'a page', date: '2026-11-29' };
    expect(readingOf({ ...told, value: 5, reading: 4 })).toBe(5);
    expect(readingOf<number>({ ...told, value: UNKNOWN, reading: 4 })).toBe(4);
    expect(readingOf<number>({ ...told, value: UNKNOWN })).toBeUndefined();
  });
});

function factsIn(value: unknown): readonly Fact<unknown>[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('value' in value && 'source' in value) return [value as Fact<unknown>];
  return Object.values(value).flatMap(factsIn);
}
