import { several } from '../draw.ts';
import type { Act, When } from '../plan.ts';
import type { Scheduler } from '../scheduler.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { CREATORS, firstReadOf, QUIET, SHOP_TABLES, type Theme } from './theme.ts';

/** The run ends while a table is being created, and everything that shows the table as the run's own shows late. */
export const lostCreation: Theme = (draw) => {
  const kind = draw.pick(['killedWriting', 'lateWrite', 'answerLost']);
  const when = {
    by: draw.pick(CREATORS),
    operation: 'CreateTable',
    nth: 1,
    millis: draw.between(0, draw.pick([5, 3_000])),
  };
  return {
    trouble: {
      ...NO_TROUBLE,
      [kind]: draw.pick([0.5, 0.9]),
      odd: draw.pick([0.3, 0.9]),
      at: { [kind]: /^create\w+#\d+: CreateTable/, odd: /^tags of|^how long \S+ is CREATING/ },
    },
    acts: [{ when, who: 'operator', what: 'stop' }],
  };
};

/** A run that succeeded is rolled back, closing its tables takes effect late, and the shop goes on writing. */
export const lateClosing: Theme = (draw) => {
  const nth = draw.between(1, 4);
  const write = (): Act => ({
    when: {
      by: 'rollBack',
      operation: draw.pick(['DeleteTable', 'DeleteTable', 'Scan']),
      nth,
      millis: draw.between(0, draw.pick([3, 20])),
    },
    who: 'shop',
    what: draw.chance(0.8) ? 'order' : 'note',
  });
  return {
    trouble: { ...NO_TROUBLE, odd: draw.pick([0.5, 1]), at: { odd: /^the policy of .* (is not|shows)/ } },
    acts: several(draw, 24, write),
    followUps: ['roll back with confirmation'],
    isTroubledAfterwards: true,
  };
};

/** Somebody deletes or replaces a table while the run uses it, or the shop has written into it before the roll back. */
export const tableGone: Theme = (draw) =>
  draw.chance(0.5) ? replacedWhileFilled(draw) : goneAtAnyStage(draw);

type Moment = Extract<When, { readonly by: string }>;

const moment = (draw: Scheduler, by: string, operation: string): Moment => ({
  by,
  operation,
  nth: draw.between(1, 3),
});

/** A write of a worker is on its way, or the worker waits for its share of the write capacity. */
const replacedWhileFilled: Theme = (draw) => {
  const isNew = draw.chance(0.6);
  const when = {
    by: 'migrateProductsEnhanced',
    operation: isNew ? 'BatchWriteItem' : 'PutItem',
    nth: draw.pick([1, 1, 2]),
    millis: draw.between(0, 2),
  };
  return {
    existing: isNew ? [] : SHOP_TABLES,
    input: { ...QUIET.input, ...(draw.chance(0.7) && { writeUnitsPerSecond: draw.pick([0.5, 0.5, 2]) }) },
    acts: [{ when, who: 'tamperer', what: 'replace the filled table' }, ...shopActs(draw, when)],
  };
};

const goneAtAnyStage: Theme = (draw) => {
  const isRolledBack = draw.chance(0.4);
  const when = isRolledBack
    ? moment(draw, 'rollBack', draw.pick(['GetItem', 'BatchGetItem']))
    : readOrUpdate(
        draw,
        draw.pick(['migrateProductsEnhanced', 'verifyMigration', 'completeRun', ...CREATORS]),
      );
  const stop: Act = {
    when: moment(draw, 'completeRun', firstReadOf('completeRun')),
    who: 'operator',
    what: 'stop',
  };
  const isDeleted = draw.chance(0.6);
  const what = isDeleted
    ? 'delete a table'
    : draw.pick(['replace a table', 'replace the filled table'] as const);
  return {
    existing: draw.chance(0.6) ? SHOP_TABLES : [],
    acts: [...(isRolledBack ? [stop] : []), { when, who: 'tamperer', what }, ...shopActs(draw, when)],
  };
};

const readOrUpdate = (draw: Scheduler, by: string): Moment =>
  moment(draw, by, draw.pick([firstReadOf(by), 'UpdateItem']));

/** After the run's end, and under the keys of a run that may not have noticed yet. */
const shopActs = (draw: Scheduler, when: Moment): readonly Act[] => [
  ...several(draw, 6, (): Act => ({
    when: { millisAfterEnd: draw.between(0, 20_000) },
    who: 'shop',
    what: draw.chance(0.5) ? 'note' : 'order',
  })),
  ...several(draw, 10, (): Act => ({
    when: { ...when, millis: draw.between(0, draw.pick([50, 8_000])) },
    who: 'shop',
    what: 'note product',
  })),
];

/** Somebody restores the source under its name while a run reads it, is held, or after it, and while a sync follows it. */
export const sourceReplaced: Theme = (draw) => {
  const by = draw.pick([
    'backupProducts',
    'transformProducts',
    'sealBackup',
    'verifyMigration',
    'completeRun',
  ]);
  const when: When = draw.chance(0.7)
    ? { ...moment(draw, by, firstReadOf(by)), millis: draw.between(0, draw.pick([5, 5_000])) }
    : { millisAfterEnd: draw.between(0, 120_000) };
  const isHeld = draw.chance(0.4);
  const stop: Act = {
    when: { ...moment(draw, 'migrateProductsEnhanced', 'PutItem'), millis: draw.between(0, 5_000) },
    who: 'operator',
    what: 'stop',
  };
  const change = (): Act => ({
    when: { millis: draw.between(0, 120_000) },
    who: 'shop',
    what: draw.pick(['change product', 'add product', 'remove product', 'note']),
  });
  return {
    input: { ...QUIET.input, ...(isHeld && { onFailure: 'hold' }) },
    acts: [
      ...(isHeld ? [stop] : []),
      { when, who: 'tamperer', what: 'replace the source' },
      ...several(draw, 6, change),
    ],
    followUps: isHeld ? ['resume'] : [],
    sync: draw.chance(0.5)
      ? {
          acts: several(draw, 6, () => ({ millis: draw.between(0, 180_000), what: 'change product' })),
          steps: draw.chance(0.3) ? ['compare'] : [],
          end: draw.pick(['cutover', 'cancel']),
        }
      : undefined,
  };
};
