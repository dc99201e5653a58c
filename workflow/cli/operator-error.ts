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

interface AnyError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly errors?: readonly AnyError[];
}

const noCredentials = new Set(['CredentialsProviderError', 'TokenProviderError', 'ProviderError']);
const expired = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'UnrecognizedClientException',
  'InvalidClientTokenId',
  'InvalidSignatureException',
]);
const denied = new Set(['AccessDenied', 'AccessDeniedException', 'Forbidden']);
const notDeployed = new Set(['StateMachineDoesNotExist', 'ResourceNotFoundException', 'NoSuchBucket']);
const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ECONNRESET',
  'TimeoutError',
]);

/** Any error as a sentence for the operator: what failed, and what to do. */
export function explain(error: unknown, where: Whereabouts = {}): string {
  const { name = '', message = String(error), code = '', errors = [] } = (error ?? {}) as AnyError;
  const code0 = code === '' ? (errors[0]?.code ?? '') : code;
  const { stage = '<stage>', region = 'the region', endpoint } = where;
  if (noCredentials.has(name))
    return `There are no AWS credentials to work with. Put AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY into .env.local, or sign in (aws configure, or aws sso login and AWS_PROFILE), and run the command again. (${message})`;
  if (expired.has(name))
    return `AWS does not accept the credentials: ${message} Renew them (in .env.local, or with aws sso login) and run the command again.`;
  if (denied.has(name))
    return `These credentials may not do that: ${message} Ask for the permission, or use the credentials of an operator.`;
  if (notDeployed.has(name))
    return `Stage ${stage} is not deployed in ${region} ${placeOf(endpoint)}, or under another name (${message}). ${
      endpoint === undefined
        ? `Deploy it with: npx sls deploy --stage ${stage} --region ${region}`
        : 'Unset AWS_ENDPOINT_URL to reach AWS, or say --stage local for the embedded one.'
    }`;
  if (unreachable.has(code0) || unreachable.has(name)) return notAnswering(endpoint, message || code0);
  return message;
}

const placeOf = (endpoint: string | undefined): string =>
  endpoint === undefined ? 'of this account' : `at ${endpoint}`;

function notAnswering(endpoint: string | undefined, reason: string): string {
  return endpoint === undefined
    ? `AWS does not answer (${reason}). Check the network and the region, then run the command again.`
    : `Nothing answers at ${endpoint} (${reason}). Start the embedded AWS in another terminal with npm run local, or point AWS_ENDPOINT_URL at the right place.`;
}
