import fc from 'fast-check';
import { stringAttribute, type WireItem } from '../../functions/shared/items/wire-item.ts';
import type { Fault } from '../../workflow/local/gateway/faults.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import type { ShopAct } from './acting-shop.ts';
import { arbitraryProduct } from './arbitrary-items.ts';
import { awkwardProduct } from './awkward-products.ts';
import { functionName, stages } from './request-points.ts';

/** What an operator does once the first execution has ended. */
export type OperatorAct =
  | 'resume'
  | 'roll back'
  | 'roll back with confirmation'
  | 'start again'
  | 'migrate alone'
  | 'create a table alone';

interface Place {
  readonly stage: string;
  readonly nth: number;
}

/** One random case: a value of everything that can be drawn. */
export interface RandomCase {
  readonly products: readonly WireItem[];
  readonly faults: readonly Fault[];
  readonly kills: readonly (Place & { readonly when: 'before' | 'after' })[];
  readonly stop: Place | undefined;
  readonly onFailure: 'rollback' | 'hold';
  /** What the shop does, each act at a request of the run. */
  readonly shop: readonly (Place & ShopAct)[];
  readonly operator: readonly OperatorAct[];
  /** A kind of ledger record that somebody removes. */
  readonly tamper: (Place & { readonly record: string }) | undefined;
}

const stage = fc.constantFrom(...stages, 'rollBack', 'recordFailure');
const nth = fc.integer({ min: 1, max: 14 });

const LATE_OPERATIONS = [
  'PutItem',
  'UpdateItem',
  'BatchWriteItem',
  'TransactWriteItems',
  'PutObject',
  'DeleteTable',
];

const effect: fc.Arbitrary<Fault> = fc.constantFrom<Fault>(
  { kind: 'throttle' },
  { kind: 'reset' },
  { kind: 'answerLost' },
  { kind: 'bodyCut' },
  { kind: 'error', code: 'InternalServerError', status: 500 },
  { kind: 'error', code: 'ValidationException', status: 400 },
  { kind: 'error', code: 'AccessDeniedException', status: 400 },
);

/** Requests of the test itself are left alone. */
const isOfRun = ({ functionName: name }: LoggedRequest): boolean => name !== undefined;

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc
    .tuple(effect, stage, nth, fc.integer({ min: 1, max: 3 }), fc.constantFrom('dynamodb', 's3'))
    .map(([what, at, first, times, service]): Fault => ({
      ...what,
      service,
      functionName: functionName(at),
      nth: first,
      times,
    })),
  fc.tuple(fc.constantFrom(0.3, 0.8), fc.nat(1_000)).map(([share, seed]): Fault => ({
    kind: 'unprocessed',
    operation: 'BatchWriteItem',
    share,
    seed,
    times: 20,
  })),
  fc.tuple(fc.constantFrom(0.1, 0.2), fc.nat(1_000)).map(([rate, seed]): Fault => ({
    kind: 'throttle',
    service: 'dynamodb',
    rate,
    seed,
    times: 60,
    where: isOfRun,
  })),
);

const keyed = arbitraryProduct.filter((product) => (stringAttribute(product, 'id') ?? '') !== '');

/** A request that is carried out only after its sender has lost the connection or was killed. */
const late: fc.Arbitrary<Fault> = fc
  .tuple(stage, nth, fc.constantFrom('killed', 'reset'), fc.integer({ min: 50, max: 400 }))
  .map(([at, first, sender, millis]): Fault => {
    const operation = LATE_OPERATIONS;
    return { functionName: functionName(at), operation, nth: first, kind: 'held', sender, millis };
  });

const twice: fc.Arbitrary<Fault> = fc
  .tuple(stage, fc.constantFrom('atOnce', 'later'), fc.integer({ min: 0, max: 400 }))
  .map(([at, second, millis]): Fault => {
    const key = new RegExp(`(^|:)${functionName(at)}(:|$)`);
    return { operation: 'Invoke', key, nth: 1, kind: 'twice', second, millis };
  });

const shopAct = fc.record({
  stage,
  nth,
  kind: fc.constantFrom('order', 'note', 'change product', 'add product', 'remove product', 'read'),
  pick: fc.nat(11),
});

const operatorAct = fc.constantFrom<OperatorAct>(
  'resume',
  'roll back',
  'roll back with confirmation',
  'start again',
  'migrate alone',
  'create a table alone',
);

const tampering = fc.record({
  stage,
  nth,
  record: fc.constantFrom('LOCK', 'RUN', 'SHARD#', 'FILE#', 'TABLE#'),
});

/** Each case switches only some kinds of trouble on, so that there are cases with one kind and with several. */
const sometimes = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T, weight = 1): fc.Arbitrary<T> =>
  fc.oneof({ weight: 2, arbitrary: fc.constant(otherwise) }, { weight, arbitrary });

/** Good and bad products of every sort, and what goes wrong during their migration. */
export const randomCase: fc.Arbitrary<RandomCase> = fc.record({
  products: fc
    .tuple(
      fc.uniqueArray(keyed, { maxLength: 6, selector: (product) => stringAttribute(product, 'id') }),
      fc.nat(4),
    )
    .map(([drawn, count]) => [
      ...drawn,
      ...Array.from({ length: count }, (_, index) => awkwardProduct(index)),
    ]),
  faults: sometimes(fc.array(fc.oneof(fault, fault, late, twice), { maxLength: 3 }), [], 4),
  kills: sometimes(
    fc.array(fc.record({ stage, nth, when: fc.constantFrom('before', 'after') }), { maxLength: 2 }),
    [],
    2,
  ),
  stop: fc.option(fc.record({ stage: fc.constantFrom(...stages), nth }), { nil: undefined, freq: 3 }),
  onFailure: fc.constantFrom('rollback', 'rollback', 'hold'),
  shop: sometimes(fc.array(shopAct, { minLength: 1, maxLength: 6 }), [], 2),
  operator: sometimes(fc.array(operatorAct, { minLength: 1, maxLength: 2 }), []),
  tamper: fc.option(tampering, { nil: undefined, freq: 5 }),
});
