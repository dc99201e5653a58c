import { errorSummary, isNamed } from '../errors.ts';

/** What an engine on a laptop answers to a call that it does not support. AWS supports them all. */
const NOT_OFFERED = ['UnknownOperationException', 'UnknownOperation', 'NotImplemented', 'InvalidAction'];

/** Tags are also refused in other words, as part of a call that the engine otherwise supports. */
const NO_TAGS = /^Tagging is not (currently )?supported/;

/** Whether the engine does not know the operation at all. */
export function isNotOffered(error: unknown): boolean {
  const { message } = errorSummary(error);
  return isNamed(error, ...NOT_OFFERED) || (isNamed(error, 'ValidationException') && NO_TAGS.test(message));
}

/** Whether it is tags that the engine does not know. */
export function isWithoutTags(error: unknown): boolean {
  return isNotOffered(error) && NO_TAGS.test(errorSummary(error).message);
}
