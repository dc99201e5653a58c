import { InvokeCommand } from '@aws-sdk/client-lambda';
import { ExecutionStatus } from '@aws-sdk/client-sfn';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { WireItem } from '../../../functions/shared/items/wire-item.ts';
import { executionNameOf, functionName } from '../../../functions/shared/names.ts';
import { describeExecution } from '../executions.ts';
import { count, counted, duration } from '../../../functions/shared/format.ts';
import { OperatorError } from '../operator-error.ts';
import { type AwkwardProduct, namelessProduct } from './awkward-products.ts';
import { migratedGaps } from './check-migrated.ts';
import { endOf, recoveredRun, start, stop, succeed } from './executions.ts';
import { until } from './pace.ts';
import { differences } from './same-value.ts';
import type { Smoke } from './smoke-run.ts';
import { createSource, deleteItem, findTable, holdsItems, putItems, readItems } from './tables.ts';

/** Slow enough to be caught while it writes: 200 products take a minute. */
const slowly = { writeUnitsPerSecond: 10, note: 'smoke test: is stopped' };
const writingSeconds = 600;

/** The source, filled; what it then holds is what everything later is compared with. */
export async function fillSource(
  smoke: Smoke,
  products: readonly AwkwardProduct[],
): Promise<readonly WireItem[]> {
  const { sourceTable } = smoke.settings;
  await createSource(tableScope(smoke), sourceTable, smoke.startedAt);
  await putItems(
    tableScope(smoke),
    sourceTable,
    products.map(({ item }) => item),
  );
  const items = await readItems(smoke.context.dynamo, sourceTable);
  if (items.length === products.length) return items;
  throw new OperatorError(`${items.length} of ${products.length} products arrived in ${sourceTable}.`);
}

const tableScope = ({ context, pace }: Smoke) => ({ dynamo: context.dynamo, pace });

/** A run that must fail: one product has no name. */
export async function proveUnhappyRun(smoke: Smoke): Promise<string> {
  const { dynamo } = smoke.context;
  const { sourceTable } = smoke.settings;
  await putItems(tableScope(smoke), sourceTable, [namelessProduct]);
  const executionArn = await start(smoke, 'migrate', { note: 'smoke test: must fail' });
  const { status, error, cause = '' } = await endOf(smoke, executionArn);
  if (status !== ExecutionStatus.FAILED || error !== 'TooManyQuarantinedError')
    throw new OperatorError(`It ended as ${status ?? '?'} ${error ?? ''}, not as it should: ${cause}`);
  const run = await recoveredRun(smoke, executionNameOf(executionArn));
  if (run?.status !== 'ROLLED_BACK')
    throw new OperatorError(`The ledger has the run as ${run?.status ?? 'unknown'}, not as ROLLED_BACK.`);
  await refuseTargets(smoke);
  await deleteItem(dynamo, sourceTable, 'smoke-nameless');
  return `${error}, and no table was created`;
}

async function refuseTargets(smoke: Smoke): Promise<void> {
  const { settings, context } = smoke;
  const found = await Promise.all(settings.targets.map((name) => findTable(context.dynamo, name)));
  refuse(
    'The run was rolled back, but these tables are still there',
    found.flatMap((table) => table?.name ?? []),
  );
}

/** The first few of a list of faults, as one error. */
function refuse(what: string, faults: readonly string[]): void {
  if (faults.length === 0) return;
  const shown = faults.slice(0, 5).join('; ');
  throw new OperatorError(`${what}: ${shown}${faults.length > 5 ? `; and ${faults.length - 5} more` : ''}.`);
}

