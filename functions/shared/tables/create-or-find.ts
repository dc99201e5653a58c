import { isNamed } from '../errors.ts';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import type { Fence } from '../ledger/fence.ts';
import { isNotOffered, isWithoutTags } from '../aws/not-offered.ts';
import { retry } from '../retry.ts';
import type { Runtime } from '../runtime.ts';
import { TABLE_PATIENCE_MILLIS, waitUntilGone, waitUntilUsable } from './await-table.ts';
import { creationError, isCreationRetryable } from './creation-refusal.ts';
import { describeTable, identified, RUN_TAG, SERVICE_TAG, STAGE_TAG } from '../aws/describe-table.ts';
import { isOwnTable } from './own-table.ts';
import { type Closure, closingPolicy } from '../aws/table-policy.ts';

/** How to make a table, and what may exist in its place. */
export interface TableBlueprint {
  readonly name: string;
  readonly input: (tags: Readonly<Record<string, string>>) => CreateTableCommandInput;
  /** How an existing table differs from what is needed, one sentence each. */
  readonly differences: (table: TableDescription) => readonly string[];
  readonly timeToLiveAttribute?: string | undefined;
}

/** One table of one run, under a call's claim. */
export interface Creation {
  readonly blueprint: TableBlueprint;
  readonly runId: string;
  readonly name: string;
  readonly fence: Fence;
  /** @throws RunClosedError, ClaimLostError */
  readonly lookAgain: () => Promise<unknown>;
  readonly intentAt: number;
  /** Whether this call has found no table of that name. */
  readonly isMissing: boolean;
  /** Epoch milliseconds: this call waits for the table until then. */
  readonly deadline: number;
  /** Who may not write until the commit. Absent: the table stays open. */
  readonly closure: Closure | undefined;
  /** The endpoint has refused tags. */
  readonly isWithoutTags?: boolean;
}

/** What exists now. The id tells it from a later table of the same name. */
export interface Ensured {
  readonly outcome: 'CREATED' | 'EXISTED';
  readonly tableId: string | undefined;
  /** An earlier call has finished the table. Its settings, time to live included, are its owner's now. */
  readonly isFinished?: boolean;
}

/** Creates the table, or finds out what exists. Waits for a table that is being deleted. */
export async function createOrFind(runtime: Runtime, scope: Creation): Promise<Ensured> {
  const { clients } = runtime;
  if (scope.isMissing) {
    const created = await tryCreate(runtime, scope);
    if (created !== undefined) return created;
  }
  for (;;) {
    const existing = await describeTable(clients.tables, scope.name);
    if (existing?.TableStatus === 'DELETING') await waitUntilGone(runtime, scope);
    // Its tags do not show before, and an index makes that take longer than they are waited for.
    else if (existing?.TableStatus === 'CREATING') await waitUntilUsable(runtime, scope);
    else if (existing !== undefined) {
      const outcome = (await isOwnTable(runtime, scope, existing)) ? 'CREATED' : 'EXISTED';
      return { outcome, tableId: existing.TableId };
    } else {
      const created = await tryCreate(runtime, scope);
      if (created !== undefined) return created;
    }
  }
}

/** `undefined` if a table of that name exists: somebody else's, or ours with its answer lost. */
async function tryCreate(runtime: Runtime, scope: Creation): Promise<Ensured | undefined> {
  const { blueprint, runId, fence, deadline, closure } = scope;
  const { service, stage } = runtime.config;
  const ownTags = { [RUN_TAG]: runId, [SERVICE_TAG]: service, [STAGE_TAG]: stage };
  const input = blueprint.input(scope.isWithoutTags ? {} : ownTags);
  const policy = closure && { ResourcePolicy: closingPolicy(closure) };
  const until = { clock: runtime.clock, deadline, patienceMillis: TABLE_PATIENCE_MILLIS };
  try {
    const created = await retry({ ...until, isRetryable: isCreationRetryable }, async () => {
      await fence.check();
      return runtime.clients.dynamo.send(new CreateTableCommand({ ...input, ...policy }));
    });
    return { outcome: 'CREATED', tableId: identified(created.TableDescription ?? {}).TableId };
  } catch (error) {
    if (isNamed(error, 'ResourceInUseException')) return undefined;
    // An engine on a laptop may have no tags, or no resource policies; the report then says so.
    if (!scope.isWithoutTags && isWithoutTags(error))
      return tryCreate(runtime, { ...scope, isWithoutTags: true });
    if (closure !== undefined && isNotOffered(error))
      return tryCreate(runtime, { ...scope, closure: undefined });
    throw creationError(error, { name: scope.name, place: runtime.config }) ?? error;
  }
}
