import type { WireItem } from '../../shared/items/wire-item.ts';

/**
 * Products that between them take every way through the transform; a product belongs here for each rule that it gets.
 * No function reads them: editing one gives none a new version.
 */
export const SAMPLES: readonly WireItem[] = [
  { id: { S: '1' }, name: { S: 'Plain product' }, price: { S: '165' } },
  {
    id: { S: 'b/2' },
    name: { S: 'Decimal price' },
    price: { N: '9.9' },
    compareAtPrice: { S: '12.50' },
    stock: { N: '3' },
  },
  {
    id: { S: '3' },
    name: { S: 'Sizes' },
    price: { S: '1' },
    sizes: { L: [{ S: 'M' }, { S: 'L' }, { S: 'M' }] },
  },
  {
    id: { S: '4' },
    name: { S: 'Set of sizes' },
    price: { S: '1' },
    sizes: { SS: ['S', 'M'] },
    sku: { S: 'given' },
  },
  {
    id: { S: '5' },
    name: { S: 'Variants' },
    price: { S: '10' },
    variants: {
      L: [
        { M: { sku: { S: 'A-1' }, size: { S: 'S' }, stock: { N: '0' }, colour: { S: 'red' } } },
        {
          M: {
            size: { S: 'M' },
            price: { N: '11.5' },
            stockQuantity: { N: '11' },
            compareAtPrice: { N: '20' },
          },
        },
        { M: { lowStockThreshold: { N: '60' }, isAvailable: { BOOL: false }, currency: { S: 'EUR' } } },
      ],
    },
  },
  {
    id: { S: '6' },
    name: { S: 'Kept attributes' },
    price: { S: '10' },
    slug: { S: 'kept' },
    image: { S: 'one.jpg' },
    status: { S: 'draft' },
    createdAt: { S: '2020-01-01T00:00:00.000Z' },
    updatedAt: { S: '2021-01-01T00:00:00.000Z' },
    currency: { S: 'USD' },
    sku: { S: 'ONE' },
    other: { M: { binary: { B: 'AQI=' }, set: { NS: ['2', '1.0'] }, nothing: { NULL: true } } },
    variants: { L: [] },
    sizes: { L: [] },
  },
  {
    id: { S: '7' },
    name: { S: 'Own prices' },
    price: { S: '5' },
    variants: { L: [{ M: { price: { S: '6' } } }] },
  },
  { id: { S: '8' }, price: { S: '1' } },
  { id: { S: '9' }, name: { S: 'No price' } },
  { id: { S: '10' }, name: { S: 'Three decimals' }, price: { N: '1.005' } },
  { id: { S: '11' }, name: { S: 'No variants' }, price: { S: '1' }, variants: { S: 'none' } },
  { id: { S: '12' }, name: { S: 'Half a piece' }, price: { S: '1' }, stock: { N: '0.5' } },
  { id: { S: '13' }, name: { S: 'Reserved' }, price: { S: '1' }, PK: { S: 'mine' } },
  {
    id: { S: '14' },
    name: { S: 'Twice the same' },
    price: { S: '1' },
    variants: { L: [{ M: { sku: { S: 'X' } } }, { M: { sku: { S: 'X' } } }] },
  },
  {
    id: { S: 'a-1' },
    name: { S: 'NULL is absent' },
    price: { S: '1' },
    slug: { NULL: true },
    status: { NULL: true },
    compareAtPrice: { NULL: true },
    sizes: { NULL: true },
    stockQuantity: { N: '0' },
    variants: {
      L: [
        { NULL: true },
        {
          M: {
            sku: { NULL: true },
            price: { NULL: true },
            stock: { NULL: true },
            isAvailable: { NULL: true },
          },
        },
      ],
    },
  },
  {
    id: { S: '16' },
    name: { S: 'Sold out' },
    price: { S: '1' },
    stock: { N: '0' },
    sizes: { L: [{ S: 'S' }, { S: 'M' }, { NULL: true }] },
  },
];
