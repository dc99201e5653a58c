import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-dynamodb';
import { isNamed } from '../errors.ts';
import { isNotOffered } from './not-offered.ts';
import { isTransientOr, retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';

/** What GetResourcePolicy answers about a table. */
export type FoundPolicy =
  | { readonly kind: 'policy'; readonly policy: string; readonly revisionId: string }
  | { readonly kind: 'none' }
  /** The engine has no resource policies. */
  | { readonly kind: 'not offered' };

/** Policies appear late, and a table whose policy has just been changed takes no other change for 15 seconds. */
export const POLICY_PATIENCE_MILLIS = 60_000;

/** Tags of a young table appear late, and with them a permission that depends on tags. */
const PASSING = new Set([
  'AccessDeniedException',
  'LimitExceededException',
  // Somebody else changed the policy between our reading and our writing.
  'PolicyNotFoundException',
  'ResourceInUseException',
]);

/** What GetResourcePolicy answers about a table without a policy, and for some seconds about a new table. */
const NOT_FOUND = new Set(['PolicyNotFoundException', 'ResourceNotFoundException']);

/** A change of the existing policy. */
export interface PolicyChange {
  readonly tableArn: string;
  /** The wanted policy; `undefined`: none. Called with the existing one. */
  readonly wanted: (policy: string | undefined) => string | undefined;
  /** Whether what GetResourcePolicy says is what is wanted. */
  readonly isDone: (policy: string | undefined) => boolean;
  /** Awaited before each request that changes something, with the existing policy. */
  readonly check: (policy: string | undefined) => Promise<void>;
}

/** The last answer of GetResourcePolicy. */
export type ChangedPolicy =
  | { readonly kind: 'done'; readonly revisionId: string | undefined }
  | { readonly kind: 'not offered' };

/**
 * Changes a table's policy on the condition that nobody else changes it meanwhile, and polls until GetResourcePolicy
 * shows the change. Idempotent.
 *
 * @throws after a minute the last error, or one that says that the change does not show yet; other refusals at once.
 *   Safe to repeat.
 */
export async function changePolicy(runtime: Runtime, change: PolicyChange): Promise<ChangedPolicy> {
  const { clock } = runtime;
  // This name counts as transient, so the caller may call again.
  const notYet = Object.assign(new Error(`The policy of ${change.tableArn} does not show the change yet.`), {
    name: 'TimeoutError',
  });
  const isPassing = (error: unknown): boolean => error === notYet || isTransientOr(error, ...PASSING);
  const until = {
    clock,
    deadline: clock.now() + POLICY_PATIENCE_MILLIS,
    patienceMillis: POLICY_PATIENCE_MILLIS,
    isRetryable: isPassing,
  };
  return retry(until, async (): Promise<ChangedPolicy> => {
    const found = await findPolicy(runtime, change.tableArn);
    if (found.kind === 'not offered') return found;
    const policy = found.kind === 'policy' ? found.policy : undefined;
    if (change.isDone(policy))
      return { kind: 'done', revisionId: found.kind === 'policy' ? found.revisionId : undefined };
    await send(runtime, change, found);
    throw notYet;
  });
}

/**
 * Eventually consistent: a policy that was put a moment ago may not show yet, one that was deleted may still show.
 *
 * @throws the SDK's errors; safe to repeat
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_GetResourcePolicy.html
 */
export async function findPolicy({ clients }: Runtime, tableArn: string): Promise<FoundPolicy> {
  try {
    const answer = await clients.tables.send(new GetResourcePolicyCommand({ ResourceArn: tableArn }));
    const { Policy: policy, RevisionId: revisionId = '' } = answer;
    return policy === undefined ? { kind: 'none' } : { kind: 'policy', policy, revisionId };
  } catch (error) {
    if (isNamed(error, ...NOT_FOUND)) return { kind: 'none' };
    if (isNotOffered(error)) return { kind: 'not offered' };
    throw error;
  }
}

async function send(
  { clients }: Runtime,
  { tableArn, wanted, check }: PolicyChange,
  found: FoundPolicy,
): Promise<void> {
  if (found.kind === 'not offered') return;
  const revision = found.kind === 'policy' ? found.revisionId : 'NO_POLICY';
  const before = found.kind === 'policy' ? found.policy : undefined;
  const Policy = wanted(before);
  await check(before);
  if (Policy !== undefined)
    await clients.dynamo.send(
      new PutResourcePolicyCommand({ ResourceArn: tableArn, Policy, ExpectedRevisionId: revision }),
    );
  else if (found.kind === 'policy')
    await clients.dynamo.send(
      new DeleteResourcePolicyCommand({ ResourceArn: tableArn, ExpectedRevisionId: revision }),
    );
}

/**
 * Deletes the policy of this revision, even if GetResourcePolicy does not show it yet.
 *
 * @throws the error that persists for longer than a minute; nothing if there is no such policy
 */
export async function deleteRevision(
  { clients, clock }: Runtime,
  policy: { readonly tableArn: string; readonly revisionId: string; readonly check: () => Promise<void> },
): Promise<void> {
  const { tableArn, revisionId, check } = policy;
  const command = new DeleteResourcePolicyCommand({ ResourceArn: tableArn, ExpectedRevisionId: revisionId });
  const isNotThere = (error: unknown): boolean => isNamed(error, ...NOT_FOUND) || isNotOffered(error);
  const until = {
    clock,
    deadline: clock.now() + POLICY_PATIENCE_MILLIS,
    patienceMillis: POLICY_PATIENCE_MILLIS,
    isRetryable: (error: unknown) => !isNotThere(error) && isTransientOr(error, ...PASSING),
  };
  try {
    await retry(until, async () => {
      await check();
      await clients.dynamo.send(command);
    });
  } catch (error) {
    if (!isNotThere(error)) throw error;
  }
}
