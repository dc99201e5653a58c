import { several } from '../draw.ts';
import type { Act, OperatorAct } from '../plan.ts';
import { NO_TROUBLE, type Trouble } from '../trouble.ts';
import { QUIET, SHOP_TABLES, type Theme } from './theme.ts';

/** What concerns a bulk put: the function that looks after it, DynamoDB itself, and a roll back that cancels it. */
const BULK = /^bulkLoad|^the bulk put|^rollBack#\d+: \w*BulkOperation/;

const KINDS: readonly [Partial<Trouble>, ...Partial<Trouble>[]] = [
  { slow: 0.3 },
  { slow: 1 },
  { slow: 1, failed: 0.05 },
  { failed: 0.3 },
  { answerLost: 0.2, slow: 0.3 },
  { lateWrite: 0.5, slow: 0.3 },
  { killedWriting: 0.5, slow: 0.3 },
  { killed: 0.05, twice: 0.5, slow: 0.3 },
  { serviceFailed: 0.3, neverSent: 0.1, cut: 0.3 },
];

/** DynamoDB fills the tables by itself, while the shop writes, and somebody stops the run in the middle. */
export const bulk: Theme = (draw) => {
  const kinds = draw.pick(KINDS);
  const during = (): Act['when'] => ({
    by: 'bulkLoad',
    operation: draw.pick(['StartBulkPutItems', 'DescribeBulkOperation', 'PutItem', 'ListObjectsV2']),
    nth: draw.between(1, 3),
    millis: draw.between(0, draw.pick([5, 500, 10_000])),
  });
  const note = (): Act => ({
    when: draw.chance(0.7) ? during() : { millisAfterEnd: draw.between(0, 20_000) },
    who: 'shop',
    what: draw.pick(['note product', 'note product', 'note', 'order']),
  });
  return {
    existing: draw.chance(0.5) ? SHOP_TABLES : [],
    input: {
      ...QUIET.input,
      writeEngine: 'bulk',
      ...(draw.chance(0.4) && { onFailure: 'hold' }),
    },
    trouble: {
      ...NO_TROUBLE,
      ...kinds,
      at: Object.fromEntries(Object.keys(kinds).map((kind) => [kind, BULK])),
    },
    acts: [
      ...(draw.chance(0.8) ? [{ when: during(), who: 'operator', what: 'stop' } as const] : []),
      ...(draw.chance(0.6) ? several(draw, 12, note) : []),
    ],
    followUps: draw.pick<readonly OperatorAct[]>([
      [],
      ['start again'],
      ['resume'],
      ['resume', 'roll back with confirmation'],
      ['roll back with confirmation'],
      ['restore'],
      ['restore', 'roll back the restore with confirmation'],
    ]),
    isTroubledAfterwards: draw.chance(0.5),
    isHasty: draw.chance(0.3),
    isTroubledToTheEnd: draw.chance(0.5),
  };
};
