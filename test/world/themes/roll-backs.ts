import { several } from '../draw.ts';
import type { ShopAct } from '../actors/shop.ts';
import { type Act, type OperatorAct, TARGETS } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import { CREATORS, firstReadOf, QUIET, SHOP_TABLES, type Theme } from './theme.ts';

const DELETION = /^rollBack#\d+: DeleteItem/;
const PUT_BACK = /^rollBack#\d+: PutItem/;

/** The shop edits migrated items at the moment when a roll back deletes them from a table that existed before. */
export const editedItems: Theme = (draw) => {
  const kind = draw.pick(['answerLost', 'killedWriting']);
  const note = (): Act => ({
    when: {
      by: 'rollBack',
      operation: draw.pick(['DeleteItem', 'Scan']),
      nth: draw.between(1, 16),
      millis: draw.between(0, 1_000),
    },
    who: 'shop',
    what: 'note',
  });
  return {
    existing: SHOP_TABLES,
    input: { ...QUIET.input, ...(draw.chance(0.3) && { onExisting: 'replace' }) },
    trouble: {
      ...NO_TROUBLE,
      slow: draw.pick([0.3, 1]),
      [kind]: draw.pick([0, 0, 0.1, 0.3]),
      at: { slow: DELETION, [kind]: DELETION },
    },
    acts: several(draw, 24, note),
    followUps: ['roll back with confirmation'],
    isTroubledAfterwards: true,
  };
};

/**
 * Deletions of a roll back land late, after others of the same item, and the shop edits what is still there. In a
 * third of the worlds the deletions are slow instead, and nearly nothing that the roll back puts back gets an answer.
 */
export const lateDeletions: Theme = (draw) => ({
  existing: SHOP_TABLES,
  trouble: {
    ...NO_TROUBLE,
    ...draw.pick([
      { lateWrite: 0.1, at: { lateWrite: DELETION } },
      { lateWrite: 0.3, at: { lateWrite: DELETION } },
      { slow: 0.5, lateWrite: 0.9, at: { slow: DELETION, lateWrite: PUT_BACK } },
    ]),
  },
  acts: several(draw, 24, (): Act => ({
    when: { by: 'rollBack', operation: 'DeleteItem', nth: 1, millis: draw.between(200, 9_800) },
    who: 'shop',
    what: 'note',
  })),
  followUps: ['roll back with confirmation'],
  isTroubledAfterwards: true,
});

/** Nobody closes the new tables, and the shop writes into them from their first moment on, mostly under keys of the run. */
export const openTables: Theme = (draw) => {
  const write = (what: ShopAct): Act => ({
    when: {
      by: draw.pick(['migrateProductsEnhanced', 'verifyMigration', 'rollBack', ...CREATORS]),
      operation: draw.pick(['GetItem', 'PutItem', 'BatchGetItem', 'UpdateItem']),
      nth: draw.between(1, 12),
      millis: draw.between(0, draw.pick([3, 500])),
    },
    who: 'shop',
    what,
  });
  return {
    leavesTablesOpen: true,
    trouble: { ...NO_TROUBLE, answerLost: draw.pick([0, 0.02]), slow: draw.pick([0, 0.2]) },
    acts: [
      ...several(draw, 12, () => write(draw.pick(['note product', 'note', 'order']))),
      ...(draw.chance(0.4)
        ? [{ when: { request: draw.between(45, 230) }, who: 'operator', what: 'stop' } as const]
        : []),
    ],
    followUps: draw.chance(0.5) ? ['start again', 'roll back with confirmation'] : [],
    isTroubledAfterwards: draw.chance(0.5),
  };
};

