import { type ExecutionListItem, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { findExecution } from '../../functions/shared/ledger/execution-record.ts';
import type { OperatorContext } from './context.ts';
import { executionArn, machineArn } from '../../functions/shared/names.ts';

/** An execution that failed before it had begun a run: the ledger knows nothing of it. */
export interface RefusedStart {
  /** Name of the execution, which would have become the run's id. */
  readonly name: string;
  readonly machine: (typeof machines)[number];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly finishedAt: string;
}

const machines = ['migrate', 'restore', 'sync'] as const;

/** Starts that were refused, newest first; Step Functions remembers them for 90 days. */
export async function refusedStarts(
  context: OperatorContext,
  { limit, known }: { readonly limit: number; readonly known: ReadonlySet<string> },
): Promise<readonly RefusedStart[]> {
  const failed = await Promise.all(machines.map((machine) => failedOf(context, machine, limit)));
  const unknown = failed
    .flat()
    .filter(({ name }) => !known.has(name))
    .toSorted((one, other) => (one.startedAt < other.startedAt ? 1 : -1))
    .slice(0, limit);
  const runs = await Promise.all(
    unknown.map(({ name, machine }) =>
      findExecution(context.ledger, { name, id: executionArn(context, machine, name) }),
    ),
  );
  return unknown.filter((_, index) => runs[index] === undefined);
}

async function failedOf(
  context: OperatorContext,
  machine: (typeof machines)[number],
  limit: number,
): Promise<readonly RefusedStart[]> {
  const { executions = [] } = await context.sfn.send(
    new ListExecutionsCommand({
      stateMachineArn: machineArn(context, machine),
      statusFilter: 'FAILED',
      maxResults: Math.min(limit, 1_000),
    }),
  );
  return executions.map(({ name = '', startDate, stopDate }: ExecutionListItem) => ({
    name,
    machine,
    startedAt: (startDate ?? new Date(0)).toISOString(),
    finishedAt: (stopDate ?? startDate ?? new Date(0)).toISOString(),
  }));
}
