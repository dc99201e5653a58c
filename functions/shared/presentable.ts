import { deployWith } from './deploy-with.cjs';
import { awsCommandsOf } from './commands.ts';
import {
  errorSummary,
  MigrationError,
  PermissionDeniedError,
  ServiceUnreachableError,
  TransientError,
} from './errors.ts';
import { faultOf, isKeyRefusal } from './fault.ts';

/** Whether the workflow made the call, which repeats a step, or a person, who has to call again. */
export interface Caller {
  readonly isAlone: boolean;
  /** Of the embedded AWS. */
  readonly endpointUrl?: string | undefined;
}

/** The error as Step Functions and the operator see it: at most 1 KiB of message and no stack. */
export function presentable(error: unknown, caller: Caller): Error {
  const shown = translate(error, caller);
  shown.message = errorSummary(shown).message;
  shown.stack = `${shown.name}: ${shown.message}`;
  return shown;
}

function translate(error: unknown, { isAlone, endpointUrl }: Caller): Error {
  const fault = faultOf(error);
  const { name, message } = errorSummary(error);
  if (fault.kind === 'credentials expired')
    return new TransientError(
      `The credentials expired during the call (${message}); ${isAlone ? 'renew them, then call it again.' : 'the step is tried again.'}`,
    );
  if (fault.kind === 'denied')
    return new PermissionDeniedError(
      `${message} ${isKeyRefusal(error) ? KEY_REMEDY : deniedRemedy(message, endpointUrl)}`,
    );
  if (error instanceof MigrationError) return error;
  if (fault.kind === 'no answer') return unreachable(fault.place, isAlone);
  if (fault.kind === 'transient') {
    const { code = '' } = (error ?? {}) as { code?: string };
    const said = (message || code).replace(/\.+$/, '');
    return new TransientError(
      `${name}: ${said}. It went on longer than one call may wait; ${isAlone ? 'call it again.' : 'the step is tried again automatically.'}`,
    );
  }
  return error instanceof Error ? error : new Error(message);
}

const KEY_REMEDY =
  'A table or the bucket is encrypted with this key. Enable it, or cancel its deletion. AWS notices that some minutes later.';

/** A roll back closes a table to everybody. One whose record somebody has removed meanwhile leaves it closed. */
function deniedRemedy(message: string, endpointUrl: string | undefined): string {
  if (/\bkms:[A-Z]|\bKMS key\b/.test(message))
    return `DynamoDB and S3 use a customer managed key with the permission of the function's role. Name the key of a target by targetKmsKeyArn, that of the source by sourceKmsKeyArn, and that of bucket and ledger by kmsKeyArn: ${deployWith('<parameter>', '<ARN of the key>')}. The key's policy must allow the roles to use it, too.`;
  if (!message.includes('explicit deny in a resource-based policy'))
    return `Allow this action on this resource in the function's role (functions/<state>/function.yml). Or, if the account has attribute-based access control off, ${deployWith('tagConditions', 'false')}.`;
  const said =
    'The policy of that resource denies it, whatever the role allows. DynamoDB may go on doing so for four minutes after it is gone.';
  const [, tableArn, region] =
    /on resource: (arn:[\w-]+:dynamodb:([\w-]+):[\w:/.-]+[\w-])/.exec(message) ?? [];
  if (tableArn === undefined || region === undefined) return said;
  const { showPolicy, deletePolicy } = awsCommandsOf({ region, endpointUrl });
  return `${said} Look at it: ${showPolicy(tableArn).line}. Where it has a statement whose Sid begins with migrationrollback and no roll back is at work, remove the policy: ${deletePolicy(tableArn).line}`;
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