/** A run that nobody cleans up after: it is stopped while it writes, and the rule must roll it back. */
export async function proveStoppedRun(smoke: Smoke): Promise<string> {
  const { context, settings, pace } = smoke;
  const executionArn = await start(smoke, 'migrate', slowly);
  const patience = { what: `the run to write into ${settings.catalogue}`, seconds: writingSeconds };
  await until(pace, patience, async () => {
    const { status, error, cause } = await describeExecution(context.sfn, executionArn);
    if (status !== ExecutionStatus.RUNNING)
      throw new OperatorError(
        `It ended before it could be stopped: ${status ?? ''} ${error ?? ''} ${cause ?? ''}`,
      );
    return (await holdsItems(context.dynamo, settings.catalogue)) ? true : undefined;
  });
  await stop(smoke, executionArn);
  const stoppedAt = Date.now();
  const run = await recoveredRun(smoke, executionNameOf(executionArn));
  if (run?.status !== 'ROLLED_BACK')
    throw new OperatorError(`The ledger has the run as ${run?.status ?? 'unknown'}, not as ROLLED_BACK.`);
  await refuseTargets(smoke);
  return `found and rolled back ${duration((Date.now() - stoppedAt) / 1_000)} after it was stopped; its four tables are gone`;
}

/** What the comparisons go by. */
export interface Filled {
  readonly products: readonly AwkwardProduct[];
  readonly source: readonly WireItem[];
}

/** A whole migration, every item compared. */
export async function proveMigration(smoke: Smoke, filled: Filled): Promise<string> {
  const { catalogue, defaultStockQuantity } = smoke.settings;
  const report = await succeed(smoke, 'migrate', { note: 'smoke test' });
  const migrated = await readItems(smoke.context.dynamo, catalogue);
  const gaps = migratedGaps({
    expected: filled.products,
    source: filled.source,
    migrated,
    runId: report.runId,
    defaultStockQuantity,
  });
  refuse('The target is not what it must be', gaps);
  if (report.migrated.items !== migrated.length)
    throw new OperatorError(
      `The report says ${report.migrated.items} items; ${catalogue} holds ${migrated.length}.`,
    );
  return `${counted(filled.products.length, 'product')} became ${counted(migrated.length, 'item')}, each compared, attribute by attribute${warningsOf(report)}`;
}

/** What the deployment could not do, for instance protect a table, is no failure, but worth a look. */
const warningsOf = ({ warnings = [] }: Report): string =>
  warnings.map((warning) => `\n    ▲ ${warning}`).join('');

/** Starting again changes nothing. */
export async function proveSecondRun(smoke: Smoke): Promise<string> {
  const { dynamo } = smoke.context;
  const { catalogue } = smoke.settings;
  const before = await readItems(dynamo, catalogue);
  const { migrated } = await succeed(smoke, 'migrate', { note: 'smoke test: once more' });
  const changes = differences(before, await readItems(dynamo, catalogue));
  refuse(`The second run changed ${catalogue}`, changes);
  if (migrated.alreadyPresent !== before.length)
    throw new OperatorError(`It found ${migrated.alreadyPresent} of ${before.length} items in place.`);
  return `all ${count(before.length)} items were in place, and none was changed`;
}

/** The backup is sound, and gives every product back. */
export async function proveRestore(smoke: Smoke, { source }: Filled): Promise<string> {
  const { context } = smoke;
  const answer = await invoke(smoke, 'verifyBackup');
  if (answer['sound'] !== true) throw new OperatorError(String(answer['message'] ?? answer['errorMessage']));
  const report = await succeed(smoke, 'restore', { note: 'smoke test' });
  const table = report.restored?.targetTable ?? '';
  refuse(`${table} differs from the source in`, differences(source, await readItems(context.dynamo, table)));
  return `${counted(source.length, 'product')} restored into ${table}, each compared${warningsOf(report)}`;
}

async function invoke({ context }: Smoke, key: string): Promise<Record<string, unknown>> {
  const { Payload } = await context.lambda.send(
    new InvokeCommand({ FunctionName: functionName(context, key) }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString('utf8')) as Record<string, unknown>;
}

/** Promise one: the source is only ever read. */
export async function proveUntouched(smoke: Smoke, { source }: Filled): Promise<string> {
  const { sourceTable } = smoke.settings;
  const now = await readItems(smoke.context.dynamo, sourceTable);
  refuse(`${sourceTable} was changed`, differences(source, now));
  return `${sourceTable} holds exactly what it was filled with`;
}
