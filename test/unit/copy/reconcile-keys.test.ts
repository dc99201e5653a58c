import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReconcile } from '../../../functions/shared/copy/reconcile/open-reconcile.ts';
import { type KeyEnd, reconcileBatch } from '../../../functions/shared/copy/reconcile/reconcile-batch.ts';
import { createTableInput } from '../../../functions/shared/aws/create-table-input.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { attribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { type Bench, sourceTable, startBench } from '../files/backup-bench.ts';

const readings = defineTable({
  name: 'readings',
  key: { partition: ['meter', 'B'], sort: ['at', 'N'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['READING'],
});
const alarms = defineTable({
  name: 'alarms',
  key: { partition: ['at', 'N'], sort: ['meterAndCode', 'S'] },
  billing: { mode: 'PAY_PER_REQUEST' },
  holds: ['ALARM'],
});

const codesOf = (item: WireItem): readonly string[] => {
  const codes = attribute(item, 'codes');
  return codes !== undefined && 'NS' in codes ? codes.NS : [];
};

/** Measurements by meter (B) and second (N) become a reading each, and an alarm for each of their codes. */
const migration = defineMigration({
  source: { name: sourceTable, key: { partition: ['meter', 'B'], sort: ['at', 'N'] } },
  targets: { readings, alarms },
  transform: ({ meter, at, ...measurement }, { put }) =>
    put({
      readings: { READING: [{ ...measurement, meter, at }] },
      alarms: {
        ALARM: codesOf(measurement).map((code) => ({ at, meterAndCode: { S: `${meter.B}#${code}` } })),
      },
    }),
  belongsTo: {
    readings: { sourceKeyOf: ({ meter, at }) => ({ meter, at }), partitionsOf: ({ meter }) => [meter] },
    alarms: {
      sourceKeyOf: ({ at, meterAndCode }) => ({ meter: { B: meterAndCode.S.split('#')[0] ?? '' }, at }),
      partitionsOf: ({ at }) => [at],
    },
  },
  nouns: { item: 'measurement', items: 'measurements' },
});

const RUN = {
  runId: 'run-1',
  startedAt: '2026-01-02T03:04:05.678Z',
  settings: { migration: {}, tablePrefix: '', filled: ['readings', 'alarms'] },
  sourceTable,
};
const B = Buffer.from('meter ten!').toString('base64');
const keyOf = (at: string): WireItem => ({ meter: { B }, at: { N: at } });
const measurement = (at: string, ...codes: string[]): WireItem => ({
  ...keyOf(at),
  kWh: { N: '1.50' },
  ...(codes.length > 0 && { codes: { NS: codes } }),
});

let bench: Bench;
let runtime: Runtime;

beforeEach(async () => {
  bench = await startBench();
  runtime = { ...bench.runtime, migration };
  await bench.createTable(createTableInput(readings, { name: 'readings', tags: {} }));
  await bench.createTable(createTableInput(alarms, { name: 'alarms', tags: {} }));
  await bench.createTable({ ...createTableInput(readings, { name: sourceTable, tags: {} }) });
});
afterEach(() => bench.stop());

async function reconcile(...keys: readonly WireItem[]): Promise<readonly KeyEnd[]> {
  const bounds = { deadline: Date.now() + 60_000, readUnitsPerSecond: 0, writeUnitsPerSecond: 0 };
  const reconcileKey = openReconcile(runtime, { ...bounds, run: RUN, fence: () => Promise.resolve() });
  const batch = { keys, sourceKey: migration.source.key, repair: true, isShort: () => false };
  return [...(await reconcileBatch(reconcileKey, batch)).values()];
}

async function textsIn(tableName: string): Promise<readonly string[]> {
  const { items } = await runtime.items.scanPage({ tableName, segment: 0, totalSegments: 1 });
  return items.map(canonicalJson).toSorted();
}

/** Both tables must hold exactly what these measurements become. */
async function expectTables(...measurements: readonly WireItem[]): Promise<void> {
  const made = measurements.flatMap((one) => {
    const result = migration.transform(one, { ...RUN, settings: {} });
    return result.kind === 'items' ? result.items : [];
  });
  for (const name of ['readings', 'alarms']) {
    const texts = made.filter(({ table }) => table.name === name).map(({ text }) => text);
    expect(await textsIn(name)).toEqual(texts.toSorted());
  }
}

describe('source keys of binary and number, in two filled tables', () => {
  it('are put, changed and deleted in both tables, and nothing beside them in their partitions', async () => {
    await bench.fill(sourceTable, [measurement('1', '7', '8'), measurement('2', '7'), measurement('3')]);
    const written = await reconcile(keyOf('1'), keyOf('2'), keyOf('3'));
    expect(written.map((end) => [end.outcome, 'written' in end && end.written])).toEqual([
      ['repaired', 3],
      ['repaired', 2],
      ['repaired', 1],
    ]);

    await bench.fill(sourceTable, [measurement('1', '8', '9')]);
    await runtime.items.deleteIf(sourceTable, keyOf('2'), {
      expression: 'attribute_exists(#at)',
      names: { '#at': 'at' },
    });
    const [changed, removed, equal] = await reconcile(keyOf('1'), keyOf('2'), keyOf('3'));
    expect(changed).toMatchObject({ outcome: 'repaired', written: 2, deleted: 1 });
    expect(removed).toMatchObject({ outcome: 'repaired', written: 0, deleted: 2 });
    expect(equal).toMatchObject({ outcome: 'equal' });
    await expectTables(measurement('1', '8', '9'), measurement('3'));
  });

  it('are one key in all their spellings', async () => {
    await bench.fill(sourceTable, [measurement('10')]);
    const unpadded = { meter: { B: B.replace(/=+$/, '') }, at: { N: '1.0E1' } };
    const ends = await reconcile(keyOf('10'), keyOf('10.0'), unpadded);
    expect(ends).toHaveLength(1);
    await expectTables(measurement('10'));
    expect(await reconcile(keyOf('10.00'))).toMatchObject([{ outcome: 'equal' }]);
  });
});
