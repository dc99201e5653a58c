import type { Html } from '../../../functions/shared/runs/page/html.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';

/** Nothing of another site is loaded, nothing is sent to one, and no other page may frame this one. */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

const COMMON = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  // With "no-referrer" a browser would not name the origin of a form.
  'referrer-policy': 'same-origin',
} as const;

export function htmlAnswer(page: Html, status = 200): AwsResponse {
  const headers = {
    ...COMMON,
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': POLICY,
  };
  return { status, headers, body: Buffer.from(page.toString()) };
}

/** A body that somebody else has written: shown, but neither run nor allowed to load anything. */
export function foreignAnswer(body: Buffer, contentType: string): AwsResponse {
  const policy =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'";
  return {
    status: 200,
    headers: { ...COMMON, 'content-type': contentType, 'content-security-policy': policy },
    body,
  };
}

export function scriptAnswer(script: Buffer): AwsResponse {
  return {
    status: 200,
    headers: { ...COMMON, 'content-type': 'text/javascript; charset=utf-8' },
    body: script,
  };
}

/** Of a POST as well: the browser then asks for the page. */
export function redirect(location: string): AwsResponse {
  return { status: 303, headers: { ...COMMON, location }, body: Buffer.alloc(0) };
}

export function notFound(): AwsResponse {
  const headers = { ...COMMON, 'content-type': 'text/plain; charset=utf-8' };
  return { status: 404, headers, body: Buffer.from('The console has no such page.\n') };
}
