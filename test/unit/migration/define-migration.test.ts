import { describe, expect, expectTypeOf, it } from 'vitest';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import type { TableDefinition } from '../../../functions/shared/migration/table-definition.ts';
import { TransformError } from '../../../functions/shared/errors.ts';
import type { TransformContext } from '../../../functions/shared/migration/migration.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';

const readings = defineTable({
  name: 'readings.by-day',
  key: { partition: ['sensorDay', 'S'], sort: ['at', 'N'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  indexes: [
    { name: 'ByValue', key: { partition: ['unit', 'S'], sort: ['value', 'N'] }, projection: 'KEYS_ONLY' },
  ],
  holds: ['READING', 'SUMMARY'],
});
const blobs = defineTable({
  name: 'blobs',
  key: { partition: ['id', 'B'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['BLOB'],
});
const alarms = defineTable({
  name: 'alarms',
  key: { partition: ['sensor', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
});

const base = {
  source: { name: 'measurements', key: { partition: ['sensor', 'S'], sort: ['at', 'N'] } },
  targets: { readings, blobs, alarms },
  settings: { days: 7, unit: 'C', strict: false },
  nouns: { item: 'measurement', items: 'measurements' },
  belongsTo: {
    readings: {
      sourceKeyOf: ({ sensorDay, at }: { sensorDay: { S: string }; at: { N: string } }) => ({
        sensor: { S: sensorDay.S.split('/')[0] ?? '' },
        at,
      }),
      partitionsOf: ({ sensor }: { sensor: { S: string } }) => [
        { S: `${sensor.S}/1` },
        { S: `${sensor.S}/2` },
      ],
    },
    blobs: { sourceKeyOf: () => undefined, partitionsOf: () => [] },
  },
} as const;

const context: TransformContext = { runId: 'run-1', startedAt: '2026-01-02T03:04:05.678Z', settings: {} };
const reading = (more: WireItem = {}) => ({ sensorDay: { S: 'a/1' }, at: { N: '7' }, ...more }) as const;
const source: WireItem = { sensor: { S: 'a' }, at: { N: '7' } };

/** What the source item becomes under these items of `readings`. */
function becomes(items: readonly WireItem[]) {
  const { transform } = defineMigration({
    ...base,
    transform: (_item, { put }) =>
      put({ readings: { READING: items as readonly ReturnType<typeof reading>[] } }),
  });
  return transform(source, context);
}

describe('a definition', () => {
  it('names each partition once, in the spelling that DynamoDB takes', () => {
    const { filled } = defineMigration({
      ...base,
      targets: { blobs },
      belongsTo: {
        blobs: {
          sourceKeyOf: () => undefined,
          partitionsOf: () => [{ B: 'AAE' }, { B: 'AAE=' }, { B: 'AAEC' }],
        },
      },
      transform: (_item, { put }) => put({}),
    });
    expect(filled[0]?.partitionsOf(source)).toEqual([{ B: 'AAE=' }, { B: 'AAEC' }]);
  });

  it('does not compile with a table, a kind, a key attribute or a type that the schema does not have', () => {
    defineMigration({
      ...base,
      transform: (item, { put, settings }) => {
        expectTypeOf(item.sensor.S).toEqualTypeOf<string>();
        expectTypeOf(settings).toEqualTypeOf<{
          readonly days: number;
          readonly unit: string;
          readonly strict: boolean;
        }>();
        // @ts-expect-error -- there is no such table
        put({ reading: { READING: [reading()] } });
        // @ts-expect-error -- the migration puts nothing into this table
        put({ alarms: { ALARM: [{ sensor: { S: 'a' } }] } });
        // @ts-expect-error -- the table holds no such kind
        put({ readings: { READINGS: [reading()] } });
        // @ts-expect-error -- the sort key is missing
        put({ readings: { READING: [{ sensorDay: { S: 'a/1' } }] } });
        // @ts-expect-error -- the sort key is a number
        put({ readings: { READING: [{ sensorDay: { S: 'a/1' }, at: { S: '7' } }] } });
        // @ts-expect-error -- the partition key is binary
        put({ blobs: { BLOB: [{ id: { S: 'AQ==' } }] } });
        return put({ readings: { SUMMARY: [reading()] }, blobs: { BLOB: [{ id: { B: 'AQ==' } }] } });
      },
    });
    const transform = () => ({ put: {} });
    const { readings: readingsOwner, blobs: blobsOwner } = base.belongsTo;
    // @ts-expect-error -- nothing says to which source item an item of blobs belongs
    expect(() => defineMigration({ ...base, transform, belongsTo: { readings: readingsOwner } })).toThrow(
      'blobs',
    );
    const half = { ...blobsOwner, sourceKeyOf: () => ({ sensor: { S: 'a' } }) };
    // @ts-expect-error -- a source key without its sort key
    defineMigration({ ...base, transform, belongsTo: { readings: readingsOwner, blobs: half } });
    const list = { partition: ['id', 'L'] } as const;
    // @ts-expect-error -- the attribute is no key type
    expect(() => defineTable({ name: 'x', key: list, billing: { mode: 'PAY_PER_REQUEST' } })).toThrow('L');
    const transformless = { ...base };
    // @ts-expect-error -- there is no transform
    expect(() => defineMigration(transformless)).toThrow('has no transform');
  });

  it('names functions by its tables, the filling one by the first table that is filled', () => {
    const migration = defineMigration({ ...base, transform: (_item, { put }) => put({}) });

    expect(migration.targets.map(({ createdBy }) => createdBy)).toEqual([
      'createReadingsByDayTable',
      'createBlobsTable',
      'createAlarmsTable',
    ]);
    expect(migration.migratedBy).toBe('migrateReadingsByDay');
    expect(migration.filled.map(({ id, kinds }) => [id, kinds])).toEqual([
      ['readings', ['READING', 'SUMMARY']],
      ['blobs', ['BLOB']],
    ]);
    expect(migration.targets[0]).toMatchObject({
      key: { partitionKey: 'sensorDay', sortKey: 'at' },
      attributes: { sensorDay: 'S', at: 'N', unit: 'S', value: 'N' },
    });
  });

  it('needs a table that holds something', () => {
    const define = () =>
      defineMigration({ ...base, targets: { alarms }, transform: () => ({ put: {} }), belongsTo: {} });
    expect(define).toThrow('A migration needs a table that holds something.');
  });
});

describe('a table that DynamoDB would not create', () => {
  const on = (partition: string, type: 'S' | 'N' = 'S') => ({ partition: [partition, type] as const });
  const index = (name: string, key: ReturnType<typeof on>) => ({ name, key, projection: 'ALL' }) as const;
  const provisioned = (readUnitsPerSecond: number) =>
    ({ mode: 'PROVISIONED', readUnitsPerSecond, writeUnitsPerSecond: 1 }) as const;
  const alarmsBut = (more: Partial<TableDefinition>) => () =>
    defineTable({ name: 'alarms', key: on('sensor'), billing: { mode: 'PAY_PER_REQUEST' }, ...more });

  it.each<[string, Partial<TableDefinition>]>([
    ['has an index "x"; such a name needs 3 to 255', { indexes: [index('x', on('unit'))] }],
    ['has two indexes called ByUnit', { indexes: [index('ByUnit', on('unit')), index('ByUnit', on('at'))] }],
    ['has readUnitsPerSecond 0; it must be a whole number, at least 1', { billing: provisioned(0) }],
    ['has readUnitsPerSecond 1.5;', { billing: provisioned(1.5) }],
    ['has at as partition key and sort key of its key', { key: { ...on('at'), sort: ['at', 'S'] } }],
    ['uses sensor in its keys as type S and as type N', { indexes: [index('BySensor', on('sensor', 'N'))] }],
  ])('is refused where it is defined: it %s', (sentence, more) => {
    expect(alarmsBut(more)).toThrow(RangeError);
    expect(alarmsBut(more)).toThrow(`Table alarms of the migration ${sentence}`);
  });

  it('may use an attribute in several keys', () => {
    const { attributes } = alarmsBut({
      indexes: [index('BySensor', on('sensor')), index('AtUnit', on('unit'))],
    })();
    expect(attributes).toEqual({ sensor: 'S', unit: 'S' });
  });
});

describe('a transform that throws', () => {
  it('fails with the item, the kind of error and how to find its place, and without a value of the item', () => {
    const { transform } = defineMigration({
      ...base,
      transform: () => {
        throw new SyntaxError('Cannot convert secret to a BigInt');
      },
    });
    const failing = () => transform({ ...source, value: { S: 'secret' } }, context);

    expect(failing).toThrow(TransformError);
    expect(failing).toThrow(/threw SyntaxError on Measurement "a" \/ 7, .* samples\.ts/);
    expect(failing).not.toThrow(/secret/);
  });
});

describe('a transform that puts items where the schema has no place for them', () => {
  /** As a helper's result, in which the compiler does not look for names that are too many. */
  const putting = (put: object) =>
    defineMigration({ ...base, transform: (_item, tools) => tools.put(put) }).transform;
  const own = { READING: [reading()] };

  it.each([
    ['a kind beside a right one', { readings: { ...own, NOTES: [reading()] } }, 'kind NOTES into readings'],
    ['a misspelled kind alone', { readings: { READNG: [reading()] } }, 'kind READNG into readings'],
    ['an unknown kind without items', { readings: { ...own, NOTES: [] } }, 'kind NOTES into readings'],
    ['an unknown table', { readings: own, reading: own }, 'under reading,'],
    ['a table that holds nothing', { readings: own, alarms: { ALARM: [] } }, 'under alarms,'],
  ])('fails with the name and the item, and loses nothing silently: %s', (_what, put, named) => {
    const failing = () => putting(put)(source, context);
    expect(failing).toThrow(TransformError);
    expect(failing).toThrow(named);
    expect(failing).toThrow('Measurement "a" / 7');
  });
});

describe('a transform that does not return what put gives it', () => {
  it.each<[string, unknown, RegExp]>([
    ['nothing', undefined, /did not return what put\(\{\.\.\.\}\) gives it, on Measurement "a" \/ 7/],
    ['a plain object', { readings: {} }, /did not return what put/],
    ['a promise', Promise.resolve({ put: {} }), /returned a promise, and a transform cannot wait/],
    [
      'an item in place of a list',
      { put: { readings: { READING: reading() } } },
      /no list of items into readings, under READING/,
    ],
    [
      'a list of nothing',
      { put: { readings: { READING: [undefined] } } },
      /no list of items into readings, under READING/,
    ],
  ])('fails with a sentence that names the item: %s', (_what, returned, sentence) => {
    const { transform } = defineMigration({
      ...base,
      transform: () => returned as { put: Record<string, never> },
    });
    const failing = () => transform(source, context);
    expect(failing).toThrow(TransformError);
    expect(failing).toThrow(sentence);
  });
});

it('leaves no rejected promise behind, whose own message would take the place of the sentence', async () => {
  const rejected: unknown[] = [];
  const note = (reason: unknown): void => void rejected.push(reason);
  const others = process.rawListeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  const transform = (): never => Promise.reject(new Error('secret')) as never;

  expect(() => defineMigration({ ...base, transform }).transform(source, context)).toThrow(TransformError);

  await new Promise((resolve) => setImmediate(resolve));
  process.removeAllListeners('unhandledRejection');
  for (const other of others) process.on('unhandledRejection', other as (reason: unknown) => void);
  expect(rejected).toEqual([]);
});

it('belongs to the source item as it was read, whatever the transform makes of its key meanwhile', () => {
  const { transform } = defineMigration({
    ...base,
    transform: (item, { put }) => {
      Object.assign(item, { sensor: { S: 'b' } });
      return put({ readings: { READING: [reading({ sensorDay: { S: 'b/1' } })] } });
    },
  });
  expect(transform({ ...source }, context)).toMatchObject({ kind: 'quarantined', code: 'ForeignTargetKey' });
});

/** Maps and lists in each other. */
const nested = (levels: number): WireItem[string] =>
  levels === 0
    ? { S: 'bottom' }
    : levels % 2 === 0
      ? { L: [nested(levels - 1)] }
      : { M: { in: nested(levels - 1) } };

describe('a transformed item', () => {
  it('gets the run and a digest of all its other attributes', () => {
    const result = becomes([reading({ value: { N: '1.50' } })]);

    expect(result).toMatchObject({
      kind: 'items',
      items: [
        {
          kind: 'READING',
          item: {
            migrationRun: { S: 'run-1' },
            migrationDigest: { S: expect.stringMatching(/^[0-9a-f]{64}$/) as string },
          },
        },
      ],
    });
    const [made] = result.kind === 'items' ? result.items : [];
    expect(JSON.parse(made?.text ?? '')).toEqual({ ...made?.item, value: { N: '1.5' } });
  });

  it.each([
    ['is of type N and not S', { unit: { N: '1' } }],
    ['is empty', { unit: { S: '' } }],
    ['has 2049 bytes where DynamoDB takes 2048', { unit: { S: 'x'.repeat(2049) } }],
    ['is no number that DynamoDB stores', { value: { N: '1E126' } }],
  ])('that cannot be in an index says why before it says where: %s', (why, more: WireItem) => {
    const [name = ''] = Object.keys(more);
    expect(becomes([reading(more)])).toMatchObject({
      sentence: `Measurement "a" / 7 becomes an item of readings.by-day whose ${name} ${why}, so it cannot be a key of its index ByValue.`,
    });
  });

  it.each([
    ['ReservedAttribute', [reading({ migrationRun: { S: 'mine' } })]],
    ['InvalidKey', [{ sensorDay: { S: 'a/1' }, at: { S: '7' } }]],
    ['InvalidKey', [{ sensorDay: { S: '' }, at: { N: '7' } }]],
    ['InvalidKey', [{ at: { N: '7' } }]],
    ['KeyTooLong', [reading({ sensorDay: { S: `a/${'1'.repeat(2047)}` } })]],
    ['InvalidIndexKey', [reading({ unit: { N: '1' } })]],
    ['InvalidIndexKey', [reading({ unit: { NULL: true } })]],
    ['InvalidIndexKey', [reading({ unit: { S: '' } })]],
    ['InvalidIndexKey', [reading({ unit: { S: 'x'.repeat(2049) } })]],
    ['InvalidIndexKey', [reading({ value: { S: '7' } })]],
    ['InvalidIndexKey', [reading({ value: { N: '1E126' } })]],
    ['InvalidValue', [reading({ text: { S: 'half of 😀'.slice(0, -1) } })]],
    ['InvalidValue', [reading({ deep: { M: { 'half \ud83d': { S: 'name' } } } })]],
    ['InvalidValue', [reading({ number: { N: String(Number.NaN) } })]],
    ['InvalidValue', [reading({ number: { N: '1234567890123456789012345678901234567890' } })]],
    ['InvalidValue', [reading({ number: { N: '1E200' } })]],
    ['InvalidValue', [reading({ number: { N: 12 as unknown as string } })]],
    ['InvalidValue', [reading({ number: 12 as unknown as WireItem[string] })]],
    ['InvalidValue', [reading({ both: { S: 'a', N: '1' } })]],
    ['InvalidValue', [reading({ none: {} as WireItem[string] })]],
    ['InvalidValue', [reading({ strange: { STR: 'a' } as unknown as WireItem[string] })]],
    ['InvalidValue', [reading({ bytes: { B: 'hello world' } })]],
    ['InvalidValue', [reading({ bytes: { B: new Uint8Array(1) as unknown as string } })]],
    ['InvalidValue', [reading({ nothing: { NULL: false } })]],
    ['InvalidValue', [reading({ texts: { SS: ['a', 'b', 'a'] } })]],
    ['InvalidValue', [reading({ numbers: { NS: ['1', '1.0'] } })]],
    ['InvalidValue', [reading({ nested: { SS: [['a']] as unknown as string[] } })]],
    ['InvalidValue', [reading({ deep: nested(33) })]],
    ['EmptySet', [reading({ text: { SS: [] } })]],
    ['EmptySet', [reading({ deep: { M: { list: { L: [{ M: { numbers: { NS: [] } } }] } } } })]],
    ['EmptySet', [reading({ bytes: { BS: [] } })]],
    ['ItemTooLarge', [reading({ text: { S: 'x'.repeat(410_000) } })]],
    ['ForeignTargetKey', [reading({ sensorDay: { S: 'b/1' } })]],
    ['ForeignTargetKey', [reading({ sensorDay: { S: 'a/3' } })]],
    ['ForeignTargetKey', [reading({ at: { N: '8' } })]],
    ['DuplicateTargetKey', [reading(), reading({ at: { N: '7.0' } })]],
    ['NoItems', []],
  ])('is refused with %s when it, the table or another source item would lose something', (code, items) => {
    expect(becomes(items)).toMatchObject({
      kind: 'quarantined',
      code,
      sentence: expect.stringContaining('Measurement "a" / 7') as string,
    });
  });

  it.each<[string, WireItem]>([
    ['a long name', { ['n'.repeat(60_000)]: { N: 'none' } }],
    [
      'many types',
      { many: Object.fromEntries(Array.from({ length: 9_000 }, (_, at) => [`S${at}`, 'a'])) as never },
    ],
    ['a type with a long name', { strange: { ['T'.repeat(60_000)]: 'a' } as never }],
  ])('is refused with a short sentence where an attribute has %s', (_what, more) => {
    const result = becomes([reading(more)]);
    expect(result).toMatchObject({ kind: 'quarantined', code: 'InvalidValue' });
    expect(JSON.stringify(result).length).toBeLessThan(400);
  });

  it.each<[string, WireItem]>([
    ['no key of an index', {}],
    ['one attribute of an index alone', { unit: { S: 'C' } }],
    ['both', { unit: { S: 'C' }, value: { N: '-1.5' } }],
    ['32 levels of maps and lists', { deep: nested(32) }],
    ['bytes without padding', { bytes: { B: 'QQ' }, more: { BS: ['QUI=', ''] } }],
    ['the longest number', { number: { N: '-99999999999999999999999999999999999999' } }],
    ['a text that reads like an empty set', { text: { S: '"SS":[]' }, SS: { L: [] } }],
  ])('may have %s', (_what, more) => {
    expect(becomes([reading(more)])).toMatchObject({ kind: 'items' });
  });

  it('may have a number in another spelling as its key', () => {
    expect(becomes([reading({ at: { N: '7.00' } })])).toMatchObject({ kind: 'items' });
  });
});
