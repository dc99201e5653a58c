import { duration } from '../format.ts';
import type { EstimatedWork } from './cost.ts';

/** `1 min 4 s`, or `1 min 4 s and the bulk put`, whose time AWS states nowhere. */
export function estimatedTime({ seconds, bulkPutBytes }: EstimatedWork): string {
  return bulkPutBytes === undefined ? duration(seconds) : `${duration(seconds)} and the bulk put`;
}