/** The shop writes items under the keys of the run, between its look at them and its own write. */
export const takenKeys: Theme = (draw) => ({
  existing: SHOP_TABLES,
  input: { ...QUIET.input, ...(draw.chance(0.4) && { onExisting: 'replace' }) },
  trouble: {
    ...NO_TROUBLE,
    slow: draw.pick([0, 0.5]),
    at: { slow: /^migrateProductsEnhanced#\d+: PutItem/ },
  },
  acts: several(draw, 16, (): Act => ({
    when: {
      by: 'migrateProductsEnhanced',
      operation: draw.pick(['BatchGetItem', 'PutItem']),
      nth: draw.between(1, 10),
      millis: draw.between(0, 20),
    },
    who: 'shop',
    what: 'note product',
  })),
  followUps: draw.chance(0.5) ? ['roll back with confirmation'] : [],
});

/** What the shop has written into the tables of a run that succeeded must survive its roll back. */
export const usedTables: Theme = (draw) => ({
  acts: several(draw, 4, (): Act => ({
    when: { millisAfterEnd: draw.between(0, 3_000) },
    who: 'shop',
    what: draw.chance(0.5) ? 'note' : 'order',
  })),
  followUps: ['roll back with confirmation', ...(draw.chance(0.5) ? (['start again'] as const) : [])],
});

/** The shop changes products, a second run replaces what they had become, and the shop edits items meanwhile. */
export const replaced: Theme = (draw) => {
  const edit = (): Act => ({
    when: {
      by: 'migrateProductsEnhanced',
      operation: draw.pick(['DeleteItem', 'PutItem', 'UpdateItem', 'Query']),
      nth: draw.between(1, 6),
      millis: draw.between(0, 20),
    },
    who: 'shop',
    what: draw.chance(0.8) ? 'note' : 'change product',
  });
  const change = (): Act => ({
    when: { millisAfterEnd: draw.between(0, 3_000) },
    who: 'shop',
    what: 'change product',
  });
  const kind = draw.pick(['killedWriting', 'lateWrite', 'answerLost', 'slow']);
  return {
    input: {
      ...QUIET.input,
      onExisting: 'replace',
      ...(draw.chance(0.3) && { onFailure: 'hold' }),
    },
    trouble: {
      ...NO_TROUBLE,
      [kind]: draw.pick([0.1, 0.5]),
      twice: draw.pick([0, 0.3]),
      at: { [kind]: /^migrateProductsEnhanced#\d+: (Delete|Put|Update)Item products-/, twice: /^migrate/ },
    },
    acts: [...several(draw, 4, change), ...several(draw, 8, edit)],
    existing: draw.chance(0.3) ? SHOP_TABLES : [],
    followUps: [
      'start again',
      ...draw.pick<readonly OperatorAct[]>([
        [],
        ['roll back with confirmation'],
        // The second run has replaced items of the first, which must not come back.
        ['roll back the first with confirmation', 'roll back with confirmation'],
      ]),
    ],
    isTroubledAfterwards: true,
  };
};

/** A second run uses what the first has left behind, and then somebody rolls the first one back. */
export const reliedOn: Theme = (draw) => {
  const isUnfinished = draw.chance(0.6);
  const stop = (): Act => {
    const by = draw.pick(['verifyMigration', 'completeRun']);
    return { when: { by, operation: firstReadOf(by), nth: 1 }, who: 'operator', what: 'stop' };
  };
  return {
    existing: draw.chance(0.3) ? SHOP_TABLES : [],
    denied: isUnfinished ? { operation: 'DeleteTable', name: draw.pick(TARGETS) } : undefined,
    acts: isUnfinished ? [stop()] : [],
    followUps: [
      'start again',
      draw.pick(['roll back the first', 'roll back the first with its own confirmation']),
    ],
  };
};

/** What a roll back needs. */
const NEEDED = ['DeleteTable', 'DescribeTable', 'Scan', 'ListTagsOfResource', 'DeleteItem'] as const;

/** A permission is missing for good, and the run ends before its last state. */
export const deniedForGood: Theme = (draw) => ({
  existing: draw.chance(0.3) ? SHOP_TABLES : [],
  denied: { operation: draw.pick(NEEDED), name: draw.pick(TARGETS) },
  isDeniedForGood: true,
  acts: [{ when: { request: draw.between(140, 250) }, who: 'operator', what: 'stop' }],
});
