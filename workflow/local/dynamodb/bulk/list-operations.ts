import {
  assertMembers,
  atLeast,
  atMost,
  type Json,
  lengthBetween,
  matching,
  readNumber,
  readText,
  validation,
} from './constraints.ts';
import { type BulkOperation, summaryOf } from './operation.ts';

const DEFAULT_RESULTS = 10;
const MAX_RESULTS = 25;
const LISTED_MILLIS = 90 * 24 * 3_600_000;

/**
 * The answer to ListBulkOperations: those that started within the past 90 days, the most recent first.
 *
 * @param all oldest first
 * @param now epoch milliseconds
 * @throws AwsError (ValidationException)
 */
export function listOperations(json: Json, all: readonly BulkOperation[], now: number): object {
  const { size, end } = readPage(json, all.length);
  const oldest = all.filter(({ startedAt }) => startedAt <= now - LISTED_MILLIS).length;
  const begin = Math.max(end - size, oldest);
  return {
    BulkOperationsSummaryList: all.slice(begin, end).toReversed().map(summaryOf),
    NextToken: begin > oldest ? tokenOf(begin) : undefined,
  };
}

/** How many summaries a page has at most, and the index that it stops before. */
function readPage(json: Json, count: number): { readonly size: number; readonly end: number } {
  const size = readNumber(json, 'MaxResults');
  const token = readText(json, 'NextToken');
  assertMembers([
    { name: 'maxResults', value: size, constraints: [atLeast(1), atMost(MAX_RESULTS)] },
    {
      name: 'nextToken',
      value: token,
      constraints: [...lengthBetween(1, 1024), matching(/^([0-9a-f]{16})+$/)],
    },
  ]);
  const end = token === undefined ? count : Number.parseInt(token, 16);
  if (end > count) throw validation('Invalid NextToken');
  return { size: size ?? DEFAULT_RESULTS, end };
}

const tokenOf = (end: number): string => end.toString(16).padStart(16, '0');
