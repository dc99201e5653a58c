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
    deep: nested(index < 10 ? 12 : 1),
    'name.with#signs and spaces': { S: 'x'.repeat(index % 700) },
  };
}

/**
 * A hash of each item by its id, independent of the order of names and sets and of the spelling of numbers. This is a
 * table as an outside client sees it.
 */
export function fingerprints(items: readonly WireItem[]): ReadonlyMap<string, string> {
  return new Map(items.map((item) => [JSON.stringify(item['id']), hashOf(item)]));
}

function hashOf(item: WireItem): string {
  const text = JSON.stringify(item, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value).map(([name, content]) => [name, inOneForm(name, content)] as const);
    return entries.toSorted(([one], [other]) => (one < other ? -1 : 1));
  });
  return createHash('sha256').update(text).digest('hex');
}

/** The members of a set in one order, and numbers in one spelling: an engine may answer in another. */
function inOneForm(type: string, content: unknown): unknown {
  if (type === 'N') return numberParts(String(content));
  if (!Array.isArray(content) || !['SS', 'NS', 'BS'].includes(type)) return content;
  const members = content.map(String);
  return (type === 'NS' ? members.map(numberParts) : members).toSorted();
}

/** All of a number's digits without the zeros around them, and the power of ten behind the last one. */
function numberParts(text: string): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const digits = `${whole}${fraction}`.replace(/0+$/, '');
  const exponent = Number(power) + whole.length - digits.length;
  return `${sign}${BigInt(digits === '' ? 0 : digits)} e ${digits === '' ? 0 : exponent}`;
}
