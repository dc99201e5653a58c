import { afterEach, describe, expect, it } from 'vitest';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { defineMigration } from '../../../functions/shared/migration/define-migration.ts';
import { defineTable } from '../../../functions/shared/migration/define-table.ts';
import { compareBench, type CompareBench } from './compare-bench.ts';

const billing = { mode: 'PAY_PER_REQUEST' } as const;
let world: CompareBench;
afterEach(() => world.bench.stop());

/** Sessions of a shop, which expire in the source and in the target. */
const sessions = defineMigration({
  source: { name: 'sessions', key: { partition: ['id', 'S'] } },
  targets: {
    live: defineTable({
      name: 'live-sessions',
      key: { partition: ['PK', 'S'] },
      billing,
      timeToLiveAttribute: 'expiresAt',
      holds: ['SESSION'],
    }),
  },
  settings: {},
  nouns: { item: 'session', items: 'sessions' },
  belongsTo: {
    live: {
      sourceKeyOf: ({ PK }) => ({ id: PK }),
      partitionsOf: ({ id }) => [id],
    },
  },
  transform: (item, { put }) => {
    const { id, ...others } = item;
    return put({ live: { SESSION: [{ ...others, PK: id }] } });
  },
});

/** Products, each with an offer that expires in the target. */
const offers = defineMigration({
  source: { name: 'products', key: { partition: ['id', 'S'] } },
  targets: {
    catalogue: defineTable({
      name: 'catalogue',
      key: { partition: ['PK', 'S'], sort: ['SK', 'S'] },
      billing,
      timeToLiveAttribute: 'expiresAt',
      holds: ['BASE', 'OFFER'],
    }),
  },
  nouns: { item: 'product', items: 'products' },
  belongsTo: {
    catalogue: { sourceKeyOf: ({ PK }) => ({ id: PK }), partitionsOf: ({ id }) => [id] },
  },
  transform: ({ id, ...others }, { put }) =>
    put({
      catalogue: {
        BASE: [{ PK: id, SK: { S: 'BASE' } }],
        OFFER: [{ ...others, PK: id, SK: { S: 'OFFER' } }],
      },
    }),
});

/** As the smallest migration that comes to mind: its sourceKeyOf makes an empty key of a bare prefix. */
const people = defineMigration({
  source: { name: 'members', key: { partition: ['memberId', 'S'] } },
  targets: {
    people: defineTable({ name: 'people', key: { partition: ['PK', 'S'] }, billing, holds: ['PERSON'] }),
  },
  nouns: { item: 'member', items: 'members' },
  belongsTo: {
    people: {
      sourceKeyOf: ({ PK }) => ({ memberId: { S: PK.S.replace('PERSON#', '') } }),
      partitionsOf: ({ memberId }) => [{ S: `PERSON#${memberId.S}` }],
    },
  },
  transform: (member, { put }) =>
    put({ people: { PERSON: [{ ...member, PK: { S: `PERSON#${member.memberId.S}` } }] } }),
});

describe('an item whose key leads to no source item that could exist', () => {
  it.each(['PERSON#', 'x', 'ada'])('is foreign and ends nothing: %s', async (key) => {
    world = await compareBench({ migration: people, items: [{ memberId: { S: 'ada' } }] });
    await world.put('people', { PK: { S: key } });
    expect(await world.compare()).toMatchObject({ differing: 0, conflicts: 0 });
    expect(await world.compared()).toMatchObject({ targetItems: 2, foreign: 1 });
    expect(await world.samples()).toMatchObject({ foreign: [`people: ${key}`] });
  });
});

const inSeconds = (seconds: number): { readonly N: string } => ({
  N: String(Math.floor(Date.now() / 1_000) + seconds),
});
const session = (id: string, seconds: number): WireItem => ({ id: { S: id }, expiresAt: inSeconds(seconds) });
const LIVE = 'live-sessions';

describe('items whose time to live is over', () => {
  const over = session('over', -60);
  const live = session('live', 3_600);

  it('are no difference where the target has deleted them already', async () => {
    world = await compareBench({ migration: sessions, items: [over, live], kind: 'compare' });
    await world.remove(LIVE, { PK: { S: 'over' } });
    expect(await world.compare()).toMatchObject({ differing: 0, conflicts: 0 });
    expect(await world.compared()).toMatchObject({ sourceItems: 2, targetItems: 1, expired: 1 });
  });

  it('are no difference where the source has deleted them already', async () => {
    world = await compareBench({ migration: sessions, items: [over, live] });
    await world.remove('sessions', { id: { S: 'over' } });
    expect(await world.compare()).toMatchObject({ differing: 0, repaired: 0, conflicts: 0 });
    expect(await world.compared()).toMatchObject({ sourceItems: 1, targetItems: 2, expired: 1 });
    expect(await world.samples()).toMatchObject({ expired: [`${LIVE}: over`] });
    expect(await world.target()).toHaveLength(2);
  });

  it('are not compared at all where the source deletes them by their time', async () => {
    const plan = { segments: [0], timeToLiveAttribute: 'expiresAt' };
    world = await compareBench({ migration: sessions, items: [over, live], plan });
    await world.put('sessions', { ...over, user: { S: 'somebody' } });
    expect(await world.compare()).toMatchObject({ differing: 0, repaired: 0 });
    expect(await world.compared()).toMatchObject({ sourceItems: 2, targetItems: 2, expired: 1 });
    expect(await world.samples()).toMatchObject({ expired: ['over'] });
  });

  it('are repaired where they exist and say something else: only what is missing or too much is excused', async () => {
    world = await compareBench({ migration: sessions, items: [over, live] });
    await world.put('sessions', { ...over, user: { S: 'somebody' } });
    expect(await world.compare()).toMatchObject({ repaired: 1 });
    expect(await world.target()).toEqual(await world.expected());
  });

  it.each(['SWITCHING', 'SYNCING'] as const)(
    'are no difference either where another item of their source item was changed by others, %s',
    async (status) => {
      world = await compareBench({ migration: offers, items: [session('p', -60)] });
      await world.remove('catalogue', { PK: { S: 'p' }, SK: { S: 'OFFER' } });
      await world.put('catalogue', { ...(await world.targetItem('p / BASE')), note: { S: 'by the shop' } });
      const run = await world.next('cut-over', status);
      expect(await world.compare({ run })).toMatchObject({ differing: 0, repaired: 0, conflicts: 1 });
      expect(await world.compared()).toMatchObject({ expired: 1 });
      expect(await world.target()).toHaveLength(1);
    },
  );

  it('excuse nothing else: a live one that is missing is put there', async () => {
    world = await compareBench({ migration: sessions, items: [over, live] });
    await world.remove(LIVE, { PK: { S: 'live' } });
    expect(await world.compare()).toMatchObject({ repaired: 1 });
    expect(await world.compared()).toMatchObject({ expired: 0 });
  });
});

