import { several } from '../draw.ts';
import type { Act, When } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { CREATORS, QUIET, SHOP_TABLES, type Theme } from './theme.ts';

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
export const tableGone: Theme = (draw) => {
  const moment = (by: string, operation: string): When => ({ by, operation, nth: draw.between(1, 3) });
  const isRolledBack = draw.chance(0.3);
  const when = isRolledBack
    ? moment('rollBack', draw.pick(['GetItem', 'BatchGetItem']))
    : draw.chance(0.5)
      ? moment('migrateProductsEnhanced', draw.pick(['GetItem', 'BatchGetItem']))
      : moment(
          draw.pick(['verifyMigration', 'completeRun', ...CREATORS]),
          draw.pick(['GetItem', 'UpdateItem']),
        );
  return {
    existing: draw.chance(0.6) ? SHOP_TABLES : [],
    input: { ...QUIET.input, ...(draw.chance(0.3) && { writeUnitsPerSecond: draw.pick([0.5, 1, 5]) }) },
    acts: [
      ...(isRolledBack
        ? [{ when: moment('completeRun', 'GetItem'), who: 'operator', what: 'stop' } as const]
        : []),
      {
        when,
        who: 'tamperer',
        what: draw.pick(['delete a table', 'replace a table', 'replace the filled table']),
      },
      ...several(draw, 6, (): Act => ({
        when: { millisAfterEnd: draw.between(0, 20_000) },
        who: 'shop',
        what: draw.chance(0.5) ? 'note' : 'order',
      })),
      // Under the keys of the run, which may not have noticed yet.
      ...several(draw, 4, (): Act => ({
        when: { ...when, millis: draw.between(0, draw.pick([50, 8_000])) },
        who: 'shop',
        what: 'note product',
      })),
    ],
  };
};
