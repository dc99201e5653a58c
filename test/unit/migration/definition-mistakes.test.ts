import { describe, expect, it } from 'vitest';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';

const billing = { mode: 'PAY_PER_REQUEST' } as const;
const key = { partition: ['PK', 'S'] } as const;
const people = defineTable({ name: 'people', key, billing, holds: ['PERSON'] });
const members = {
  source: { name: 'members', key: { partition: ['id', 'S'] } },
  targets: { people },
  transform: () => ({ put: {} }),
  belongsTo: { people: { sourceKeyOf: () => undefined, partitionsOf: () => [] } },
  nouns: { item: 'member', items: 'members' },
} as const;

describe('a field that a definition does not have', () => {
  /** Only what the compiler says is looked at: none of these is called. */
  const notCalled: readonly (() => unknown)[] = [
    // @ts-expect-error -- the sort key is called sort
    () => defineTable({ name: 'people', key: { ...key, sortKey: ['SK', 'S'] }, billing }),
    // @ts-expect-error -- it is called timeToLiveAttribute
    () => defineTable({ name: 'people', key, billing, ttl: 'expiresAt' }),
    // @ts-expect-error -- it is called indexes
    () => defineTable({ name: 'people', key, billing, index: [] }),
    () => {
      const town = { partition: ['town', 'S'], range: ['at', 'N'] } as const;
      const indexes = [{ name: 'ByTown', key: town, projection: 'ALL' }] as const;
      // @ts-expect-error -- the sort key of an index is called sort
      return defineTable({ name: 'people', key, billing, indexes });
    },
    () =>
      defineMigration({
        ...members,
        // @ts-expect-error -- the sort key of the source is called sort
        source: { name: 'members', key: { partition: ['id', 'S'], sortKey: ['at', 'N'] } },
      }),
  ];

  it('does not compile', () => {
    expect(notCalled).toHaveLength(5);
  });
});

/** Definitions as code that nobody has compiled may have them: `npm start` compiles nothing. */
const tableOf = (more: object) => () => defineTable({ name: 'people', key, billing, ...more });
const byTown = (more: object) => ({
  indexes: [{ name: 'ByTown', key: { partition: ['town', 'S'] }, projection: 'ALL', ...more }],
});

describe('a table that is written wrongly', () => {
  it.each<[string, object]>([
    ['has an unknown field ttl (the fields are name, key,', { ttl: 'expiresAt' }],
    ['has an unknown field index (did you mean indexes?).', { index: [] }],
    [
      'has an unknown field sortKey in its key (did you mean sort?).',
      { key: { ...key, sortKey: ['SK', 'S'] } },
    ],
    ['has no key', { key: undefined }],
    ['has no partition in its key', { key: { sort: ['SK', 'S'] } }],
    ['has "PK" as partition in its key; it must be a name', { key: { partition: 'PK' } }],
    ['has ["","S"] as partition in its key; it must', { key: { partition: ['', 'S'] } }],
    ['has ["PK","BOOL"] as partition in its key; it', { key: { partition: ['PK', 'BOOL'] } }],
    ['has ["SK"] as sort in its key; it must be', { key: { ...key, sort: ['SK'] } }],
    ['has no billing', { billing: undefined }],
    ['has mode ON_DEMAND in its billing; it must be', { billing: { mode: 'ON_DEMAND' } }],
    ['has readUnitsPerSecond undefined; it must be', { billing: { mode: 'PROVISIONED' } }],
    ['has projection INCLUDE in its index ByTown; it must be', byTown({ projection: 'INCLUDE' })],
    ['has an unknown field local in its index ByTown (the fields are', byTown({ local: true })],
    ['has no key in its index ByTown', byTown({ key: undefined })],
    ['has indexes that are no list', { indexes: { ByTown: {} } }],
    ['has timeToLiveAttribute ""; it must be', { timeToLiveAttribute: '' }],
    ['holds the kind PERSON twice', { holds: ['PERSON', 'NOTE', 'PERSON'] }],
    ['has holds that is no list of kinds', { holds: 'PERSON' }],
    ['has holds that is no list of kinds', { holds: [] }],
  ])('is refused where it is defined: it %s', (sentence, more) => {
    expect(tableOf(more)).toThrow(RangeError);
    expect(tableOf(more)).toThrow(`Table people of the migration ${sentence}`);
  });

  it('is refused without a name', () => {
    expect(tableOf({ name: undefined })).toThrow('A table of the migration has no name.');
  });
});

describe('a migration that is written wrongly', () => {
  const migrationOf = (more: object) => () => defineMigration({ ...members, ...more });
  const sourceOf = (more: object) => ({ source: { ...members.source, ...more } });

  it.each<[string, object]>([
    ['has an unknown field setting (did you mean settings?).', { setting: {} }],
    ['has a setting days of type object; it must be', { settings: { days: null } }],
    [
      'has a setting greeting with an apostrophe in its default, which no deployment can read',
      { settings: { greeting: "it's" } },
    ],
    ['has no nouns', { nouns: undefined }],
    ['has no belongsTo', { belongsTo: undefined }],
    ['has no source', { source: undefined }],
    ['has no key in its source', sourceOf({ key: undefined })],
    [
      'has an unknown field sortKey in the key of its source (did you mean sort?).',
      sourceOf({ key: { ...members.source.key, sortKey: ['at', 'N'] } }),
    ],
    [
      'has id as partition key and sort key of the key of its source',
      sourceOf({ key: { ...members.source.key, sort: ['id', 'S'] } }),
    ],
  ])('is refused where it is defined: it %s', (sentence, more) => {
    expect(migrationOf(more)).toThrow(RangeError);
    expect(migrationOf(more)).toThrow(`The migration ${sentence}`);
  });

  it('names a target that is not made by defineTable', () => {
    expect(migrationOf({ targets: { people: { name: 'people', key, billing } } })).toThrow(
      'The migration has a target people that is not made by defineTable.',
    );
  });
});
