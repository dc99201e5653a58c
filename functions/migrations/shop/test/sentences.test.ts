import { describe, expect, it } from 'vitest';
import { productToItems } from '../../../../test/support/shop.ts';
import type { WireItem } from '../../../shared/items/wire-item.ts';
import { sampleContext } from '../../../../test/support/sample-context.ts';
import { plain, without, withVariants } from './transformed.ts';

const product = 'Product "42"';

/** The text of the quarantine file, for the person who corrects the product. */
const refusals: readonly (readonly [WireItem, code: string, sentence: string])[] = [
  [without(plain, 'id'), 'MissingId', 'A product has no id of type S.'],
  [{ ...plain, id: { S: '' } }, 'MissingId', 'A product has no id of type S.'],
  [without(plain, 'name'), 'MissingName', `${product} has no name, or its name is not text (type S).`],
  [
    { ...plain, name: { S: ' ' } },
    'MissingName',
    `${product} has no name, or its name is not text (type S).`,
  ],
  [without(plain, 'price'), 'InvalidPrice', `${product} has no price, and neither has one of its variants.`],
  [{ ...plain, price: { N: '-1' } }, 'InvalidPrice', `The price of ${product} is below 0.`],
  [{ ...plain, price: { N: '1.005' } }, 'InvalidPrice', `The price of ${product} has more than 2 decimals.`],
  [
    { ...plain, price: { S: 'Rs 5' } },
    'InvalidPrice',
    `The price of ${product} is neither a number nor a string of digits with at most 2 decimals.`,
  ],
  [
    { ...plain, price: { BOOL: true } },
    'InvalidPrice',
    `The price of ${product} is neither a number nor a string of digits with at most 2 decimals.`,
  ],
  [
    { ...plain, price: { N: '1E+125' } },
    'InvalidPrice',
    `The price of ${product} has more digits in paise than DynamoDB can store.`,
  ],
  [
    { ...plain, variants: { S: 'none' } },
    'InvalidVariant',
    `${product} has variants that are no list of maps.`,
  ],
  [
    { ...plain, variants: { L: [{ M: {} }, { S: 'x' }] } },
    'InvalidVariant',
    `Variant 2 of ${product} is no map.`,
  ],
  [
    { ...plain, sizes: { N: '1' } },
    'InvalidVariant',
    `${product} has sizes that are no list or set of strings.`,
  ],
  [
    { ...plain, sizes: { L: [{ N: '1' }] } },
    'InvalidVariant',
    `${product} has a size that is no string, or an empty one.`,
  ],
  [withVariants({ sku: { N: '1' } }), 'InvalidVariant', `${product} has a sku that is no text (type S).`],
  [
    { ...plain, stock: { N: '0.5' } },
    'InvalidVariant',
    `A stock of ${product} is no whole number of at least 0 (type N).`,
  ],
  [
    { ...plain, stock: { S: '5' } },
    'InvalidVariant',
    `A stock of ${product} is no whole number of at least 0 (type N).`,
  ],
  [
    withVariants({ lowStockThreshold: { N: '-1' } }),
    'InvalidVariant',
    `A lowStockThreshold of ${product} is no whole number of at least 0 (type N).`,
  ],
  [
    withVariants({ sku: { S: 'X' } }, { sku: { S: 'X' } }),
    'DuplicateSku',
    `${product} has two variants with the same sku.`,
  ],
  [
    withVariants({ PK: { S: 'x' } }),
    'ReservedAttribute',
    `A variant of ${product} has PK, which the new data model uses itself.`,
  ],
  [
    { ...plain, SK: { S: 'x' }, migrationRun: { S: 'x' } },
    'ReservedAttribute',
    `${product} has SK, migrationRun, which the new data model uses itself.`,
  ],
  [
    { ...plain, sku: { S: 'x'.repeat(1_017) } },
    'KeyTooLong',
    `${product} becomes an item with a SK of 1025 bytes; DynamoDB takes 1024.`,
  ],
];

describe('a product that cannot be migrated', () => {
  it.each(refusals)('%# is refused in a sentence that says why', (one, code, sentence) => {
    expect(productToItems(one, sampleContext)).toEqual({ kind: 'quarantined', code, sentence });
  });
  it('is named by no more than 80 characters of its id', () => {
    const result = productToItems({ ...without(plain, 'name'), id: { S: 'x'.repeat(90) } }, sampleContext);
    expect(result).toMatchObject({ sentence: expect.stringContaining(`Product "${'x'.repeat(80)}" has`) });
  });
});
