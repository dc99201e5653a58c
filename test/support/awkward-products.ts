import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';

/** Every attribute type, spelled in ways that careless copies change. */
const everything: readonly (readonly [string, WireValue])[] = [
  ['binary', { B: 'AAECAwT/' }],
  ['emptyBinary', { B: '' }],
  ['binarySet', { BS: ['AQ==', 'Ag==', '/w=='] }],
  ['numberSet', { NS: ['1', '2.5', '-3', '12345678901234567890123456789012345678'] }],
  ['stringSet', { SS: ['b', 'a', 'ü', 'z z'] }],
  ['huge', { N: '12345678901234567890123456789012345678' }],
  ['tiny', { N: '0.0000000000000000000000000000000000000000000000000001' }],
  ['negative', { N: '-99.5' }],
  ['empty', { S: '' }],
  ['unicode', { S: 'naïve 漢字 🧵 \u2028 "quoted" \\ \u0001' }],
  ['nothing', { NULL: true }],
  ['yes', { BOOL: true }],
  ['no', { BOOL: false }],
  ['list', { L: [{ S: 'a' }, { N: '1' }, { L: [] }, { M: {} }] }],
  ['with.dots and #signs', { S: 'x' }],
  [
    '__proto__',
    {
      M: wireItem([
        ['__proto__', { S: 'inner' }],
        ['constructor', { N: '1' }],
      ]),
    },
  ],
  ['constructor', { S: 'own' }],
  ['deep', { M: { a: { M: { b: { L: [{ M: { c: { NS: ['7'] } } }] } } } } }],
];

/** A product that can be migrated, with awkward attributes besides the ordinary ones. */
export function awkwardProduct(index: number): WireItem {
  const sizes: WireValue = index % 3 === 0 ? { SS: ['S', 'M'] } : { L: [{ S: 'S' }, { S: 'XL' }] };
  return wireItem([
    ['id', { S: `p-${index}` }],
    ['name', { S: `Product ${index}` }],
    ['price', index % 2 === 0 ? { S: '165' } : { N: '9.99' }],
    ...(index % 4 === 0 ? [] : ([['sizes', sizes]] as const)),
    ...everything,
  ]);
}

export function awkwardProducts(count: number): readonly WireItem[] {
  return Array.from({ length: count }, (_, index) => awkwardProduct(index));
}
