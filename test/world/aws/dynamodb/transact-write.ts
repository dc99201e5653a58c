import type { WireItem } from '../../../../functions/shared/items/wire-item.ts';
import { dynamoError, invalid, isAwsError } from '../errors.ts';
import type { Caller } from '../request.ts';
import type { Aws } from '../state.ts';
import { operation, type Work } from '../work.ts';
import { type PlannedWrite, planWrite, type WriteAction, type WriteInput } from './item-writes.ts';
import { writeRow } from './rows.ts';

const MAX_ITEMS = 100;
/** A client token counts this long. */
const TOKEN_MILLIS = 600_000;

type TransactItem = Readonly<Record<string, WriteInput | undefined>>;

interface TransactInput {
  readonly TransactItems?: readonly TransactItem[];
  readonly ClientRequestToken?: string;
  readonly ReturnConsumedCapacity?: string;
}

const ACTIONS: Readonly<Record<string, WriteAction>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** Why one part of a transaction cancels it. */
interface CancellationReason {
  readonly Code: string;
  readonly Message?: string;
  readonly Item?: WireItem;
}

interface Part {
  readonly action: WriteAction;
  readonly input: WriteInput;
}

function partsOf({ TransactItems = [] }: TransactInput): readonly Part[] {
  if (TransactItems.length === 0 || TransactItems.length > MAX_ITEMS)
    throw invalid(`Member must have length less than or equal to ${MAX_ITEMS}`);
  return TransactItems.map((item) => {
    const given = Object.entries(item).filter(([, input]) => input !== undefined);
    const [kind, input] = given[0] ?? [];
    const action = ACTIONS[kind ?? ''];
    if (given.length !== 1 || action === undefined || input === undefined)
      throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
    return { action, input };
  });
}

function placedOnce(planned: readonly PlannedWrite[]): void {
  const keys = planned.map(({ table, place }) => `${table.name}/${place.key}`);
  if (new Set(keys).size < keys.length)
    throw invalid('Transaction request cannot include multiple operations on one item');
}

/** What a part will write, or why it stands in the way. */
interface JudgedPart {
  readonly after?: WireItem | undefined;
  readonly reason?: CancellationReason;
}

function judgePart(
  { table, place, before, isDue, refusal, after }: PlannedWrite,
  input: WriteInput,
): JudgedPart {
  if (refusal !== undefined) return { reason: validationReason(refusal) };
  if (table.locks.has(place.key))
    return { reason: { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' } };
  if (!isDue) return { reason: conditionReason(input, before) };
  try {
    return { after: after() };
  } catch (error) {
    // An update that cannot be made to the item as it is.
    if (!isAwsError(error)) throw error;
    return { reason: validationReason(error) };
  }
}

function validationReason({ message }: Error): CancellationReason {
  return { Code: 'ValidationError', Message: message };
}

function conditionReason(input: WriteInput, before: WireItem | undefined): CancellationReason {
  const isAsked = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && before !== undefined;
  return {
    Code: 'ConditionalCheckFailed',
    Message: 'The conditional request failed',
    ...(isAsked && { Item: before }),
  };
}

function cancelled(judged: readonly JudgedPart[]): Error {
  const all = judged.map(({ reason }) => reason ?? { Code: 'None' });
  const codes = all.map(({ Code }) => Code).join(', ');
  return dynamoError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`,
    { CancellationReasons: all },
  );
}

/** What a transaction is about to write. */
interface Prepared {
  readonly planned: readonly PlannedWrite[];
  readonly after: readonly (WireItem | undefined)[];
  readonly parts: readonly Part[];
}

/** Judges all parts at one moment, and locks their items until {@link commit}. */
function prepare(aws: Aws, caller: Caller, input: TransactInput, lock: object): Prepared {
  const parts = partsOf(input);
  const planned = parts.map((part) => planWrite(aws, caller, part));
  placedOnce(planned);
  const judged = planned.map((one, index) => judgePart(one, (parts[index] as Part).input));
  if (judged.some(({ reason }) => reason !== undefined)) throw cancelled(judged);
  for (const { table, place } of planned) table.locks.set(place.key, lock);
  return { planned, after: judged.map(({ after }) => after), parts };
}

function commit(aws: Aws, { planned, after, parts }: Prepared): void {
  for (const [index, { table, place }] of planned.entries()) {
    table.locks.delete(place.key);
    if (parts[index]?.action !== 'ConditionCheckItem') writeRow(aws, table, { place, after: after[index] });
  }
}

/**
 * Whether this token's transaction was carried out before.
 *
 * @throws IdempotentParameterMismatchException, TransactionInProgressException
 */
function isRepeated(
  { state, now }: Aws,
  { ClientRequestToken: token, TransactItems }: TransactInput,
): boolean {
  const known = token === undefined ? undefined : state.transactions.get(token);
  if (known === undefined || known.at + TOKEN_MILLIS < now()) return false;
  if (known.items !== TransactItems && JSON.stringify(known.items) !== JSON.stringify(TransactItems))
    throw dynamoError(
      'IdempotentParameterMismatchException',
      'The transaction with this token was another one',
    );
  if (known.isDone) return true;
  throw dynamoError(
    'TransactionInProgressException',
    'The transaction with the given request token is already in progress.',
  );
}

/** A transaction that is cancelled leaves its token free. */
function remember({ state, now }: Aws, input: TransactInput, isDone: boolean): void {
  const { ClientRequestToken: token, TransactItems } = input;
  if (token !== undefined) state.transactions.set(token, { items: TransactItems, at: now(), isDone });
}

/**
 * Two steps: all conditions are judged and the items locked, then all of it is written. Who writes one of the items in
 * between is refused with a conflict.
 */
function transactWrite(aws: Aws, caller: Caller, input: TransactInput): Work {
  const lock = {};
  let prepared: Prepared | undefined;
  return {
    subject: () => (input.TransactItems ?? []).map(subjectOf).join(', '),
    step() {
      if (prepared === undefined) {
        if (isRepeated(aws, input)) return false;
        prepared = prepare(aws, caller, input, lock);
        remember(aws, input, false);
        return true;
      }
      commit(aws, prepared);
      remember(aws, input, true);
      return false;
    },
    answer: () => ({}),
  };
}

function subjectOf(item: TransactItem): string {
  const [kind, input] = Object.entries(item)[0] ?? [];
  return `${kind} ${input?.TableName} ${JSON.stringify(input?.Key ?? input?.Item ?? {}).slice(0, 80)}`;
}

/** TransactWriteItems. */
export const TRANSACT_OPERATIONS = {
  TransactWriteItems: operation('TransactItems ClientRequestToken ReturnConsumedCapacity', transactWrite),
};
