/** The Lambda worker was ended in mid-call. */
export class WorkerDied extends Error {}
/** The execution was stopped, so no further state begins. */
export class Stopped extends Error {}

/** What the client throws when no answer comes. */
export function timedOut(): Error {
  return Object.assign(new Error('The request timed out.'), { name: 'TimeoutError' });
}
