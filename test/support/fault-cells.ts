import type { Fault } from '../../workflow/local/gateway/faults.ts';
import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';

/** A kind of fault, and the requests of a stage that it can strike. */
export interface FaultKind {
  readonly name: string;
  readonly strikes: (request: LoggedRequest) => boolean;
  /** What to inject for one operation of one function. */
  readonly fault: (at: Pick<Fault, 'service' | 'operation' | 'functionName'>) => Fault;
  /** Set if the run must stop. It is then rolled back with an error of this name. */
  readonly stops?: string;
  /** Strikes one request of a stage, in its middle, because each costs the stage one of its retries. */
  readonly isOncePerStage?: true;
}

const isData = ({ service }: LoggedRequest): boolean => service === 'dynamodb' || service === 's3';
const isDynamo = ({ service }: LoggedRequest): boolean => service === 'dynamodb';
const is =
  (...operations: readonly string[]) =>
  ({ operation }: LoggedRequest): boolean =>
    operations.includes(operation);
const error = (name: string, code: string, status: number, strikes = isData): FaultKind => ({
  name,
  strikes,
  fault: (at) => ({ ...at, kind: 'error', code, status, nth: 1 }),
});

/** Faults that services really have, each injected at the first request of every operation that it can strike. */
export const faultKinds: readonly FaultKind[] = [
  { name: 'throttled', strikes: isData, fault: (at) => ({ ...at, kind: 'throttle', nth: 1 }) },
  error('500', 'InternalServerError', 500),
  error('503', 'ServiceUnavailable', 503),
  { ...error('credentials expire', 'ExpiredTokenException', 400), isOncePerStage: true },
  { name: 'connection reset', strikes: isData, fault: (at) => ({ ...at, kind: 'reset', nth: 1 }) },
  { name: 'answer lost', strikes: isData, fault: (at) => ({ ...at, kind: 'answerLost', nth: 1 }) },
  { name: 'answer cut', strikes: isData, fault: (at) => ({ ...at, kind: 'bodyCut', nth: 1 }) },
  {
    name: 'UnprocessedItems',
    strikes: is('BatchWriteItem'),
    fault: (at) => ({ ...at, kind: 'unprocessed', share: 0.5, seed: 7, times: 5 }),
  },
  {
    name: 'nothing processed',
    strikes: is('BatchWriteItem'),
    fault: (at) => ({ ...at, kind: 'unprocessed', share: 1, times: 3 }),
  },
  {
    name: 'transaction conflict',
    strikes: is('TransactWriteItems'),
    fault: (at) => ({
      ...at,
      kind: 'error',
      code: 'TransactionCanceledException',
      status: 400,
      details: { CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }] },
      nth: 1,
      times: 3,
    }),
  },
  {
    name: 'conflict with a transaction',
    strikes: is('UpdateItem', 'PutItem'),
    fault: (at) => ({ ...at, kind: 'error', code: 'TransactionConflictException', status: 400, nth: 1 }),
  },
  {
    name: 'table limit',
    strikes: is('CreateTable'),
    fault: (at) => ({ ...at, kind: 'error', code: 'LimitExceededException', status: 400, times: 3 }),
  },
  {
    name: '409 from S3',
    strikes: is('PutObject'),
    fault: (at) => ({ ...at, kind: 'error', code: 'ConditionalRequestConflict', status: 409, nth: 1 }),
  },
  {
    name: 'backups unavailable',
    strikes: is('UpdateContinuousBackups'),
    fault: (at) => ({
      ...at,
      kind: 'error',
      code: 'ContinuousBackupsUnavailableException',
      status: 400,
      times: 2,
    }),
  },
  {
    name: 'wrong bytes read',
    strikes: is('GetObject'),
    fault: (at) => ({ ...at, kind: 'bodyChanged', nth: 1 }),
  },
  {
    name: 'access denied',
    strikes: isDynamo,
    fault: (at) => ({ ...at, kind: 'error', code: 'AccessDeniedException', status: 400 }),
    stops: 'PermissionDeniedError',
  },
];

/** A hang costs the client's whole time-out, so there are only a few, on the requests that matter most. */
export const hang: FaultKind = {
  name: 'no answer at all',
  strikes: is('BatchWriteItem', 'Scan', 'CreateTable', 'PutObject'),
  fault: (at) => ({ ...at, kind: 'hang', nth: 1 }),
};

/** Prints `fault x stage`: survived, not, or does not meet it. */
export function matrixText(
  cells: readonly { readonly fault: string; readonly stage: string; readonly result: string }[],
): string {
  const stages = [...new Set(cells.map(({ stage }) => stage))];
  const width = Math.max(...cells.map(({ fault }) => fault.length)) + 2;
  const line = (label: string, marks: readonly string[]): string =>
    `${label.padEnd(width)}${marks.map((mark, index) => mark.padEnd((stages[index]?.length ?? 0) + 2)).join('')}`;
  const rows = [...new Set(cells.map(({ fault }) => fault))].map((fault) =>
    line(
      fault,
      stages.map(
        (stage) => cells.find((cell) => cell.fault === fault && cell.stage === stage)?.result ?? '-',
      ),
    ),
  );
  return [line('', stages), ...rows].join('\n');
}
