import { type WireItem, type WireValue, wireItem } from '../../../functions/shared/items/wire-item.ts';

/** What one variant of a product must become; written down here by hand, not computed by the transform. */
export interface ExpectedVariant {
  readonly size: string;
  readonly paise: string;
  readonly compareAtPaise?: string;
  /** Only where the source gives one. */
  readonly sku?: string;
  /** Absent: the deployment's default. */
  readonly stock?: string;
  /** Of the source's variant, to be carried verbatim. */
  readonly kept?: WireItem;
}

/** A product that careless copies damage, and what it must become. */
export interface AwkwardProduct {
  readonly item: WireItem;
  /** Attributes that go to the variants; every other one must stand in METADATA as it is. */
  readonly moved: readonly string[];
  readonly variants: readonly ExpectedVariant[];
}

type Entries = readonly (readonly [string, WireValue])[];

/** One way of being awkward. */
interface Kind extends Omit<AwkwardProduct, 'item'> {
  readonly entries: Entries;
}

const texts = (...values: readonly string[]): WireValue => ({ L: values.map((S) => ({ S })) });

/** Every type, and the names that break objects; numbers in the spelling that DynamoDB itself gives back. */
const everyType: Entries = [
  ['binary', { B: 'AAECAwT/' }],
  ['binarySet', { BS: ['AQ==', 'Ag==', '/w=='] }],
  ['numberSet', { NS: ['1', '2.5', '-3', '12345678901234567890123456789012345678'] }],
  ['stringSet', { SS: ['b', 'a', 'ü', 'z z'] }],
  ['longest', { N: '12345678901234567890123456789012345678' }],
  ['negative', { N: '-99.5' }],
  ['empty', { S: '' }],
  ['unicode', { S: 'naïve 漢字 🧵 \u2028 "quoted" \\ \u0001' }],
  ['nothing', { NULL: true }],
  ['yes', { BOOL: true }],
  ['list', { L: [{ S: 'a' }, { N: '1' }, { L: [] }, { M: {} }] }],
  ['with.dots and #signs', { S: 'x' }],
  ['__proto__', { M: wireItem([['__proto__', { S: 'inner' }]]) }],
  ['constructor', { S: 'own' }],
];

const kinds: readonly Kind[] = [
  {
    entries: [
      ['price', { S: '165' }],
      ['sizes', texts('S', 'M', 'XL')],
    ],
    moved: ['price', 'sizes'],
    variants: ['S', 'M', 'XL'].map((size) => ({ size, paise: '16500' })),
  },
  {
    entries: [
      ['price', { N: '9.99' }],
      ['sizes', { SS: ['M', 'S'] }],
    ],
    moved: ['price', 'sizes'],
    variants: ['S', 'M'].map((size) => ({ size, paise: '999' })),
  },
  {
    entries: [
      ['price', { S: '0' }],
      ['sku', { S: 'given sku/1' }],
      ['stock', { N: '0' }],
    ],
    moved: ['price', 'sku', 'stock'],
    variants: [{ size: 'standard', paise: '0', sku: 'given sku/1', stock: '0' }],
  },
  {
    entries: [
      ['price', { S: '10.50' }],
      ['compareAtPrice', { N: '20' }],
      ['variants', { L: [variant('7', '10.5', { colour: { S: 'हल्दी' } }), variant('3', '12', {})] }],
    ],
    moved: ['price', 'variants'],
    variants: [
      {
        size: 'L',
        paise: '1050',
        compareAtPaise: '2000',
        sku: 'sku-7',
        stock: '7',
        kept: { colour: { S: 'हल्दी' } },
      },
      { size: 'L', paise: '1200', compareAtPaise: '2000', sku: 'sku-3', stock: '3' },
    ],
  },
  {
    // No size and no sku: two SKUs that would be made alike.
    entries: [
      ['price', { N: '1' }],
      ['variants', { L: [{ M: { colour: { S: 'red' } } }, { M: { colour: { S: 'blue' } } }] }],
    ],
    moved: ['price', 'variants'],
    variants: ['red', 'blue'].map((S) => ({ size: 'standard', paise: '100', kept: { colour: { S } } })),
  },
  {
    entries: [
      ['price', { S: '99.5' }],
      ['slug', { S: 'my-own-slug' }],
      ['images', texts('https://images.example.com/1')],
      ['status', { S: 'draft' }],
      ['createdAt', { S: '2019-01-01T00:00:00Z' }],
      ['variants', { L: [] }],
    ],
    moved: ['price'],
    variants: [{ size: 'standard', paise: '9950' }],
  },
  {
    entries: [
      ['price', { S: '165' }],
      ['long', { S: 'ü'.repeat(15_000) }],
    ],
    moved: ['price'],
    variants: [{ size: 'standard', paise: '16500' }],
  },
];

/** A product that no migration can take, because it has no name. */
export const namelessProduct: WireItem = { id: { S: 'smoke-nameless' }, price: { S: '9.99' } };

export function awkwardProducts(count: number): readonly AwkwardProduct[] {
  return Array.from({ length: count }, (_, index) => awkwardProduct(index));
}

function awkwardProduct(index: number): AwkwardProduct {
  const kind = kinds[index % kinds.length];
  if (kind === undefined) throw new RangeError(`There is no kind of product for ${index}.`);
  const { entries, moved, variants } = kind;
  const item = wireItem([
    ['id', { S: idOf(index) }],
    ['name', { S: `Smoke ${index} – 漢` }],
    ...everyType,
    ...entries,
  ]);
  return { item, moved, variants };
}

/** Ids with characters that mean something elsewhere. */
const idOf = (index: number): string => (index % 5 === 0 ? `smoke ${index}/ü#🧵` : `smoke-${index}`);

function variant(stock: string, price: string, more: WireItem): WireValue {
  return {
    M: { size: { S: 'L' }, sku: { S: `sku-${stock}` }, price: { N: price }, stock: { N: stock }, ...more },
  };
}
