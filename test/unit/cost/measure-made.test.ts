import { describe, expect, it } from 'vitest';
import { measureMade } from '../../../functions/shared/cost/measure-made.ts';
import { measureRun } from '../../../functions/shared/cost/run-size.ts';
import { TransformError } from '../../../functions/shared/errors.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { itemSizeBytes } from '../../../functions/shared/items/item-size.ts';
import type { TransformResult } from '../../../functions/shared/migration/migration.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';

const context = { runId: 'run-1', startedAt: '2026-01-02T03:04:05.678Z', settings: migration.settings };
const transform = (item: WireItem): TransformResult => migration.transform(item, context);
const product = (id: string, sizes: readonly string[]): WireItem => ({
  id: { S: id },
  name: { S: 'Socks' },
  price: { S: '9.99' },
  sizes: { L: sizes.map((size) => ({ S: size })) },
});
const nameless: WireItem = { id: { S: '3' }, price: { S: '9.99' } };

describe('measureMade', () => {
  it('is the average over all source items, those included that are refused', () => {
    const items = [product('1', ['S', 'M', 'L']), product('2', ['S']), nameless, nameless];
    const made = items.map(transform).flatMap((result) => (result.kind === 'items' ? result.items : []));
    const bytes = made.reduce((sum, { item }) => sum + itemSizeBytes(item), 0);
    expect(measureMade(items, transform)).toEqual({
      items: (4 + 2) / 4,
      bytes: bytes / 4,
      writeUnits: (4 + 2) / 4,
      indexWriteUnits: 0,
      indexStorageBytes: 0,
    });
  });

  it('is the average over those that there was time for', () => {
    const items = [product('1', ['S', 'M', 'L']), product('2', ['S']), nameless];
    let looks = 0;
    const isOver = (): boolean => (looks += 1) > 2;
    expect(measureMade(items, transform, isOver)?.items).toBe((4 + 2) / 2);
  });

  it('is nothing where no item becomes anything, and where the migration’s own code fails', () => {
    expect(measureMade([], transform)).toBeUndefined();
    expect(measureMade([nameless], transform)).toBeUndefined();
    const failing = (): never => {
      throw new TransformError('The migration’s own code threw.');
    };
    expect(measureMade([nameless], failing)).toBeUndefined();
  });

  it('sizes the target of a run until its items are counted', () => {
    const made = { items: 1.5, bytes: 600, writeUnits: 2, indexWriteUnits: 0.5, indexStorageBytes: 100 };
    const size = { region: 'ap-southeast-2', products: 1_001, bytes: 1e6, workers: 1, indexes: 1, made };
    expect(measureRun(size).target).toEqual({
      items: 1_502,
      bytes: 600_600,
      writeUnits: 2_002,
      indexWriteUnits: 501,
      indexStorageBytes: 100_100,
    });
    const rehearsal = { metadata: 1_001, variants: 0, targetBytes: 5, writeUnits: 1_001, indexWriteUnits: 7 };
    expect(measureRun({ ...size, rehearsal }).target).toMatchObject({ items: 1_001, indexWriteUnits: 7 });
  });
});
