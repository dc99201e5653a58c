import {
  errorSummary,
  MigrationError,
  PermissionDeniedError,
  ServiceUnreachableError,
  TransientError,
  isNamed,
} from './errors.ts';
import { isTransient } from './retry.ts';

const EXPIRED = ['ExpiredToken', 'ExpiredTokenException', 'TokenRefreshRequired', 'RequestExpired'];
const DENIED = ['AccessDenied', 'AccessDeniedException', 'UnauthorizedOperation', 'KMSAccessDeniedException'];

/** Whether a role, a policy or a key refuses the call. */
export function isDenied(error: unknown): boolean {
  return isNamed(error, ...DENIED);
}

/** Whether the workflow made the call, which repeats a step, or a person, who has to call again. */
export interface Caller {
  readonly isAlone: boolean;
}

/** The error as Step Functions and the operator see it: at most 1 KiB of message and no stack. */
export function presentable(error: unknown, caller: Caller): Error {
  const shown = translate(error, caller);
  shown.message = errorSummary(shown).message;
  shown.stack = `${shown.name}: ${shown.message}`;
  return shown;
}

function translate(error: unknown, { isAlone }: Caller): Error {
  const { name, message } = errorSummary(error);
  const { code = '' } = (error ?? {}) as { code?: string };
  if (isNamed(error, ...EXPIRED))
    return new TransientError(
      `The credentials expired during the call (${message}); ${isAlone ? 'renew them, then call it again.' : 'the step is tried again.'}`,
    );
  if (isDenied(error))
    return new PermissionDeniedError(
      `${message} Allow this action on this resource in the function's role (functions/<stage>/function.yml), or, if the account has attribute-based access control off, deploy with tagConditions=false. Then start again.`,
    );
  if (error instanceof MigrationError) return error;
  const endpoint = silentEndpoint(error);
  if (endpoint !== undefined) return unreachable(endpoint, isAlone);
  if (isTransient(error))
    return new TransientError(
      `${name}: ${message || code}. It went on longer than one call may wait; ${isAlone ? 'call it again.' : 'the step is tried again automatically.'}`,
    );
  return error instanceof Error ? error : new Error(message);
}

/** Node's codes for a connection that was refused and a name that cannot be resolved. */
interface ConnectionFailure {
  readonly code?: string;
  readonly address?: string;
  readonly port?: number;
  readonly hostname?: string;
  /** One for each address that was tried. */
  readonly errors?: readonly ConnectionFailure[];
}

const silent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** `127.0.0.1:4566 (ECONNREFUSED)` where nothing answers at all, `undefined` for any other error. */
function silentEndpoint(error: unknown): string | undefined {
  const failure = (error ?? {}) as ConnectionFailure;
  const { code = '', address, port, hostname } = failure.errors?.[0] ?? failure;
  if (!silent.has(code)) return undefined;
  const host = address?.includes(':') === true ? `[${address}]` : address;
  const place = hostname ?? (host === undefined ? 'the endpoint' : `${host}:${port ?? '?'}`);
  return `${place} (${code})`;
}

/** The workflow tries again for a while, because a name server may be slow and a network may recover. */
function unreachable(endpoint: string, isAlone: boolean): Error {
  const remedy =
    'Check the network and the region; AWS_ENDPOINT_URL, where it is set, must name an endpoint that runs (npm run local starts one here)';
  return isAlone
    ? new ServiceUnreachableError(`Nothing answers at ${endpoint}. ${remedy}. Then call it again.`)
    : new TransientError(
        `Nothing answers at ${endpoint}; the step is tried again automatically. If that does not help: ${remedy}.`,
      );
}
