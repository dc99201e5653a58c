import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { arbitraryRequests } from './arbitrary-requests.ts';
import {
  answerOf,
  type ComparedAnswer,
  type ComparedExchange,
  type ComparedRequest,
  type ComparedRun,
  type SendRequest,
} from './compared-request.ts';
import { worldSender } from './senders.ts';
import { WRITTEN_REQUESTS } from './written-requests.ts';
import { CREATIONS, PLAIN, SORTED, NUMBERED } from './tables.ts';

/** What stays in the tables at the end. */
const END: readonly ComparedRequest[] = [PLAIN, SORTED, NUMBERED].map((TableName) => ({
  operation: 'Scan',
  input: { TableName, ConsistentRead: true },
  isDrained: true,
}));

/** The written requests, and random runs; the same for the same seed. */
export function comparedRuns(count: number, seed: number): readonly (readonly ComparedRequest[])[] {
  const random = fc.sample(arbitraryRequests, { numRuns: count, seed });
  return [WRITTEN_REQUESTS, ...random].map((requests) => [...requests, ...END]);
}

/**
 * The requests that DynamoDB accepts, by the judgement of the in-memory one. Engines other than AWS's own let pass much
 * that DynamoDB refuses.
 */
export async function acceptedOf(requests: readonly ComparedRequest[]): Promise<readonly ComparedRequest[]> {
  const answered = await carryOut(worldSender(), requests);
  return answered
    .filter(({ answered: one }) => !isInvalid(one))
    .map(({ answered: _answered, ...request }) => request);
}

function isInvalid(answered: ComparedAnswer): boolean {
  return 'error' in answered && JSON.stringify(answered).includes('Validation');
}

/** Sends the requests of a run, after the creation of its tables. */
export async function carryOut(
  send: SendRequest,
  requests: readonly ComparedRequest[],
): Promise<ComparedRun> {
  for (const { operation, input } of CREATIONS) await send(operation, input);
  const exchanges: ComparedExchange[] = [];
  for (const request of requests) exchanges.push({ ...request, answered: await answerOf(send, request) });
  return exchanges;
}

/** Where the in-memory AWS answers otherwise than an engine did. */
export interface Difference {
  readonly request: ComparedRequest;
  readonly engine: ComparedAnswer;
  readonly world: ComparedAnswer | undefined;
}

/** The first difference between a recorded run and the same requests to the in-memory AWS. */
export async function firstDifference(
  send: SendRequest,
  recorded: ComparedRun,
): Promise<Difference | undefined> {
  const answered = await carryOut(send, recorded);
  const index = recorded.findIndex(
    ({ answered: one }, at) => !isDeepStrictEqual(asJson(one), asJson(answered[at]?.answered)),
  );
  const exchange = recorded[index];
  if (exchange === undefined) return undefined;
  const { answered: engine, ...request } = exchange;
  return { request, engine, world: answered[index]?.answered };
}

/** As it comes back from a file. */
function asJson(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}
