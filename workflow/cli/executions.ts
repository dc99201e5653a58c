import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  paginateGetExecutionHistory,
  type SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import * as z from 'zod';
import type { OperatorContext } from './context.ts';
import { machineArn, type MachineName } from '../../functions/shared/names.ts';
import { defaultWay } from '../graph/machine-graph.ts';
import type { MachineDefinition } from '../local/states/prepare-machine.ts';
import type { Pictures } from './run-record.ts';
import { stateVisits } from './state-visits.ts';

/** A name that sorts by time, says what it is and is free: `migrate-20260301T120007Z-4f2a9c`. */
export function executionName(machine: MachineName, now: Date = new Date()): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
  return `${machine}-${time}-${crypto.randomUUID().slice(0, 6)}`;
}

/** An execution to start. */
export interface NewExecution {
  readonly input: unknown;
  /** Default {@link executionName}. */
  readonly name?: string;
  /** Ends the waiting for the answer. The request may have arrived all the same. */
  readonly signal?: AbortSignal;
}

/**
 * Starts a machine under a name chosen here: a repeated request starts nothing twice.
 *
 * @returns the execution's ARN.
 */
export async function startExecution(
  context: OperatorContext,
  machine: MachineName,
  { input, name = executionName(machine), signal }: NewExecution,
): Promise<string> {
  const { executionArn = '' } = await context.sfn.send(
    new StartExecutionCommand({
      stateMachineArn: machineArn(context, machine),
      name,
      input: JSON.stringify(input),
    }),
    signal === undefined ? {} : { abortSignal: signal },
  );
  return executionArn;
}

export function describeExecution(sfn: SFNClient, executionArn: string): Promise<DescribeExecutionOutput> {
  return sfn.send(new DescribeExecutionCommand({ executionArn }));
}

const machineSchema = z.object({
  StartAt: z.string().optional(),
  States: z
    .record(
      z.string(),
      z.looseObject({ Type: z.string(), Next: z.string().optional(), Default: z.string().optional() }),
    )
    .default({}),
});

/** What following an execution needs of its machine. */
export interface Machine {
  /** Names of the states on its top level. */
  readonly topLevel: ReadonlySet<string>;
  /** Those that do something, in the order in which an execution passes them by the default of every choice. */
  readonly steps: readonly string[];
  /** Absent where it cannot be read. */
  readonly definition: MachineDefinition | undefined;
}

export async function describeMachine(sfn: SFNClient, stateMachineArn: string): Promise<Machine> {
  const { definition = '{}' } = await sfn.send(new DescribeStateMachineCommand({ stateMachineArn }));
  return machineOf(definition);
}

/** @param definition in Amazon States Language */
export function machineOf(definition: string): Machine {
  const { StartAt, States } = machineSchema.parse(JSON.parse(definition));
  const read = StartAt === undefined ? undefined : { StartAt, States };
  const way = read === undefined ? [] : defaultWay(read);
  const steps = way.filter((name) => STEP_TYPES.has(States[name]?.Type ?? ''));
  return { topLevel: new Set(Object.keys(States)), steps, definition: read };
}

const STEP_TYPES: ReadonlySet<string> = new Set(['Task', 'Map', 'Parallel']);

const eventsPerPage = 1_000;

async function fullHistory(sfn: SFNClient, executionArn: string): Promise<readonly HistoryEvent[]> {
  const pages = paginateGetExecutionHistory(
    { client: sfn, pageSize: eventsPerPage },
    { executionArn, includeExecutionData: false },
  );
  const events: HistoryEvent[] = [];
  for await (const page of pages) events.push(...(page.events ?? []));
  return events;
}

/** The execution's way through its top-level states, and its machine; Step Functions keeps the way for 90 days. */
export async function executionPath(
  sfn: SFNClient,
  executionArn: string,
): Promise<Pick<Pictures, 'path' | 'machine'>> {
  const { stateMachineArn = '' } = await describeExecution(sfn, executionArn);
  const { topLevel, definition: machine } = await describeMachine(sfn, stateMachineArn);
  return { path: stateVisits(await fullHistory(sfn, executionArn), topLevel, Date.now()), machine };
}

/** The newest top-level state among the history's last events; `undefined` while a Map fills them all. */
export async function currentState(
  sfn: SFNClient,
  executionArn: string,
  topLevel: ReadonlySet<string>,
): Promise<string | undefined> {
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({
      executionArn,
      reverseOrder: true,
      maxResults: 100,
      includeExecutionData: false,
    }),
  );
  const entered = events.map((event) => event.stateEnteredEventDetails?.name ?? '');
  return entered.find((name) => topLevel.has(name));
}
