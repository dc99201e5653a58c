import type { Execution } from './state.ts';

/** The services of the in-memory AWS. */
export type WorldService = 'dynamodb' | 's3' | 'states' | 'lambda' | 'sqs' | 'sts' | 'sns';

/**
 * One request to the in-memory AWS. The scheduler decides when each step happens, and when the answer arrives, if ever.
 * Nothing of a request is applied before its first step.
 */
export interface WorldRequest {
  readonly service: WorldService;
  /** As AWS calls it: `BatchWriteItem`. */
  readonly operation: string;
  /** Table, key or ARN, for traces. */
  subject(): string;
  /**
   * Applies one step: an item of a batch, an item of a Scan page, a phase of a transaction, or the whole request. True
   * while steps are left; after the last one it changes nothing.
   */
  step(): boolean;
  /**
   * What the SDK's command would resolve to. Items are in DynamoDB's JSON form (binaries are base64 strings).
   *
   * @throws the AWS error. It is an instance of the SDK's class where the SDK has one. `wireBody` is the answer's JSON.
   */
  answer(): unknown;
}

/** Who sends a request, as resource policies see it. */
export interface Caller {
  /** For traces. */
  readonly name: string;
  /** Principal tags (`migration:writer` ...). Empty for a user. */
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Chooses one of `count` (at least 1) ways in which AWS may behave. 0 is always the ordinary way: every choice answered
 * with 0 gives an AWS that is prompt, consistent and complete.
 */
export type Choose = (count: number, why: string) => number;

/** What the world gives to the in-memory AWS. */
export interface WorldAwsOptions {
  /** Virtual epoch milliseconds. */
  readonly now: () => number;
  readonly choose: Choose;
  /** Twelve digits; default the embedded AWS's. */
  readonly accountId?: string;
  readonly region?: string;
  /** An execution was started by a request. */
  readonly onStart?: (execution: Execution) => void;
  /** An execution was stopped by a request. */
  readonly onStop?: (execution: Execution) => void;
}

/** The in-memory AWS. */
export interface WorldAws {
  /**
   * Begins a request. It, or a step of the request, throws an UnknownToWorldError where the in-memory AWS does not know
   * the operation, a parameter or an expression. That is a gap of this AWS, never an answer.
   *
   * @param input the SDK command's input, or the JSON body of the wire client. It is not copied and must not be changed
   *   afterwards.
   */
  begin(caller: Caller, service: WorldService, operation: string, input: unknown): WorldRequest;
}
