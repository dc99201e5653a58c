import { describe, expect, it } from 'vitest';
import { TransformError } from '../../../functions/shared/errors.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { ownerKeyOf } from '../../../functions/shared/migration/owner.ts';

/** What an item of the table `events` belongs to, where the migration says this of its key. */
function ownerSaid(says: () => unknown, partitions: () => unknown = () => [{ S: 'p' }]) {
  const events = defineTable({
    name: 'events',
    key: { partition: ['PK', 'S'] },
    billing: { mode: 'PAY_PER_REQUEST' },
    holds: ['EVENT'],
  });
  const { filled } = defineMigration({
    source: { name: 'telemetry', key: { partition: ['device', 'B'], sort: ['seq', 'N'] } },
    targets: { events },
    transform: (_item, { put }) => put({}),
    belongsTo: { events: { sourceKeyOf: says as () => undefined, partitionsOf: partitions as () => [] } },
    nouns: { item: 'event', items: 'events' },
  });
  const [table] = filled;
  if (table === undefined) throw new Error('The migration fills no table.');
  return ownerKeyOf({ PK: { S: 'p' }, secret: { S: 'secret' } }, table);
}

const device = { B: 'AAEC' };
const seq = { N: '7' };

describe('the owner of an item of a filled table', () => {
  it('is the whole key of a source item and nothing else', () => {
    expect(ownerSaid(() => ({ device, seq, more: { S: 'x' } }))).toEqual({ device, seq });
  });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'device'],
    ['a key without its sort key', { device }],
    ['an empty binary', { device: { B: '' }, seq }],
    ['base64 of nothing', { device: { B: '!?' }, seq }],
    ['another type', { device: { S: 'AAEC' }, seq }],
    ['a bare value', { device: 'AAEC', seq }],
    ['an undefined value', { device: { B: undefined }, seq }],
    ['no number', { device, seq: { N: 'one' } }],
    ['an empty number', { device, seq: { N: '' } }],
    ['a number with more than 38 digits', { device, seq: { N: `0.${'1'.repeat(39)}` } }],
    ['a number beyond the range of DynamoDB', { device, seq: { N: '1E126' } }],
    ['a partition key over 2,048 bytes', { device: { B: Buffer.alloc(2049).toString('base64') }, seq }],
  ])('is nobody where the migration derives a key that DynamoDB refuses: %s', (_what, owner) => {
    expect(ownerSaid(() => owner)).toBeUndefined();
  });

  it('is nobody where the partitions of the derived source item do not hold the item', () => {
    const other = () => [{ S: 'q' }];
    expect(ownerSaid(() => ({ device, seq }), other)).toBeUndefined();
  });

  it.each([
    ['sourceKeyOf', () => ownerSaid(boom)],
    ['partitionsOf', () => ownerSaid(() => ({ device, seq }), boom)],
  ])('is a failure of the migration that names the table and the key where %s throws', (_name, failing) => {
    expect(failing).toThrow(TransformError);
    expect(failing).toThrow(/threw SyntaxError in its belongsTo on the key p of table events\. .*undefined/);
    expect(failing).not.toThrow(/secret/);
  });
});

function boom(): WireItem {
  throw new SyntaxError('Cannot convert secret to a BigInt');
}
