import { isNamed } from '../../functions/shared/errors.ts';
import { faultOf } from '../../functions/shared/fault.ts';
import { printable } from '../../functions/shared/printable.ts';
import { LOST_CONNECTION } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** An error that the operator can fix. Its message is the whole output, without a stack. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}

/** Where a command was looking when something failed. */
export interface Whereabouts {
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

const NOT_DEPLOYED = ['StateMachineDoesNotExist', 'ResourceNotFoundException', 'NoSuchBucket'];

/** Any error as a sentence for the operator: what failed, and what to do. */
export function explain(error: unknown, where: Whereabouts = {}): string {
  const { kind } = faultOf(error);
  const { message = String(error) } = (error ?? {}) as { message?: string };
  const { stage = '<stage>', region = 'the region', endpoint } = where;
  if (kind === 'no credentials')
    return `There are no AWS credentials to work with. Put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into .env.local, or sign in (aws configure, or aws sso login and AWS_PROFILE), and run the command again. (${message})`;
  if (kind === 'credentials expired' || kind === 'credentials refused')
    return `AWS does not accept the credentials: ${message} Renew them (in .env.local, or with aws sso login) and run the command again.`;
  if (kind === 'denied')
    return `These credentials may not do that: ${message} Ask for the permission, or use the credentials of an operator.`;
  if (isNamed(error, ...NOT_DEPLOYED))
    return `Stage ${stage} is not deployed in ${region} ${placeOf(endpoint)}, or under another name (${message}). ${
      endpoint === undefined
        ? `Deploy it with: npx sls deploy --stage ${stage} --region ${region}`
        : 'Unset AWS_ENDPOINT_URL to reach AWS, or say --stage local for the embedded one.'
    }`;
  return isLost(error) ? notAnswering(endpoint, message || reasonOf(error)) : message;
}

/**
 * Says that nothing answers any more, while what was started goes on.
 *
 * @returns the command's exit code
 * @throws the error, where it is another one
 */
export function sayLost(
  error: unknown,
  where: Whereabouts,
  { complain }: Pick<Terminal, 'complain'>,
): number {
  if (!isLost(error)) throw error;
  complain(printable(explain(error, where)));
  return LOST_CONNECTION;
}

/** Whether nothing answers, or no longer. */
function isLost(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: string };
  const isCutOff = code === 'ECONNRESET' || isNamed(error, 'TimeoutError');
  return isCutOff || faultOf(error).kind === 'no answer';
}

/** An error for several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  const { code = '', errors = [] } = (error ?? {}) as { code?: string; errors?: { code?: string }[] };
  return code === '' ? (errors[0]?.code ?? '') : code;
}

const placeOf = (endpoint: string | undefined): string =>
  endpoint === undefined ? 'of this account' : `at ${endpoint}`;

function notAnswering(endpoint: string | undefined, reason: string): string {
  return endpoint === undefined
    ? `AWS does not answer (${reason}). Check the network and the region, then run the command again.`
    : `Nothing answers at ${endpoint} (${reason}). Start the embedded AWS in another terminal with npm run local, or point AWS_ENDPOINT_URL at the right place.`;
}
