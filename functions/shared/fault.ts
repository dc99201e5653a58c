import { isNamed } from './errors.ts';
import { isTransient } from './retry.ts';

/** What an error of AWS, or of the way there, means. Each audience has its own sentence for it. */
export type Fault =
  | { readonly kind: 'no credentials' | 'credentials refused' | 'credentials expired' }
  /** A role, a policy or a key refuses the call. */
  | { readonly kind: 'denied' }
  /** Nothing answers at all; `place`: `127.0.0.1:4566 (ECONNREFUSED)`. */
  | { readonly kind: 'no answer'; readonly place: string }
  /** The same request may succeed a moment later. */
  | { readonly kind: 'transient' }
  | { readonly kind: 'other' };

const NO_CREDENTIALS = ['CredentialsProviderError', 'TokenProviderError', 'ProviderError'];
const REFUSED = ['UnrecognizedClientException', 'InvalidClientTokenId', 'InvalidSignatureException'];
const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'];
const DENIED = [
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'KMSAccessDeniedException',
  'Forbidden',
];
const SILENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** Tells the errors of AWS apart, for whoever words them. */
export function faultOf(error: unknown): Fault {
  if (isNamed(error, ...EXPIRED)) return { kind: 'credentials expired' };
  if (isDenied(error)) return { kind: 'denied' };
  if (isNamed(error, ...NO_CREDENTIALS)) return { kind: 'no credentials' };
  if (isNamed(error, ...REFUSED)) return { kind: 'credentials refused' };
  const place = silentPlace(error);
  if (place !== undefined) return { kind: 'no answer', place };
  return { kind: isTransient(error) ? 'transient' : 'other' };
}

/** Whether a role, a policy or a key refuses the call. */
export function isDenied(error: unknown): boolean {
  return isNamed(error, ...DENIED) || isKeyRefusal(error);
}

/** DynamoDB names such a refusal as it names that of an item, and says whose it is in the text only. */
const KEY_REFUSED = /^KMS [a-z ]+ error: /;

/** Whether the key of a table or a bucket is disabled, about to be deleted, or gone: `KMS.DisabledException` of S3. */
export function isKeyRefusal(error: unknown): boolean {
  const { name = '', message = '' } = (error ?? {}) as Partial<Error>;
  return name.startsWith('KMS.') || (name === 'ValidationException' && KEY_REFUSED.test(message));
}

/** What Node says of a connection that was refused and of a name that cannot be resolved. */
interface ConnectionFailure {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** One for each address that was tried. */
  readonly errors?: readonly ConnectionFailure[];
}

function silentPlace(error: unknown): string | undefined {
  const failure = (error ?? {}) as ConnectionFailure;
  const { code = '', address, port, hostname } = failure.errors?.[0] ?? failure;
  if (!SILENT.has(code)) return undefined;
  const host = address?.includes(':') === true ? `[${address}]` : address;
  const place = hostname ?? (host === undefined ? 'the endpoint' : `${host}:${port ?? '?'}`);
  return `${place} (${code})`;
}
