import { commandsOf, stepText } from '../../../functions/shared/commands.ts';
import { REFUSED } from '../exit-codes.ts';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { findLock } from '../../../functions/shared/ledger/lock.ts';
import { listTables } from '../../../functions/shared/ledger/table-record.ts';
import { RUN_TAG, SERVICE_TAG, STAGE_TAG } from '../../../functions/shared/aws/describe-table.ts';
import { serviceName } from '../deployment.ts';
import { OperatorError } from '../operator-error.ts';
import { smokePrefix } from './executions.ts';
import type { Smoke } from './smoke-run.ts';
import { type FoundTable, findTable, smokeTag } from './tables.ts';

/** The tables that a smoke test, this one or an earlier one that was killed, has made. */
export interface OwnTables {
  readonly source: FoundTable | undefined;
  /** Targets, and tables that backups were restored into. */
  readonly made: readonly FoundTable[];
}

/** What is there of the smoke test's own; other tables are not in the list. */
export async function findOwnTables(smoke: Smoke): Promise<OwnTables> {
  const source = await findTable(smoke.context.dynamo, smoke.settings.sourceTable);
  const made: FoundTable[] = [];
  for (const table of await findCandidates(smoke)) if (await isMadeBySmoke(smoke, table)) made.push(table);
  return { source: source?.tags.has(smokeTag) === true ? source : undefined, made };
}

/** Every table that a test makes or would make: targets, and what backups of the source were restored into. */
async function findCandidates(smoke: Smoke): Promise<readonly FoundTable[]> {
  const names = [...smoke.settings.targets, ...(await restoredTables(smoke))];
  const found = await Promise.all(names.map((name) => findTable(smoke.context.dynamo, name)));
  return found.filter((table) => table !== undefined);
}

async function restoredTables({ context, settings }: Smoke): Promise<readonly string[]> {
  const names: string[] = [];
  let ExclusiveStartTableName: string | undefined;
  do {
    const page = await context.dynamo.send(new ListTablesCommand({ ExclusiveStartTableName }));
    names.push(...(page.TableNames ?? []));
    ExclusiveStartTableName = page.LastEvaluatedTableName;
  } while (ExclusiveStartTableName !== undefined);
  return names.filter((name) => name.startsWith(`${settings.sourceTable}-restored-`));
}

/** Whether a smoke test's run of this stage made the table: its tags say so, and the ledger with the same id. */
async function isMadeBySmoke({ context }: Smoke, table: FoundTable): Promise<boolean> {
  const { tags, description, name } = table;
  const runId = tags.get(RUN_TAG) ?? '';
  if (!runId.startsWith(smokePrefix)) return false;
  if (tags.get(SERVICE_TAG) !== serviceName || tags.get(STAGE_TAG) !== context.stage) return false;
  const records = await listTables(context.ledger, runId);
  const record = records.find((candidate) => candidate.name === name);
  // Where an engine gives its tables no ids, there is none to compare.
  return record !== undefined && (record.tableId || undefined) === description.TableId;
}

/**
 * Targets that are still there, and restored tables whose tag names a smoke test: after a test there must be none.
 */
export async function findRemains(smoke: Smoke): Promise<readonly string[]> {
  const candidates = await findCandidates(smoke);
  const remains = candidates.filter(
    ({ name, tags }) =>
      smoke.settings.targets.includes(name) || tags.get(RUN_TAG)?.startsWith(smokePrefix) === true,
  );
  return remains.map(({ name }) => name);
}

/**
 * Makes sure that everything that a test would touch is absent or a smoke test's own.
 *
 * @throws OperatorError naming the first table in the way, or the run that works on the source.
 */
export async function refuseForeignTables(smoke: Smoke): Promise<OwnTables> {
  const { context, settings } = smoke;
  const own = await findOwnTables(smoke);
  const source = await findTable(context.dynamo, settings.sourceTable);
  if (source !== undefined && own.source === undefined)
    throw new OperatorError(moveAway(settings.sourceTable));
  // A target is left over from a test only while that test's source, which goes last, is there too.
  const leftOver = own.source === undefined ? [] : own.made.map(({ name }) => name);
  for (const name of settings.targets) {
    const isThere = (await findTable(context.dynamo, name)) !== undefined;
    if (isThere && !leftOver.includes(name)) throw new OperatorError(moveAway(name));
  }
  const { follow, rollBack } = commandsOf(context);
  const lock = await findLock(context.ledger, settings.sourceTable);
  if (lock !== undefined)
    throw new OperatorError(
      `Run ${lock.runId} works on ${settings.sourceTable}, of another smoke test perhaps. Nothing was created.`,
      REFUSED,
      stepText(['Wait until it has ended', follow(lock.runId)], ['Or roll it back', rollBack(lock.runId)]),
    );
  return own;
}

const moveAway = (name: string): string =>
  `There is a table ${name} already, and no smoke test has made it. It was not touched. Deploy a stage of its own for the smoke test, with a sourceTable and a tablePrefix whose tables are not there.`;
