import { createHash } from 'node:crypto';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';

const nested = (depth: number): WireItem[string] =>
  depth === 0 ? { S: 'bottom' } : { L: [{ M: { deeper: nested(depth - 1) } }] };

/** Products that hold every attribute type, with the values that copies tend to lose. */
export function everyType(count: number): WireItem[] {
  return Array.from({ length: count }, (_, index) => productOfEveryType(index));
}

/** One of them. */
export function productOfEveryType(index: number): WireItem {
  const values = JSON.parse(
    '{"__proto__":{"S":"kept"},"constructor":{"N":"1"},"a.b":{"BOOL":true},"with space":{"NULL":true}}',
  ) as WireItem;
  return {
    id: { S: `product-${index}` },
    name: { S: `Product ${index} "quoted" \\ \u0000 \u2028 𝄞 é` },
    price: { N: `${index}.5` },
    thirtyEightDigits: { N: '12345678901234567890123456789012345678' },
    smallest: { N: '1E-130' },
    largest: { N: '9.9999999999999999999999999999999999999E+125' },
    negative: { N: '-0.000000000000001' },
    empty: { S: '' },
    binary: { B: Buffer.from([0, 255, index & 255, 128]).toString('base64') },
    emptyBinary: { B: '' },
    strings: { SS: ['b', 'a', `s${index}`] },
    numbers: { NS: ['3', '1', '2.5'] },
    binaries: { BS: [Buffer.from(`b${index}`).toString('base64'), 'AA=='] },
    yes: { BOOL: true },
    no: { BOOL: false },
    nothing: { NULL: true },
    emptyList: { L: [] },
    emptyMap: { M: {} },
    map: { M: values },
    deep: nested(12),
    'name.with#signs and spaces': { S: 'x'.repeat(index % 700) },
  };
}

/**
 * A hash of each item by its id, independent of the order of names and sets. This is a table as an outside client sees
 * it.
 */
export function fingerprints(items: readonly WireItem[]): ReadonlyMap<string, string> {
  return new Map(items.map((item) => [JSON.stringify(item['id']), hashOf(item)]));
}

function hashOf(item: WireItem): string {
  const text = JSON.stringify(item, (key, value: unknown) => {
    if (['SS', 'NS', 'BS'].includes(key) && Array.isArray(value)) return (value as string[]).toSorted();
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  });
  return createHash('sha256').update(text).digest('hex');
}
