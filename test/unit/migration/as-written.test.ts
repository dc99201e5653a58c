import { describe, expect, it } from 'vitest';
import { itemDigest } from '../../../functions/shared/items/digest.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { isAsMigrated, writtenDigest } from '../../../functions/shared/migration/as-written.ts';

const made: WireItem = { PK: { S: 'PRODUCT#1' }, SK: { S: 'METADATA' }, migrationRun: { S: 'run-1' } };
const digest = itemDigest(made);
const written: WireItem = { ...made, migrationDigest: { S: digest } };

describe('the digest that an item of a target counts for', () => {
  it('is its own migrationDigest where the item is as the migration wrote it', () => {
    expect(isAsMigrated(written)).toBe(true);
    expect(writtenDigest(written)).toBe(digest);
  });
  it.each<readonly [string, WireItem]>([
    ['whose attribute was changed', { ...written, SK: { S: 'VARIANT#1' } }],
    ['that was given another attribute', { ...written, note: { S: 'sold out' } }],
    ['that lost its migrationDigest', made],
    ['whose migrationDigest was changed', { ...written, migrationDigest: { S: digest.replace(/^./, 'x') } }],
    ['whose migrationDigest is of another type', { ...written, migrationDigest: { B: digest } }],
  ])('is never that of the item that was written for one %s', (_, item) => {
    expect(isAsMigrated(item)).toBe(false);
    const others = itemDigest({ ...item, migrationDigest: { S: '' } });
    expect([digest, others, itemDigest(item)]).not.toContain(writtenDigest(item));
  });
});
