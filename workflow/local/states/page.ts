import { AwsError } from '../gateway/aws-answers.ts';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; `undefined` after the last. */
  readonly nextToken: string | undefined;
}

const DEFAULT_RESULTS = 100;
const MAX_RESULTS = 1000;

/**
 * Cuts the page out of a list that `maxResults` and `nextToken` ask for. A maximum of 0 means the default, as in the API.
 *
 * @throws AwsError (400 InvalidToken)
 */
export function pageOf<T>(all: readonly T[], body: Readonly<Record<string, unknown>>): Page<T> {
  const size = Math.min(Number(body['maxResults'] ?? 0) || DEFAULT_RESULTS, MAX_RESULTS);
  const token = body['nextToken'];
  const start = typeof token === 'string' ? Number(Buffer.from(token, 'base64url').toString()) : 0;
  if (!Number.isInteger(start) || start < 0)
    throw new AwsError(400, 'InvalidToken', `Invalid Token: '${JSON.stringify(token)}'`);
  const end = start + size;
  const nextToken = end < all.length ? Buffer.from(String(end)).toString('base64url') : undefined;
  return { items: all.slice(start, end), nextToken };
}
