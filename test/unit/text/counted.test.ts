import { describe, expect, it } from 'vitest';
import { someOf } from '../../../functions/shared/counted.ts';
import { listed } from '../../../functions/shared/text.ts';

const names = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('some of several names', () => {
  it.each([
    [names.slice(0, 5), {}, 'a, b, c, d, e'],
    [names, {}, 'a, b, c, d, e and 1 more'],
    [names, { most: 3 }, 'a, b, c and 3 more'],
    [['a', 'b'], { total: 1_002 }, 'a, b and 1,000 more'],
  ])('%j %j', (all, named, text) => {
    expect(someOf(all, named)).toBe(text);
  });
});

describe('all of several names', () => {
  it.each([
    [['a'], 'a'],
    [['a', 'b'], 'a and b'],
    [['a', 'b', 'c'], 'a, b and c'],
  ])('%j', (all, text) => {
    expect(listed(all)).toBe(text);
  });
});
