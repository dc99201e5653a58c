import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';
import { secret } from './checker.ts';

/** Products in which every value except the id is marked, so that a leaked value is found. */
export function secretProducts(count: number, attributeBytes = 40): readonly WireItem[] {
  return Array.from({ length: count }, (_, index) => secretProduct(`p-${index}`, attributeBytes));
}

export function secretProduct(id: string, attributeBytes = 40): WireItem {
  const text = (what: string): WireValue => ({ S: `${secret} ${what} of ${id}` });
  return wireItem([
    ['id', { S: id }],
    ['name', { S: `Tee ${secret} ${id}` }],
    ['price', { S: '165.50' }],
    ['sizes', { L: [{ S: 'S' }, { S: 'XL' }] }],
    ['description', { S: secret.repeat(Math.ceil(attributeBytes / secret.length)) }],
    ['care', { SS: [`${secret} wash`, `${secret} iron`] }],
    ['deep', { M: { a: { L: [text('deep'), { N: '1.50' }] } } }],
    ['blob', { B: Buffer.from(`${secret} ${id}`).toString('base64') }],
  ]);
}
