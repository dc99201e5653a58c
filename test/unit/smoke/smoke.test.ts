import type { LambdaClient } from '@aws-sdk/client-lambda';
import { describe, expect, it } from 'vitest';
import { productToItems } from '../../support/shop.ts';
import { type WireItem, wireItem } from '../../../functions/shared/items/wire-item.ts';
import type { OperatorContext } from '../../../workflow/cli/context.ts';
import { awkwardProducts, namelessProduct } from '../../../workflow/cli/smoke/awkward-products.ts';
import { migratedGaps } from '../../../workflow/cli/smoke/check-migrated.ts';
import { differences } from '../../../workflow/cli/smoke/same-value.ts';
import { readSettings } from '../../../workflow/cli/smoke/settings.ts';

const context = {
  runId: 'run-1',
  startedAt: '2026-01-01T00:00:00.000Z',
  settings: { defaultStockQuantity: 50 },
};
const expected = awkwardProducts(14);
const source = expected.map(({ item }) => item);

const migrated: readonly WireItem[] = source.flatMap((item) => {
  const result = productToItems(item, context);
  if (result.kind === 'quarantined') throw new Error(result.sentence);
  return [...result.items];
});

const gapsOf = (items: readonly WireItem[]) =>
  migratedGaps({ expected, source, migrated: items, runId: 'run-1', defaultStockQuantity: '50' });

/** The target with one item of a product replaced by others. */
const spoil = (change: (item: WireItem) => WireItem | undefined): readonly WireItem[] =>
  migrated.map(change).filter((item) => item !== undefined);

const without = (item: WireItem, name: string): WireItem =>
  wireItem(Object.entries(item).filter(([known]) => known !== name));
const isMetadata = ({ SK }: WireItem): boolean => SK !== undefined && 'S' in SK && SK.S === 'METADATA';

describe('the smoke test’s own comparison', () => {
  it('finds nothing wrong with what the transform makes', () => {
    expect(gapsOf(migrated)).toEqual([]);
  });

  it.each(['__proto__', 'constructor', 'longest', 'empty', 'numberSet', 'name'])(
    'misses %s when it is lost from METADATA',
    (name) => {
      const gaps = gapsOf(spoil((item) => (isMetadata(item) ? without(item, name) : item)));
      expect(gaps).toHaveLength(expected.length);
      expect(gaps[1]).toBe(`smoke-1 lost or changed ${name}`);
    },
  );

  it.each<[string, WireItem]>([
    ['a rounded number', { longest: { N: '12345678901234567000000000000000000000' } }],
    ['another type', { yes: { S: 'true' } }],
    ['another order of a list', { list: { L: [{ N: '1' }, { S: 'a' }, { L: [] }, { M: {} }] } }],
    ['an attribute from nowhere', { more: { S: 'x' } }],
    ['another run', { migrationRun: { S: 'run-0' } }],
  ])('sees %s in METADATA', (_, change) => {
    expect(gapsOf(spoil((item) => (isMetadata(item) ? { ...item, ...change } : item)))).not.toEqual([]);
  });

  it.each<[string, WireItem]>([
    ['another price', { price: { N: '1' } }],
    ['another currency', { currency: { S: 'USD' } }],
    ['another stock', { stockQuantity: { N: '49' } }],
    ['another size', { size: { S: 'XXS' } }],
    ['an sku that is not its key’s', { sku: { S: 'x' } }],
  ])('sees %s in a variant', (_, change) => {
    expect(gapsOf(spoil((item) => (isMetadata(item) ? item : { ...item, ...change })))).not.toEqual([]);
  });

  it('misses one variant, one product, and sees one too many', () => {
    expect(gapsOf(migrated.filter((_, index) => index !== 1))).toHaveLength(1);
    expect(gapsOf(migrated.filter(isMetadata))).toHaveLength(expected.length);
    expect(gapsOf([])).toHaveLength(expected.length);
    const foreign: WireItem = { PK: { S: 'PRODUCT#other' }, SK: { S: 'METADATA' } };
    expect(gapsOf([...migrated, foreign])).toEqual(['PRODUCT#other is in the target and nowhere else']);
  });

  it('holds two tables to be the same whatever the order of items, names and sets', () => {
    const turned = source.toReversed().map((item) => wireItem(Object.entries(item).toReversed()));
    expect(differences(source, turned)).toEqual([]);
    expect(differences(source, turned.slice(1))).toEqual(['smoke-13']);
    expect(differences(source.slice(1), turned)).toEqual(['smoke 0/ü#🧵']);
  });

  it('has a product that no migration takes', () => {
    expect(productToItems(namelessProduct, context)).toMatchObject({ code: 'MissingName' });
  });
});

function deployed(stage: string, variables: Record<string, string> | undefined): OperatorContext {
  const lambda = { send: async () => ({ Environment: { Variables: variables } }) } as unknown as LambdaClient;
  return { stage, region: 'eu-west-1', lambda } as unknown as OperatorContext;
}

const environment = {
  STAGE: 'prod',
  SOURCE_TABLE: 'products',
  TABLE_PREFIX: '',
  SETTINGS: '{"defaultStockQuantity":"50"}',
  TRANSFORM_VERSION: '0123456789abcdef',
};

describe('the deployment that is tried out', () => {
  it('is never the shop’s own, even when its tables are not there yet', async () => {
    await expect(readSettings(deployed('prod', environment))).rejects.toThrow(
      /works on the table products itself[^]*\nnpx sls deploy --stage smoke --region eu-west-1 --param="sourceTable=smoke-products" --param="tablePrefix=smoke-"$/,
    );
    await expect(readSettings(deployed('local', environment))).resolves.toMatchObject({
      sourceTable: 'products',
      targets: ['cart', 'orders', 'returns', 'products-enhanced'],
    });
  });

  it('says itself which tables it works on', async () => {
    const own = { ...environment, SOURCE_TABLE: 'a', TABLE_PREFIX: 'b-' };
    await expect(readSettings(deployed('prod', { ...own, SOURCE_TABLE: 'source' }))).resolves.toEqual({
      sourceTable: 'source',
      targets: ['b-cart', 'b-orders', 'b-returns', 'b-products-enhanced'],
      catalogue: 'b-products-enhanced',
      defaultStockQuantity: '50',
    });
    await expect(readSettings(deployed('prod', own))).rejects.toThrow(/does not say which tables/);
    await expect(readSettings(deployed('prod', undefined))).rejects.toThrow(/Deploy this version first/);
  });
});
