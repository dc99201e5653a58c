import * as fc from 'fast-check';
import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';

/** Items that DynamoDB can hold, and products that shops have. Some are plausible, some awkward, some impossible. */

const AWKWARD_TEXTS = [
  '',
  ' ',
  '\u0000',
  '\u2028',
  '🧵',
  'é',
  'e\u0301',
  'नमस्ते',
  'a.b#c',
  '"\\',
  '__proto__',
  'ﬁ',
  'ß',
];
const AWKWARD_NAMES =
  '__proto__|constructor|toString|hasOwnProperty|a.b|with space|#|:v|size|sku|price|stock|N|S|M|0|ключ|🧵'.split(
    '|',
  );

export const arbitraryText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 12 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(...AWKWARD_TEXTS) },
);

const nonEmptyText = arbitraryText.filter((text) => text !== '');

/** Up to 38 digits, from 1E-130 to 9.9E+125, in every spelling that DynamoDB accepts. */
export const arbitraryNumber = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom(
    '0',
    '-0',
    '0.0',
    '1E-130',
    '9.9E+125',
    '-9.99E125',
    '1.50',
    '15E-1',
    '9'.repeat(38),
    `0.${'1'.repeat(37)}`,
  ),
  fc
    .record({
      sign: fc.constantFrom('', '-'),
      first: fc.integer({ min: 1, max: 9 }),
      rest: fc.stringMatching(/^\d{0,37}$/),
      exponent: fc.integer({ min: -130, max: 125 }),
    })
    .map(({ sign, first, rest, exponent }) => `${sign}${first}${rest === '' ? '' : `.${rest}`}E${exponent}`),
);

const arbitraryBase64 = fc
  .uint8Array({ maxLength: 12 })
  .map((bytes) => Buffer.from(bytes).toString('base64'));

const attributeName = fc.oneof(nonEmptyText, fc.constantFrom(...AWKWARD_NAMES));

/** The number in lowest terms, so that `1.0` and `1` are one member of a set. */
function numberIdentity(text: string): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = BigInt(whole.replace('-', '') + fraction);
  if (digits === 0n) return '0';
  const trimmed = String(digits).replace(/0+$/, '');
  const scale = Number(power) - fraction.length + (String(digits).length - trimmed.length);
  return `${mantissa.startsWith('-') ? '-' : ''}${trimmed}e${scale}`;
}

const leaf: fc.Arbitrary<WireValue> = fc.oneof(
  { weight: 4, arbitrary: arbitraryText.map((S) => ({ S })) },
  { weight: 4, arbitrary: arbitraryNumber.map((N) => ({ N })) },
  arbitraryBase64.map((B) => ({ B })),
  fc.boolean().map((BOOL) => ({ BOOL })),
  fc.constant({ NULL: true }),
  fc.uniqueArray(nonEmptyText, { minLength: 1, maxLength: 4 }).map((SS) => ({ SS })),
  fc
    .uniqueArray(arbitraryNumber, { minLength: 1, maxLength: 4, selector: numberIdentity })
    .map((NS) => ({ NS })),
  fc.uniqueArray(arbitraryBase64, { minLength: 1, maxLength: 4 }).map((BS) => ({ BS })),
);

/** A value of any of the ten types, nested a few levels deep. */
export const arbitraryValue: fc.Arbitrary<WireValue> = fc.letrec<{ value: WireValue; map: WireItem }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      { weight: 4, arbitrary: leaf },
      tie('map').map((M): WireValue => ({ M })),
      fc.array(tie('value'), { maxLength: 4 }).map((L): WireValue => ({ L })),
    ),
    map: fc
      .array(fc.tuple(attributeName, tie('value')), { maxLength: 4 })
      .map((entries) => wireItem(entries)),
  }),
).value;

/** Any attributes. The item need not be a product. */
export const arbitraryItem: fc.Arbitrary<WireItem> = fc
  .array(fc.tuple(attributeName, arbitraryValue), { maxLength: 8 })
  .map((entries) => wireItem(entries));

