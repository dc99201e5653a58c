import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carriableText } from '../../../functions/shared/items/carriable.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { arbitraryItem } from '../../support/arbitrary-items.ts';

const KEY = [{ name: 'id', type: 'S' }] as const;

const check = (attributes: string) => () =>
  carriableText(JSON.parse(`{"id":{"S":"p-1"},${attributes}}`) as WireItem, KEY);

describe('what a backup can carry', () => {
  it('is every legal item', () => {
    const checked = fc.check(fc.property(arbitraryItem, (item) => void carriableText(item, KEY)));
    expect(checked.failed).toBe(false);
  });
  it('is a replacement character that somebody has stored', () => {
    expect(check('"text":{"S":"\\ufffd"}')).not.toThrow();
  });
  it('is a text that spells half a surrogate pair out', () => {
    expect(check('"text":{"S":"\\\\ud800"}')()).toBe('{"id":{"S":"p-1"},"text":{"S":"\\\\ud800"}}');
  });
  it.each([
    ['half a surrogate pair', '"text":{"S":"\\ud800"}'],
    ['half a surrogate pair deep inside', '"map":{"M":{"list":{"L":[{"SS":["\\udc00"]}]}}}'],
    ['half a surrogate pair in a name', '"map":{"M":{"\\ud800":{"BOOL":true}}}'],
    ['half a surrogate pair in a top-level name', '"\\ud800":{"BOOL":true}'],
    ['a type that does not exist yet', '"new":{"UUID":"1"}'],
    ['two types at once', '"both":{"S":"1","N":"1"}'],
    ['a value of the wrong kind', '"number":{"N":1}'],
    ['a list that is none', '"list":{"L":{}}'],
    ['no type at all', '"none":{}'],
  ])('is not %s', (_, attributes) => {
    expect(check(attributes)).toThrow(
      expect.objectContaining({
        name: 'ItemNotCarriableError',
        message: expect.stringContaining('Item p-1 cannot be written to a backup without changing it'),
      }),
    );
  });
});
