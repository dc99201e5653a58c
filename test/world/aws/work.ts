import { isAwsError, UnknownToWorldError } from './errors.ts';
import type { Caller, WorldRequest, WorldService } from './request.ts';
import type { Aws } from './state.ts';

/** Names what a request is about; a function where it takes time to say it, and nobody may ask. */
export type Subject = string | (() => string);

/** What a request does, in steps. An AWS error that a step throws is the answer. */
export interface Work {
  readonly subject: Subject;
  /** Applies one step; true while steps are left. */
  readonly step: () => boolean;
  readonly answer: () => unknown;
}

/** How an operation begins. */
export type Operation<Input> = (aws: Aws, caller: Caller, input: Input) => Work;

/** An operation with the parameters that it knows. Any other is a gap of the in-memory AWS. */
export interface KnownOperation {
  readonly parameters: ReadonlySet<string>;
  readonly begin: Operation<never>;
}

/** An operation and the names of its parameters. */
export function operation<Input>(parameters: string, begin: Operation<Input>): KnownOperation {
  return { parameters: new Set(parameters.split(' ')), begin };
}

/** Work of a single step. */
export function whole(subject: Subject, apply: () => unknown): Work {
  let answer: unknown;
  return {
    subject,
    step() {
      answer = apply();
      return false;
    },
    answer: () => answer,
  };
}

/** @throws UnknownToWorldError where the input has a parameter that the operation does not know */
export function checkParameters(name: string, { parameters }: KnownOperation, input: object): void {
  for (const parameter of Object.keys(input))
    if (!parameters.has(parameter) && (input as Readonly<Record<string, unknown>>)[parameter] !== undefined)
      throw new UnknownToWorldError(`The in-memory AWS does not know ${parameter} of ${name}.`);
}

/** What a request is made of. */
export interface RequestSpec {
  readonly service: WorldService;
  readonly name: string;
  readonly work: Work;
  /** Told of an error that is no answer of AWS. */
  readonly onDefect: (error: unknown) => void;
}

/** Work as a request: an AWS error ends the steps, and becomes the answer. */
export function requestOf({ service, name, work, onDefect }: RequestSpec): WorldRequest {
  let isDone = false;
  let refusal: Error | undefined;
  return {
    service,
    operation: name,
    subject: () => subjectOf(work),
    step() {
      if (isDone) return false;
      try {
        isDone = !work.step();
      } catch (error) {
        if (!isAwsError(error)) {
          onDefect(error);
          throw error;
        }
        refusal = error;
        isDone = true;
      }
      return !isDone;
    },
    answer() {
      if (!isDone)
        throw new UnknownToWorldError(`${name} of ${subjectOf(work)} has steps left and no answer yet.`);
      if (refusal !== undefined) throw refusal;
      return work.answer();
    },
  };
}

function subjectOf({ subject }: Work): string {
  return typeof subject === 'string' ? subject : subject();
}
