import { describe, expect, it } from 'vitest';
import { keyOf, keyText } from '../../../functions/shared/items/item-key.ts';

const item = { id: { S: '12' }, at: { N: '3' }, name: { S: 'Shirt' } };

describe('the key of an item', () => {
  it('has the key attributes in their order, and no other', () => {
    expect(keyOf(item, ['id', 'at'])).toEqual({ id: { S: '12' }, at: { N: '3' } });
    expect(Object.keys(keyOf(item, ['at', 'id']))).toEqual(['at', 'id']);
  });
  it('lacks what the item lacks', () => {
    expect(keyOf(item, ['id', 'toString'])).toEqual({ id: { S: '12' } });
  });
  it('can be looked up as it is printed', () => {
    expect(keyText(item, ['id'])).toBe('{"id":{"S":"12"}}');
  });
});
