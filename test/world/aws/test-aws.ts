import { createWorldAws, type OpenWorldAws } from './aws.ts';
import type { Caller, WorldRequest, WorldService } from './request.ts';

/** An in-memory AWS whose time and choices a test sets. */
export interface TestAws extends OpenWorldAws {
  /** Moves time forward. */
  pass(millis: number): void;
  /** From now on, the answer to every choice whose reason contains the text. Other choices are answered with 0. */
  answer(why: string, choice: number): void;
  /** Begins a request of DynamoDB, as anybody. */
  ask(operation: string, input: object, caller?: Caller): WorldRequest;
  /** The answer of a request, after all its steps. */
  call<T = unknown>(operation: string, input: object, caller?: Caller): T;
  /** The same of another service. */
  callOf<T = unknown>(service: WorldService, operation: string, input: object): T;
}

export const ANYBODY: Caller = { name: 'anybody', tags: {} };

/** The answer of a request, after all its steps. */
export function finish<T = unknown>(request: WorldRequest): T {
  while (request.step());
  return request.answer() as T;
}

/** An AWS that holds a table `items`, keyed by `id`, and a table `ledger` like the product's. */
export function testAws(): TestAws {
  let now = Date.UTC(2026, 0, 1);
  const choices = new Map<string, number>();
  const choose = (count: number, why: string): number => {
    const known = [...choices].find(([text]) => why.includes(text));
    return Math.min(known?.[1] ?? 0, count - 1);
  };
  const world = createWorldAws({ now: () => now, choose });
  const ask = (operation: string, input: object, caller = ANYBODY): WorldRequest =>
    world.begin(caller, 'dynamodb', operation, input);
  const aws: TestAws = {
    ...world,
    pass: (millis) => {
      now += millis;
    },
    answer: (why, choice) => void choices.set(why, choice),
    ask,
    call: (operation, input, caller) => finish(ask(operation, input, caller)),
    callOf: (service, operation, input) => finish(world.begin(ANYBODY, service, operation, input)),
  };
  aws.call('CreateTable', tableOf('items', ['id']));
  aws.call('CreateTable', {
    ...tableOf('ledger', ['PK', 'SK', 'entity', 'startedAt']),
    KeySchema: keys('PK', 'SK'),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'RunsIndex',
        KeySchema: keys('entity', 'startedAt'),
        Projection: { ProjectionType: 'ALL' },
      },
    ],
  });
  aws.pass(60_000);
  return aws;
}

const keys = (partition: string, sort?: string) => [
  { AttributeName: partition, KeyType: 'HASH' },
  ...(sort === undefined ? [] : [{ AttributeName: sort, KeyType: 'RANGE' }]),
];

/** A CreateTable request for a table keyed by the first of these texts. */
export function tableOf(TableName: string, attributes: readonly [string, ...string[]]) {
  return {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: keys(attributes[0]),
    AttributeDefinitions: attributes.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
  };
}
