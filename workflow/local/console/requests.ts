import { header } from '../gateway/understand-request.ts';
import type { RawRequest } from '../gateway/aws-request.ts';

/** Where the console is. No bucket can have this name, so that no path of S3 begins with it. */
export const CONSOLE = '/_console/';

/** One request for a page. */
export interface PageRequest {
  /** The parts of the path behind the page's own, decoded. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** What a form has sent. */
  readonly form: URLSearchParams;
}

/**
 * Whether a browser asks for the console. `GET /` is S3's ListBuckets as well: there a browser is who wants HTML, gives no
 * query and shows no sign of an AWS client.
 */
export function isForConsole(raw: RawRequest): boolean {
  if (raw.url.startsWith(CONSOLE)) return true;
  if (raw.url !== '/' || raw.method !== 'GET' || isFromAwsClient(raw)) return false;
  return (header(raw, 'accept') ?? '').split(',').some((type) => type.trim().split(';')[0] === 'text/html');
}

function isFromAwsClient({ headers }: RawRequest): boolean {
  return Object.keys(headers).some((name) => name === 'authorization' || name.startsWith('x-amz-'));
}

/** Whether a page of this very console sends it. A browser names the page's origin in every POST, and no page can forge it. */
export function isFromConsole(raw: RawRequest): boolean {
  const host = header(raw, 'host');
  return host !== undefined && header(raw, 'origin') === `http://${host}`;
}
