import { isNamed } from '../../../functions/shared/errors.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { writeUnits } from '../aws/dynamodb/item-writes.ts';
import type { WorldAws, WorldRequest } from '../aws/request.ts';

/** What the calls of one function have used. */
export interface Usage {
  calls: number;
  millis: number;
  /** Requests to the ledger. */
  ledger: number;
  /** Requests for items of other tables. */
  items: number;
  /** Other requests to DynamoDB. */
  tables: number;
  /** Requests to S3. */
  objects: number;
}

/** Units that DynamoDB has charged for items of the source and of targets. */
export interface Charged {
  readUnits: number;
  writeUnits: number;
}

/** Counts what the functions use, as AWS sees it. */
export interface Meter {
  /** By function. */
  readonly usage: ReadonlyMap<string, Readonly<Usage>>;
  readonly charged: Readonly<Charged>;
  /** Executions that were started, and the states that executions have entered. */
  readonly executions: number;
  readonly transitions: number;
  /** A call begins. @returns what counts its end */
  readonly countCall: (key: string) => (millis: number) => void;
  readonly countTransition: () => void;
  readonly countExecution: () => void;
  /** The same AWS, whose requests are counted. */
  countRequests(aws: WorldAws): WorldAws;
  /** Begins at nothing again, but for the calls that are under way. */
  reset(): void;
}

const READS: ReadonlySet<string> = new Set(['Scan', 'Query', 'GetItem', 'BatchGetItem']);
const WRITES: ReadonlySet<string> = new Set([
  'PutItem',
  'UpdateItem',
  'DeleteItem',
  'BatchWriteItem',
  'TransactWriteItems',
]);
/** Its one Scan asks whether the source can be read. It is not a worker's. */
const NOT_A_WORKER = 'testConnection';

/** @param ledger name of its table */
export function createMeter(ledger: string): Meter {
  const usage = new Map<string, Usage>();
  const bySandbox = new Map<string, Usage>();
  const underWay = new Map<string, number>();
  const charged: Charged = { readUnits: 0, writeUnits: 0 };
  let transitions = 0;
  let executions = 0;
  const usageOf = (key: string): Usage => {
    const known = usage.get(key) ?? { calls: 0, millis: 0, ledger: 0, items: 0, tables: 0, objects: 0 };
    usage.set(key, known);
    return known;
  };
  /** Undefined: it is no function's. A sandbox is called `beginRun#3`. */
  const usageOfSender = (name: string): Usage | undefined => {
    const place = name.indexOf('#');
    if (place < 0) return undefined;
    const known = bySandbox.get(name) ?? usageOf(name.slice(0, place));
    bySandbox.set(name, known);
    return known;
  };
  const countUnits = (request: WorldRequest, input: ItemsInput): void => {
    const kind = READS.has(request.operation) ? 'readUnits' : 'writeUnits';
    const answer = request.answer.bind(request);
    request.answer = () => {
      try {
        const given = answer() as Answer;
        for (const { CapacityUnits } of [given.ConsumedCapacity ?? []].flat()) charged[kind] += CapacityUnits;
        return given;
      } catch (error) {
        if (isNamed(error, 'ConditionalCheckFailedException'))
          charged[kind] += writeUnits((error as Refusal).Item, input.Item);
        throw error;
      }
    };
  };
  return {
    usage,
    charged,
    get executions() {
      return executions;
    },
    get transitions() {
      return transitions;
    },
    countCall(key) {
      usageOf(key).calls += 1;
      underWay.set(key, (underWay.get(key) ?? 0) + 1);
      return (millis) => {
        usageOf(key).millis += millis;
        underWay.set(key, (underWay.get(key) ?? 0) - 1);
      };
    },
    countTransition: () => void (transitions += 1),
    countExecution: () => void (executions += 1),
    countRequests: (aws) => ({
      begin(caller, service, operation, input) {
        const request = aws.begin(caller, service, operation, input);
        const own = usageOfSender(caller.name);
        if (own === undefined) return request;
        if (service === 's3') own.objects += 1;
        if (service !== 'dynamodb') return request;
        if (!READS.has(operation) && !WRITES.has(operation)) own.tables += 1;
        else if (isOf(ledger, input as ItemsInput)) own.ledger += 1;
        else {
          own.items += 1;
          if (!caller.name.startsWith(NOT_A_WORKER)) countUnits(request, input as ItemsInput);
        }
        return request;
      },
    }),
    reset() {
      usage.clear();
      bySandbox.clear();
      for (const [key, calls] of underWay) if (calls > 0) usageOf(key).calls = calls;
      Object.assign(charged, { readUnits: 0, writeUnits: 0 });
      executions = 0;
      transitions = 0;
    },
  };
}

interface ItemsInput {
  readonly TableName?: string;
  readonly RequestItems?: object;
  /** All of the product's transactions are of its ledger. */
  readonly TransactItems?: readonly unknown[];
  readonly Item?: WireItem;
}

interface Answer {
  readonly ConsumedCapacity?: Capacity | readonly Capacity[];
}

interface Capacity {
  readonly CapacityUnits: number;
}

interface Refusal extends Error {
  readonly Item?: WireItem;
}

const isOf = (ledger: string, { TableName, RequestItems = {}, TransactItems }: ItemsInput): boolean =>
  TransactItems !== undefined || TableName === ledger || ledger in RequestItems;
