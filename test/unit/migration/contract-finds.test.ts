import { expect, it } from 'vitest';
import { attribute, type WireItem, type WireValue } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import {
  changesItsItem,
  droppedPaths,
  repeatedKeys,
  textsAt,
  throwingKeys,
} from '../../support/migration-contract.ts';

/** What the contract finds where a member becomes this. */
function droppedBy(kept: (member: WireItem) => WireItem, member: WireItem): readonly string[] {
  return droppedPaths(migrationOf(kept), { id: { S: '1' }, ...member });
}

function migrationOf(kept: (member: WireItem) => WireItem) {
  const people = defineTable({
    name: 'people',
    key: { partition: ['PK', 'S'] },
    billing: { mode: 'PAY_PER_REQUEST' },
    holds: ['PERSON'],
  });
  return defineMigration({
    source: { name: 'members', key: { partition: ['id', 'S'] } },
    targets: { people },
    transform: ({ id, ...others }, { put }) => put({ people: { PERSON: [{ ...kept(others), PK: id }] } }),
    belongsTo: { people: { sourceKeyOf: ({ PK }) => ({ id: PK }), partitionsOf: ({ id }) => [id] } },
    nouns: { item: 'member', items: 'members' },
  });
}

/** Takes the attributes that it knows, by their names. */
const only =
  (...names: readonly string[]) =>
  (member: WireItem): WireItem =>
    Object.fromEntries(names.map((name) => [name, attribute(member, name) ?? { NULL: true }]));

it('a transform that asks the machine’s clock makes other bytes at another time', () => {
  const stamped = migrationOf((member) => ({ ...member, madeAt: { S: new Date().toISOString() } }));
  const member = { id: { S: '1' } };
  const [first, second] = ['2026-01-02T03:04:05.678Z', '2031-07-08T09:10:11.123Z'].map((now) =>
    textsAt(now, stamped, member),
  );
  expect(first).not.toEqual(second);
  expect(textsAt('2026-01-02T03:04:05.678Z', stamped, member)).toEqual(first);
});

it('a transform that writes into its item is found, at any depth', () => {
  const member = { id: { S: '1' }, sizes: { L: [{ S: 'M' }, { S: 'L' }] } };
  const turning = migrationOf((all) => {
    const { sizes } = all;
    if (sizes !== undefined && 'L' in sizes) (sizes.L as WireValue[]).reverse();
    return all;
  });
  expect(changesItsItem(turning, member)).toBe(true);
  const keeping = migrationOf((all) => all);
  expect(changesItsItem(keeping, member)).toBe(false);
});

it('a partitionsOf that throws for the key of a refused item is found, because a sync asks it about every key', () => {
  const numbers = defineTable({
    name: 'numbers',
    key: { partition: ['PK', 'S'] },
    billing: { mode: 'PAY_PER_REQUEST' },
    holds: ['NUMBER'],
  });
  const migration = defineMigration({
    source: { name: 'members', key: { partition: ['id', 'S'] } },
    targets: { numbers },
    transform: (_item, { refuse, label }) => refuse('NoNumber', `${label} is no number.`),
    belongsTo: {
      numbers: { sourceKeyOf: () => undefined, partitionsOf: ({ id }) => [{ S: BigInt(id.S).toString() }] },
    },
    nouns: { item: 'member', items: 'members' },
  });
  expect(throwingKeys(migration, [{ id: { S: '1' } }, { id: { S: '1.5' } }])).toContain('1.5');
  const keeping = migrationOf((all) => all);
  expect(throwingKeys(keeping, [{ id: { S: '1.5' } }])).toEqual([]);
});

it('generated items with the same key are found', () => {
  const members = ['1', '2', '1', '1'].map((id) => ({ id: { S: id } }));
  expect(
    repeatedKeys(
      migrationOf((all) => all),
      members,
    ),
  ).toEqual(['1', '1']);
});

it('a transform that keeps everything drops nothing', () => {
  const member = { name: { S: 'Ada' }, parts: { M: { list: { L: [] }, none: { NULL: true } } } };
  expect(droppedBy((all) => all, member)).toEqual([]);
});

it('a transform that takes attributes by name drops one that no sample has', () => {
  expect(droppedBy(only('name'), { name: { S: 'Ada' } })).toEqual(['anAttributeThatNobodyExpects']);
});

it('a transform that takes members of a map by name drops one that no sample has', () => {
  const flat = ({ address, ...all }: WireItem): WireItem => {
    const street = address !== undefined && 'M' in address ? address.M['street'] : undefined;
    return { ...all, ...(street && { street }) };
  };
  const member = { address: { M: { street: { S: 'Main' } } } };
  expect(droppedBy(flat, member)).toEqual(['address.anAttributeThatNobodyExpects']);
});

it('a transform that drops the end of a long list is found in few attempts', () => {
  const list = Array.from({ length: 1_000 }, (_, index) => ({ S: `${index}` }));
  let attempts = 0;
  const shortened = ({ parts }: WireItem): WireItem => {
    attempts += 1;
    return { parts: parts !== undefined && 'L' in parts ? { L: parts.L.slice(0, 995) } : { NULL: true } };
  };
  const dropped = droppedBy(shortened, { parts: { L: list } });
  expect(dropped).toEqual(expect.arrayContaining(['parts[1000]', 'parts[995]', 'parts[999]']));
  expect(attempts).toBeLessThan(30);
});

it.each<WireValue>([
  { S: 'x' },
  { N: '77' },
  { B: 'BBBB' },
  { BOOL: true },
  { NULL: true },
  { M: {} },
  { L: [] },
  { SS: ['another'] },
  { NS: ['77'] },
  { NS: ['77', '78'] },
  { BS: ['BBBB'] },
  { BS: ['AAAA', 'BBBB'] },
])('an attribute that is dropped is found whatever its type: %j', (value) => {
  expect(droppedBy(only('kept'), { dropped: value }).join()).toContain('dropped');
  expect(droppedBy((all) => all, { dropped: value })).toEqual([]);
});
