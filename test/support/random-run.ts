import { StopExecutionCommand } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { stringAttribute, type WireItem } from '../../functions/shared/wire/wire-item.ts';
import type { Fault } from '../../workflow/local/gateway/faults.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import { arbitraryProduct } from './arbitrary-items.ts';
import { awkwardProduct } from './awkward-products.ts';
import { type Checked, readTables, targetContent, violationsOf } from './checker.ts';
import type { FaultShop } from './fault-shop.ts';
import { functionName, stages, whenRequested } from './request-points.ts';

/** One of everything that can be drawn. */
export interface RandomCase {
  readonly products: readonly WireItem[];
  readonly faults: readonly Fault[];
  readonly kills: readonly {
    readonly stage: string;
    readonly nth: number;
    readonly when: 'before' | 'after';
  }[];
  readonly stop: { readonly stage: string; readonly nth: number } | undefined;
  readonly onFailure: 'rollback' | 'hold';
}

const stage = fc.constantFrom(...stages, 'rollBack', 'recordFailure');
const nth = fc.integer({ min: 1, max: 14 });

const effect: fc.Arbitrary<Fault> = fc.constantFrom<Fault>(
  { kind: 'throttle' },
  { kind: 'reset' },
  { kind: 'answerLost' },
  { kind: 'bodyCut' },
  { kind: 'error', code: 'InternalServerError', status: 500 },
  { kind: 'error', code: 'ValidationException', status: 400 },
  { kind: 'error', code: 'AccessDeniedException', status: 400 },
);

/** What the test itself asks is left alone. */
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

/** Products of every sort, good and bad, and what goes wrong with them. */
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
  faults: fc.array(fault, { maxLength: 3 }),
  kills: fc.array(fc.record({ stage, nth, when: fc.constantFrom('before', 'after') }), { maxLength: 2 }),
  stop: fc.option(fc.record({ stage: fc.constantFrom(...stages), nth }), { nil: undefined, freq: 3 }),
  onFailure: fc.constantFrom('rollback', 'rollback', 'hold'),
});

const nameOf = (arn: string): string => arn.split(':').at(-1) ?? '';

function arm(shop: FaultShop, { faults, kills, stop }: RandomCase): { arn: string | undefined } {
  const started: { arn: string | undefined } = { arn: undefined };
  for (const one of faults) shop.aws.faults.add(one);
  for (const { stage: at, ...kill } of kills)
    shop.aws.faults.killAt({ functionName: functionName(at), ...kill });
  if (stop !== undefined)
    whenRequested(shop, stop, () => {
      void shop.sfn.send(new StopExecutionCommand({ executionArn: started.arn })).catch(() => undefined);
    });
  return started;
}

async function statusOf(shop: FaultShop, runId: string): Promise<unknown> {
  return (await shop.ledgerRun(runId))?.['status'];
}

/** Runs the case to its end, settles it, starts again, and says what of the checker does not hold. */
export async function runCase(shop: FaultShop, one: RandomCase): Promise<string[]> {
  const before = await readTables(shop);
  const started = arm(shop, one);
  const input = { maxQuarantined: 1_000, allowEmpty: true, onFailure: one.onFailure };
  const arn = await shop.begin(input);
  started.arn = arn;
  await shop.endOf(arn);
  shop.aws.faults.clear();
  await shop.settle();
  const runId = nameOf(arn);
  const first = await statusOf(shop, runId);
  if (first === 'ROLLBACK_FAILED') await shop.run('rollback', { runId });
  if (first === 'HELD') await shop.migrate({ resume: runId });
  const status = await statusOf(shop, runId);
  const end: Checked['end'] =
    status === 'SUCCEEDED' ? 'SUCCEEDED' : status === 'ROLLED_BACK' ? 'ROLLED_BACK' : 'NOTHING';
  const problems = await violationsOf(shop, { before, runId, end });
  const content = end === 'SUCCEEDED' ? await targetContent(shop) : undefined;
  return [...problems, ...(await startAgain(shop, { before, content }))];
}

/** I4: another run, without faults, ends well and leaves the same behind. */
async function startAgain(
  shop: FaultShop,
  first: { readonly before: Checked['before']; readonly content: readonly string[] | undefined },
): Promise<string[]> {
  const { runId } = await shop.migrate({ maxQuarantined: 1_000, allowEmpty: true });
  const content = await targetContent(shop);
  const isSame = first.content === undefined || JSON.stringify(content) === JSON.stringify(first.content);
  return [
    ...(isSame ? [] : ['I4: the second run left something else behind than the first']),
    ...(await violationsOf(shop, { before: first.before, runId, end: 'SUCCEEDED' })).map(
      (gap) => `I4: ${gap}`,
    ),
  ];
}
