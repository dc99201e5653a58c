import type { Failure } from '../state.ts';
import { cutMessage } from '../message.ts';
import { printable } from '../printable.ts';
import { cut } from '../text.ts';

/** A failure in words for an operator. */
export interface ReadableFailure {
  /** Name of the original error. */
  readonly error: string;
  /** A message, at most 1 KiB. */
  readonly cause: string;
}

const EXPLANATIONS: Readonly<Record<string, string>> = {
  'Sandbox.Timedout': 'The function reached its time limit and was ended.',
  'Runtime.ExitError': 'The function exited in the middle of its work.',
  'Runtime.OutOfMemory': 'The function ran out of memory. Give it more in functions/<state>/function.yml.',
  'States.Timeout': 'The function did not answer within the time limit of its state.',
};

/** Takes Step Functions' `{Error, Cause}` apart. */
export function readableFailure(failure: Failure): ReadableFailure {
  const error = failure.Error ?? 'UnknownError';
  const cause = failure.Cause ?? '';
  const message =
    lambdaMessage(cause) ??
    (cause === '' ? (EXPLANATIONS[error] ?? 'No reason was given.') : printable(cause));
  return { error: cut(error, 256), cause: cutMessage(message, 1_024) };
}

/** The message inside the JSON that Lambda makes of a thrown error. `undefined` if the text is no such JSON. */
function lambdaMessage(cause: string): string | undefined {
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : undefined;
  } catch {
    return undefined;
  }
}