const at = (item: WireItem): string => (item['at'] as { readonly N: string }).N;

/** Measurements by meter and second, into a table of days and one of alarms. */
const measurements = defineMigration({
  source: { name: 'measurements', key: { partition: ['meter', 'S'], sort: ['at', 'N'] } },
  targets: {
    days: defineTable({
      name: 'days',
      key: { partition: ['day', 'S'], sort: ['at', 'N'] },
      billing,
      holds: ['READING'],
    }),
    alarms: defineTable({
      name: 'alarms',
      key: { partition: ['meter', 'S'], sort: ['atAndCode', 'S'] },
      billing,
      holds: ['ALARM'],
    }),
  },
  settings: {},
  nouns: { item: 'measurement', items: 'measurements' },
  belongsTo: {
    days: {
      sourceKeyOf: (key) => ({ meter: { S: key.day.S.split('/')[0] ?? '' }, at: key.at }),
      partitionsOf: ({ meter, at: time }) => [{ S: `${meter.S}/${Math.floor(Number(time.N) / 86_400)}` }],
    },
    alarms: {
      sourceKeyOf: ({ meter, atAndCode }) => ({ meter, at: { N: atAndCode.S.split('#')[0] ?? '' } }),
      partitionsOf: ({ meter }) => [meter],
    },
  },
  transform: (item, { put }) => {
    const { meter } = item;
    const codes = 'codes' in item && 'L' in item.codes ? item.codes.L : [];
    const day = { S: `${meter.S}/${Math.floor(Number(at(item)) / 86_400)}` };
    return put({
      days: { READING: [{ ...item, day }] },
      alarms: {
        ALARM: codes.map((code) => ({
          meter,
          atAndCode: { S: `${at(item)}#${'S' in code ? code.S : ''}` },
        })),
      },
    });
  },
});

const measurement = (second: number, ...codes: string[]): WireItem => ({
  meter: { S: 'm-1' },
  at: { N: String(second) },
  codes: { L: codes.map((S) => ({ S })) },
});
const ITEMS = Array.from({ length: 30 }, (_, index) => measurement(1_000 + index, 'low', 'high'));
const KEY_OF = (second: number): WireItem => ({ meter: { S: 'm-1' }, at: { N: String(second) } });

describe('a migration with keys of numbers that fills two tables', () => {
  it('is found the same where nothing has changed, though a partition holds items of many source items', async () => {
    world = await compareBench({ migration: measurements, items: ITEMS });
    expect(await world.compare()).toEqual({ differing: 0, repaired: 0, conflicts: 0, quarantined: 0 });
    expect(await world.compared()).toMatchObject({ sourceItems: 30, targetItems: 90 });
  });

  it('counts a source item that is gone once, though both tables still have items of it', async () => {
    world = await compareBench({ migration: measurements, items: ITEMS, kind: 'compare' });
    await world.remove('measurements', KEY_OF(1_007));
    expect(await world.compare()).toMatchObject({ differing: 1 });
  });

  it('has both tables repaired by whichever side finds it', async () => {
    world = await compareBench({ migration: measurements, items: ITEMS });
    await world.remove('measurements', KEY_OF(1_007));
    await world.put('measurements', measurement(1_008, 'low', 'other'), measurement(2_000, 'new'));
    await world.remove('alarms', { meter: { S: 'm-1' }, atAndCode: { S: '1009#low' } });
    expect(await world.compare()).toEqual({ differing: 0, repaired: 4, conflicts: 0, quarantined: 0 });
    expect(await world.target()).toEqual(await world.expected());
  });

  it('goes through its tables one after the other, in turns', async () => {
    const plan = { segments: [0] };
    world = await compareBench({ migration: measurements, items: ITEMS, plan });
    await world.remove('measurements', KEY_OF(1_007));
    const turnOf = () => ({ remainingMillis: () => 0, requestId: 'short' });
    expect(await world.compare({ runtime: world.pagesOf(7), turnOf })).toMatchObject({ repaired: 1 });
    expect(await world.target()).toEqual(await world.expected());
    expect(await world.compared()).toMatchObject({ sourceItems: 29 });
  });
});
