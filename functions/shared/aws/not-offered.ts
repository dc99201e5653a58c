import { errorSummary } from '../errors.ts';

/** What an engine on a laptop answers to a call that it does not support. AWS supports them all. */
const notOffered = new Set([
  'UnknownOperationException',
  'UnknownOperation',
  'NotImplemented',
  'InvalidAction',
]);

/** Tags are also refused in other words, as part of a call that the engine otherwise supports. */
const noTags = /^Tagging is not (currently )?supported/;

/** Whether the engine does not know the operation at all. */
export function isNotOffered(error: unknown): boolean {
  const { name, message } = errorSummary(error);
  return notOffered.has(name) || (name === 'ValidationException' && noTags.test(message));
}

/** Whether it is tags that the engine does not know. */
export function isWithoutTags(error: unknown): boolean {
  return isNotOffered(error) && noTags.test(errorSummary(error).message);
}
