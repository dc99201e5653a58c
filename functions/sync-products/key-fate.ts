import { RESTLESS } from '../shared/copy/reconcile/take-up-pending.ts';
import type { KeyEnd } from '../shared/copy/reconcile/reconcile-batch.ts';
import {
  errorSummary,
  isNamed,
  RunClosedError,
  SourceReplacedError,
  TableUnavailableError,
} from '../shared/errors.ts';
import { faultOf } from '../shared/fault.ts';

/**
 * What follows from how a key ended. `settled`: the target says what the source says, or it is named why not. `again`:
 * its change record must be delivered again. `closed`: the sync no longer follows the source. `pending`: it must be
 * reconciled by a later call, and holds up no others.
 */
export type KeyFate =
  | { readonly kind: 'settled' | 'again' | 'closed' }
  | { readonly kind: 'pending'; readonly reason: string };

const AGAIN: KeyFate = { kind: 'again' };

/** @throws an error that no key is to blame for: it would end every other key as well */
export function fateOf(end: KeyEnd | undefined): KeyFate {
  switch (end?.outcome) {
    case undefined:
    case 'unstarted':
      return AGAIN;
    case 'failed':
      return fateOfError(end.error);
    case 'pending':
      return { kind: 'pending', reason: RESTLESS };
    default:
      return { kind: 'settled' };
  }
}

function fateOfError(error: unknown): KeyFate {
  if (error instanceof RunClosedError) return { kind: 'closed' };
  if (error instanceof TableUnavailableError || error instanceof SourceReplacedError) throw error;
  const { name, message } = errorSummary(error);
  if (isNamed(error, 'ResourceNotFoundException'))
    throw new TableUnavailableError(
      `The source, or a table that the sync fills, is missing (${message}). The changes stay in the stream for 24 hours and are delivered again. Restore the table, or cancel the sync.`,
    );
  switch (faultOf(error).kind) {
    case 'transient':
    case 'no answer':
    case 'credentials expired':
      return AGAIN;
    case 'other':
      return { kind: 'pending', reason: `${name}: ${message}` };
    default:
      throw error;
  }
}