const plausiblePrice: fc.Arbitrary<WireValue> = fc
  .tuple(
    fc.integer({ min: 0, max: 99_999 }),
    fc.constantFrom('', '.5', '.99', '.00'),
    fc.constantFrom('S', 'N'),
  )
  .map(([rupees, paise, type]) =>
    type === 'S' ? { S: `${rupees}${paise === '.5' ? '.50' : paise}` } : { N: `${rupees}${paise}` },
  );

const plausibleStock = fc.oneof(
  fc.integer({ min: 0, max: 60 }),
  fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
);
const stockValue = plausibleStock.map((stock): WireValue => ({ N: String(stock) }));
const textValue = nonEmptyText.map((S) => ({ S }));
const sizeText = fc.constantFrom('S', 'M', 'L', 'XL', '½', 'm', 'standard', '🧵', '9');
const skuValue = fc.constantFrom('A', 'B', 'C', 'PRO-M-1', 'PRO-M-1-2', '#').map((S): WireValue => ({ S }));
const nothing: fc.Arbitrary<WireValue> = fc.constant({ NULL: true });
const anyOf = (plausible: fc.Arbitrary<WireValue>) =>
  fc.oneof(
    { weight: 12, arbitrary: plausible },
    { weight: 1, arbitrary: arbitraryValue },
    { weight: 1, arbitrary: nothing },
  );

const sourceVariant = fc
  .record(
    {
      sku: anyOf(skuValue),
      size: anyOf(sizeText.map((S) => ({ S }))),
      price: anyOf(plausiblePrice),
      compareAtPrice: anyOf(plausiblePrice),
      stock: anyOf(stockValue),
      stockQuantity: anyOf(stockValue),
      lowStockThreshold: anyOf(stockValue),
      isAvailable: arbitraryValue,
      updatedAt: arbitraryValue,
      currency: arbitraryValue,
      colour: arbitraryValue,
    },
    { requiredKeys: [] },
  )
  .map((M): WireValue => ({ M }));
const sourceVariants = fc
  .array(fc.oneof({ weight: 9, arbitrary: sourceVariant }, { weight: 1, arbitrary: nothing }), {
    maxLength: 5,
  })
  .map((L): WireValue => ({ L }));

const sizes = fc.oneof(
  fc.array(sizeText, { maxLength: 5 }).map((all): WireValue => ({ L: all.map((S) => ({ S })) })),
  fc.uniqueArray(sizeText, { minLength: 1, maxLength: 5 }).map((SS): WireValue => ({ SS })),
);

const knownAttributes = fc.record(
  {
    id: fc.oneof({ weight: 20, arbitrary: textValue }, arbitraryValue),
    name: anyOf(
      fc.oneof(
        textValue.filter(({ S }) => S.trim() !== ''),
        fc.constantFrom('Product', 'Pro max', '!!!').map((S) => ({ S })),
      ),
    ),
    price: anyOf(plausiblePrice),
    compareAtPrice: anyOf(plausiblePrice),
    sizes: anyOf(sizes),
    variants: anyOf(sourceVariants),
    sku: anyOf(skuValue),
    stock: anyOf(stockValue),
    stockQuantity: anyOf(stockValue),
    image: anyOf(textValue),
    images: arbitraryValue,
    slug: fc.oneof(arbitraryValue, nothing),
    status: fc.oneof(arbitraryValue, nothing),
    createdAt: arbitraryValue,
    updatedAt: arbitraryValue,
    currency: anyOf(textValue),
  },
  { requiredKeys: ['id', 'name', 'price'] },
);

const reserved = fc
  .constantFrom('PK', 'SK', 'productId', 'availableSizes', 'migrationRun', 'migrationDigest')
  .map((name) => wireItem([[name, { S: 'taken' }]]));

/** A product with an id. About half of them can be migrated. The others are wrong in some way. */
export const arbitraryProduct: fc.Arbitrary<WireItem> = fc
  .tuple(
    arbitraryItem,
    knownAttributes,
    fc.oneof({ weight: 30, arbitrary: fc.constant(wireItem([])) }, reserved),
    fc.oneof({ weight: 12, arbitrary: fc.constant('nothing') }, fc.constantFrom('price', 'name')),
  )
  .map(([extra, known, taken, leftOut]) => {
    const entries = [extra, known, taken].flatMap((part) => Object.entries(part));
    return wireItem(entries.filter(([name]) => name !== leftOut));
  });
