import type { StagePlace } from '../../functions/shared/commands.ts';
import { isNamed } from '../../functions/shared/errors.ts';
import { faultOf } from '../../functions/shared/fault.ts';
import { joinMessage } from '../../functions/shared/message.ts';
import { isTransient } from '../../functions/shared/retry.ts';
import { printable } from '../../functions/shared/printable.ts';
import { DEFAULT_REGION, EMBEDDED_STAGE } from '../../functions/shared/stage-words.cjs';
import { LOST_CONNECTION, REFUSED } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** An error that the operator can fix. Its message is the whole output, without a stack: a line, and what to do now. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  /** Of the command that it ends. */
  readonly exitCode: number;

  /** @param nextStep as `stepText` words it */
  constructor(message: string, exitCode = REFUSED, nextStep?: string) {
    const said = printable(message);
    super(joinMessage(nextStep === undefined ? { said } : { said, nextStep }));
    this.exitCode = exitCode;
  }
}

/** Where a command was looking when something failed. */
export interface Whereabouts extends Partial<StagePlace> {
  readonly endpoint?: string | undefined;
}

const NOT_DEPLOYED = ['StateMachineDoesNotExist', 'ResourceNotFoundException', 'NoSuchBucket'];

/** Any error as a sentence for the operator: what failed, and what to do. */
export function explain(error: unknown, where: Whereabouts = {}): string {
  const { stage = '<stage>', region = 'the region', endpoint } = where;
  if (isNamed(error, ...NOT_DEPLOYED) && stage === EMBEDDED_STAGE && region !== DEFAULT_REGION)
    return `Stage ${stage} is the embedded AWS, whose only region is ${DEFAULT_REGION}. Leave --region ${region} out.`;
  if (isNamed(error, ...NOT_DEPLOYED))
    return `Stage ${stage} was not found in ${region} ${placeOf(endpoint)}: it is not deployed there, or the service has another name (${messageOf(error)}). ${
      endpoint === undefined
        ? `Deploy it with: npx sls deploy --stage ${stage} --region ${region}`
        : 'Unset AWS_ENDPOINT_URL to reach AWS, or say --stage local for the embedded one.'
    }`;
  const { what, remedy } = obstacleOf(error, where);
  return remedy === undefined ? what : `${what} ${remedy}`;
}

/** What keeps a command from AWS, and how the command is run again. */
interface Obstacle {
  readonly what: string;
  readonly remedy?: string;
}

const messageOf = (error: unknown): string =>
  ((error ?? {}) as { message?: string }).message ?? String(error);

function obstacleOf(error: unknown, { endpoint }: Whereabouts): Obstacle {
  const { kind } = faultOf(error);
  const message = messageOf(error);
  const profile = process.env['AWS_PROFILE'] ?? '';
  if (kind === 'no credentials' && profile !== '')
    return {
      what: `The AWS profile "${profile}" gives no credentials: it does not exist, or nobody has signed in to it. List the profiles with aws configure list-profiles, and name one with --profile or AWS_PROFILE. The reason was: ${ended(message)}`,
      remedy: AGAIN,
    };
  if (kind === 'no credentials')
    return {
      what: `There are no AWS credentials to work with. Put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into .env.local, or sign in (aws configure, or aws sso login and AWS_PROFILE). The reason was: ${ended(message)}`,
      remedy: AGAIN,
    };
  if (kind === 'credentials expired' || kind === 'credentials refused')
    return {
      what: `AWS does not accept the credentials: ${ended(message)} Renew them (in .env.local, or with aws sso login).`,
      remedy: AGAIN,
    };
  if (kind === 'denied')
    return {
      what: `These credentials may not do that: ${ended(message)} Ask for the permission, or use the credentials of an operator.`,
    };
  return isLost(error) ? notAnswering(endpoint, message || reasonOf(error)) : { what: message };
}

/** As a sentence, with its end. */
const ended = (message: string): string => (/[.!?]$/.test(message) ? message : `${message}.`);

const AGAIN = 'Then run the command again.';

/**
 * Says why a command can no longer follow what goes on without it.
 *
 * @returns the command's exit code
 */
export function sayLost(
  error: unknown,
  where: Whereabouts,
  { complain }: Pick<Terminal, 'complain'>,
): number {
  complain(printable(lostSentence(error, where)));
  return LOST_CONNECTION;
}

/** Says that nothing answers, without asking to run the command again. */
export const lostSentence = (error: unknown, where: Whereabouts): string => obstacleOf(error, where).what;

/** Whether nothing answers, or no longer. */
export function isLost(error: unknown): boolean {
  const { code = '' } = (error ?? {}) as { code?: string };
  const isCutOff = CUT_OFF.has(code) || isNamed(error, 'TimeoutError');
  return isCutOff || faultOf(error).kind === 'no answer';
}

const CUT_OFF: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

/** Whether the same question may be answered a moment later. */
export function isPassing(error: unknown): boolean {
  return isLost(error) || isTransient(error);
}

/** Whether the error is one that this file has a sentence for: nothing has been changed. */
export function isExplained(error: unknown): boolean {
  const { kind } = faultOf(error);
  const isFault = kind !== 'transient' && kind !== 'other';
  return isFault || isLost(error) || isNamed(error, ...NOT_DEPLOYED);
}

/** An error for several addresses has no message of its own. */
function reasonOf(error: unknown): string {
  const { code = '', errors = [] } = (error ?? {}) as { code?: string; errors?: { code?: string }[] };
  return code === '' ? (errors[0]?.code ?? '') : code;
}

const placeOf = (endpoint: string | undefined): string =>
  endpoint === undefined ? 'of this account' : `at ${endpoint}`;

function notAnswering(endpoint: string | undefined, reason: string): Obstacle {
  return endpoint === undefined
    ? { what: `AWS does not answer (${reason}). Check the network and the region.`, remedy: AGAIN }
    : {
        what: `Nothing answers at ${endpoint} (${reason}).`,
        remedy:
          'Start the embedded AWS in another terminal with npm run local, or point AWS_ENDPOINT_URL at the right place.',
      };
}
