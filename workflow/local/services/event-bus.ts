import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../account.ts';
import type { LambdaPermission, RuleSpec } from '../deploy/read-deployment.ts';
import { AwsError, jsonAnswer } from '../gateway/aws-answers.ts';
import type { Service } from '../gateway/aws-request.ts';
import type { Execution } from '../states/executions.ts';
import { refusalOfRule } from './rule-permission.ts';

/** An event as EventBridge hands it to a target. */
export interface BusEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  readonly account: string;
  /** ISO 8601, whole seconds. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** EventBridge: rules by event and by the clock. Tests may hold events back: on AWS they come late, twice, or not at all. */
export interface EventBus {
  readonly serve: Service;
  /** Every event that was put, delivered or not. */
  readonly events: readonly BusEvent[];
  /** A sentence for each call that no permission let EventBridge make; on AWS the metric FailedInvocations counts them. */
  readonly refusals: readonly string[];
  /** Keeps events back from now on. */
  hold(): void;
  /** Delivers what was held back, and holds no longer. Resolves when the targets have ended. */
  release(): Promise<void>;
  /** Forgets what was held back, as if it had been lost, and holds no longer. */
  drop(): void;
  /** Delivers an event to the rules that match it. Resolves when the targets have ended. */
  deliver(event: BusEvent): Promise<void>;
  /** Calls the targets of every schedule now. Resolves when they have ended. */
  tickSchedule(): Promise<void>;
  put(event: BusEvent): void;
  stop(): void;
}

/** Calls a target's function and resolves when it has ended, well or not. */
export type CallTarget = (functionArn: string, payload: string) => Promise<void>;

/** What a bus works with. */
export interface EventBusParts {
  readonly rules: readonly RuleSpec[];
  readonly permissions: readonly LambdaPermission[];
  readonly callTarget: CallTarget;
}

/** Starts the clocks of the schedules; events wait for {@link EventBus.put}. @throws Error for a schedule other than `rate(...)` */
export function createEventBus({ rules, permissions, callTarget }: EventBusParts): EventBus {
  const events: BusEvent[] = [];
  const refusals: string[] = [];
  let held: BusEvent[] | undefined;
  const call = async (rule: RuleSpec, event: unknown) => {
    const calls = rule.targets.map(async ({ arn, input }) => {
      const refusal = refusalOfRule({ rule, functionArn: arn }, permissions);
      if (refusal === undefined) await callTarget(arn, input ?? JSON.stringify(event));
      else refusals.push(refusal);
    });
    await Promise.all(calls);
  };
  const deliver = async (event: BusEvent) => {
    const matching = rules.filter(
      ({ eventPattern }) => eventPattern !== undefined && matchesPattern(eventPattern, event),
    );
    await Promise.all(matching.map((rule) => call(rule, event)));
  };
  const tick = (rule: RuleSpec) => call(rule, scheduledEvent(rule));
  const scheduled = rules.filter(({ scheduleExpression }) => scheduleExpression !== undefined);
  const clocks = scheduled.map((rule) => setInterval(() => void tick(rule), rateMillis(rule)).unref());
  const put = (event: BusEvent) => {
    events.push(event);
    if (held === undefined) void deliver(event);
    else held.push(event);
  };
  return {
    events,
    refusals,
    put,
    deliver,
    serve: (request) => servePutEvents(request, put),
    hold: () => void (held ??= []),
    drop: () => void (held = undefined),
    async release() {
      const late = held ?? [];
      held = undefined;
      await Promise.all(late.map(deliver));
    },
    tickSchedule: async () => void (await Promise.all(scheduled.map(tick))),
    stop: () => clocks.forEach((clock) => clearInterval(clock)),
  };
}

/** The event that Step Functions emits whenever an execution's status changes. */
export function statusChangeEvent(execution: Execution): BusEvent {
  const detail = {
    executionArn: execution.arn,
    stateMachineArn: execution.machine.arn,
    name: execution.name,
    status: execution.status,
    startDate: execution.startedAt,
    stopDate: execution.stoppedAt ?? null,
    input: execution.input,
    output: execution.output ?? null,
    inputDetails: { included: true },
    outputDetails: execution.output === undefined ? null : { included: true },
    error: execution.error ?? null,
    cause: execution.cause ?? null,
    redriveCount: execution.redriveCount,
  };
  return newEvent('aws.states', 'Step Functions Execution Status Change', [execution.arn], detail);
}

function scheduledEvent({ arn }: RuleSpec): BusEvent {
  return newEvent('aws.events', 'Scheduled Event', [arn], {});
}

function newEvent(
  source: string,
  detailType: string,
  resources: readonly string[],
  detail: BusEvent['detail'],
): BusEvent {
  const time = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': detailType,
    source,
    account: ACCOUNT_ID,
    time,
    region: REGION,
    resources,
    detail,
  };
}

/** Lists of plain values, at any depth; a pattern that compares otherwise is refused when it is met. */
function matchesPattern(pattern: unknown, value: unknown): boolean {
  if (!Array.isArray(pattern)) {
    const members = Object.entries(pattern as Record<string, unknown>);
    return members.every(([name, inner]) =>
      matchesPattern(inner, (value as Record<string, unknown> | undefined)?.[name]),
    );
  }
  if (pattern.some((element) => typeof element === 'object' && element !== null)) {
    throw new Error(`The embedded AWS cannot match the event pattern ${JSON.stringify(pattern)}.`);
  }
  return Array.isArray(value) ? value.some((element) => pattern.includes(element)) : pattern.includes(value);
}

function rateMillis({ name, scheduleExpression = '' }: RuleSpec): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(scheduleExpression) ?? [];
  if (unit === undefined)
    throw new Error(`The embedded AWS cannot run the schedule ${scheduleExpression} of rule ${name}.`);
  const unitMillis = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }[unit] ?? 0;
  return Number(count) * unitMillis;
}

async function servePutEvents({ operation, json }: Parameters<Service>[0], put: (event: BusEvent) => void) {
  if (operation !== 'PutEvents')
    throw new AwsError(400, 'UnknownOperationException', `No such call: ${operation}`);
  const entries = (json?.['Entries'] ?? []) as Readonly<Record<string, unknown>>[];
  const added = entries.map(({ Source, DetailType, Resources = [], Detail }) => {
    const detail = JSON.parse(String(Detail)) as BusEvent['detail'];
    return newEvent(String(Source), String(DetailType), Resources as string[], detail);
  });
  added.forEach(put);
  return jsonAnswer({ FailedEntryCount: 0, Entries: added.map(({ id }) => ({ EventId: id })) }, '1.1');
}
