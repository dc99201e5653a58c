import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  DescribeStateMachineCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  ListStateMachinesCommand,
  RedriveExecutionCommand,
  StartExecutionCommand,
  StopExecutionCommand,
  type HistoryEvent,
} from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import {
  endOfExecution,
  eventually,
  startTinyAws,
  testClients,
  type TestClients,
} from '../../support/embedded.ts';

let aws: EmbeddedAws;
let clients: TestClients;
let machine: string;

beforeAll(async () => {
  aws = await startTinyAws({ pauseMillis: 10 });
  clients = testClients(aws);
  machine = aws.stateMachines['every-state'] ?? '';
});

afterAll(async () => {
  clients.destroy();
  await aws.stop();
});

describe('an execution', () => {
  it('runs the compiled definition and shows its own id, name and input inside', async () => {
    const { status, output, name } = await run({ shards: [{ kind: 'ok' }, { kind: 'turns', turns: 2 }] });
    expect(status).toBe('SUCCEEDED');
    const result = JSON.parse(output ?? '') as Record<string, unknown>;
    expect(result['name']).toBe(name);
    expect(result['input']).toEqual({ shards: [{ kind: 'ok' }, { kind: 'turns', turns: 2 }] });
    expect(result['both']).toEqual([expect.objectContaining({ event: { side: 'left' } }), { side: 'right' }]);
  });

  it('ends with the Error and Cause of its Fail state', async () => {
    const ended = await run({ fail: true });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'GivenUpError', cause: 'the input said so' });
    expect(ended.output).toBeUndefined();
  });

  it('passes a failed function on as its error name and its payload', async () => {
    const { error, cause } = await run({ shards: [{ kind: 'throw' }] });
    expect(error).toBe('TypeError');
    expect(JSON.parse(cause ?? '')).toMatchObject({ errorType: 'TypeError', errorMessage: 'asked to throw' });
  });

  it('retries what its Retry names, and then catches it', async () => {
    const { executionArn, error } = await run({ shards: [{ kind: 'transient' }] });
    expect(error).toBe('TransientError');
    const types = (await historyOf(executionArn)).map(({ type }) => type);
    expect(types.filter((type) => type === 'TaskFailed')).toHaveLength(3);
    expect(types.filter((type) => type === 'TaskStateEntered')).toHaveLength(1);
  });

  it('starts no iteration after one has failed', async () => {
    const shards = [{ kind: 'throw' }, ...Array.from({ length: 20 }, () => ({ kind: 'ok' }))];
    const { executionArn } = await run({ shards });
    const types = (await historyOf(executionArn)).map(({ type }) => type);
    const afterwards = types.slice(types.indexOf('MapIterationFailed') + 1);
    expect(types).toContain('MapIterationFailed');
    expect(afterwards).not.toContain('MapIterationStarted');
    expect(types.filter((type) => type === 'MapIterationStarted').length).toBeLessThan(shards.length);
  });

  it.each(['"abc"', '[]', 'null', '0', '""', 'false'])('hands %s on as its input', async (input) => {
    const { executionArn } = await clients.sfn.send(
      new StartExecutionCommand({ stateMachineArn: machine, input }),
    );
    await endOfExecution(clients.sfn, executionArn ?? '');
    const prepared = (await historyOf(executionArn)).find(({ type }) => type === 'PassStateExited');
    const output = JSON.parse(prepared?.stateExitedEventDetails?.output ?? '') as Record<string, unknown>;
    expect(output['input']).toEqual(JSON.parse(input));
  });

  it('is the same one when started twice under one name with one input', async () => {
    const start = { stateMachineArn: machine, name: 'twice', input: '{"waitSeconds":1,"shards":[]}' };
    const slow = aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'hang' });
    const first = await clients.sfn.send(new StartExecutionCommand(start));
    const second = await clients.sfn.send(new StartExecutionCommand(start));
    expect(second.executionArn).toBe(first.executionArn);
    const other = new StartExecutionCommand({ ...start, input: '{}' });
    await expect(clients.sfn.send(other)).rejects.toThrow(
      expect.objectContaining({ name: 'ExecutionAlreadyExists' }),
    );
    slow.remove();
    await clients.sfn.send(new StopExecutionCommand({ executionArn: first.executionArn }));
    const closed = new StartExecutionCommand(start);
    await expect(clients.sfn.send(closed)).rejects.toThrow(
      expect.objectContaining({ name: 'ExecutionAlreadyExists' }),
    );
  });

  it.each([
    [
      { stateMachineArn: 'arn:aws:states:ap-southeast-2:123456789012:stateMachine:none' },
      'StateMachineDoesNotExist',
    ],
    [{ stateMachineArn: 'nonsense' }, 'InvalidArn'],
    [{ name: 'with space' }, 'InvalidName'],
    [{ input: '{' }, 'InvalidExecutionInput'],
  ])('is refused for %o with %s', async (change, name) => {
    const start = clients.sfn.send(new StartExecutionCommand({ stateMachineArn: machine, ...change }));
    await expect(start).rejects.toThrow(expect.objectContaining({ name }));
  });
});

describe('a stopped execution', () => {
  it('is ABORTED, calls nothing any more, and its event reaches the rule’s function', async () => {
    const hang = aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'hang' });
    const { executionArn } = await clients.sfn.send(
      new StartExecutionCommand({
        stateMachineArn: machine,
        name: 'stopped',
        input: '{"shards":[{"kind":"ok"}]}',
      }),
    );
    await eventually(() => (hang.struck > 0 ? true : undefined));
    await clients.sfn.send(new StopExecutionCommand({ executionArn, error: 'Tired', cause: 'of waiting' }));
    hang.remove();
    const stopped = await endOfExecution(clients.sfn, executionArn ?? '');
    expect(stopped).toMatchObject({ status: 'ABORTED', error: 'Tired', cause: 'of waiting' });
    const event = await eventually(() => settled('stopped#ABORTED'));
    expect(event).toMatchObject({
      source: 'aws.states',
      'detail-type': 'Step Functions Execution Status Change',
      detail: { executionArn, stateMachineArn: machine, name: 'stopped', status: 'ABORTED' },
    });
    expect((await historyOf(executionArn)).at(-1)?.type).toBe('ExecutionAborted');
  });

  it('has an event that can be held back, and delivered late', async () => {
    aws.events.hold();
    await run({ fail: true }, 'late');
    expect(await settled('late#FAILED')).toBeUndefined();
    await aws.events.release();
    expect(await settled('late#FAILED')).toBeDefined();
  });

  it('has an event that can be lost; the schedule is then what is left', async () => {
    aws.events.hold();
    await run({ fail: true }, 'lost');
    aws.events.drop();
    await aws.tickSchedule();
    expect(await settled('lost#FAILED')).toBeUndefined();
    expect(await settled('schedule#')).toEqual({ source: 'schedule' });
  });

  it('can be timed out, and goes on from where it was when it is redriven', async () => {
    const hang = aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'hang', times: 1 });
    const start = { stateMachineArn: machine, input: '{"shards":[{"kind":"ok"}]}' };
    const { executionArn = '' } = await clients.sfn.send(new StartExecutionCommand(start));
    await eventually(() => (hang.struck > 0 ? true : undefined));
    aws.timeOutExecution(executionArn);
    expect((await endOfExecution(clients.sfn, executionArn)).status).toBe('TIMED_OUT');
    await clients.sfn.send(new RedriveExecutionCommand({ executionArn }));
    expect(await endOfExecution(clients.sfn, executionArn)).toMatchObject({
      status: 'SUCCEEDED',
      redriveCount: 1,
    });
    const entered = (await historyOf(executionArn)).filter(({ type }) => type === 'PassStateEntered');
    expect(
      entered.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === 'Prepare'),
    ).toHaveLength(1);
    const listed = async (redriveFilter: 'REDRIVEN' | 'NOT_REDRIVEN') => {
      const list = new ListExecutionsCommand({ stateMachineArn: machine, redriveFilter });
      return (await clients.sfn.send(list)).executions?.map((execution) => execution.executionArn);
    };
    expect(await listed('REDRIVEN')).toEqual([executionArn]);
    expect(await listed('NOT_REDRIVEN')).not.toContain(executionArn);
  });
});

describe('a history', () => {
  it('has AWS’s events, each with what came before it', async () => {
    const { executionArn } = await run({ shards: [{ kind: 'ok' }] });
    const events = await historyOf(executionArn);
    const types = events.map(({ type }) => type).join(' ');
    expect(types).toBe(
      'ExecutionStarted PassStateEntered PassStateExited ChoiceStateEntered ChoiceStateExited ' +
        'MapStateEntered MapStateStarted MapIterationStarted ' +
        'TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited ' +
        'ChoiceStateEntered ChoiceStateExited PassStateEntered PassStateExited ' +
        'MapIterationSucceeded MapStateSucceeded MapStateExited ' +
        'ParallelStateEntered ParallelStateStarted TaskStateEntered PassStateEntered PassStateExited ' +
        'TaskScheduled TaskStarted TaskSucceeded TaskStateExited ' +
        'ParallelStateSucceeded ParallelStateExited SucceedStateEntered SucceedStateExited ExecutionSucceeded',
    );
    expect(events.map(({ id }) => id)).toEqual(events.map((_, index) => index + 1));
    const scheduled = events.find(({ type }) => type === 'TaskScheduled');
    expect(scheduled?.taskScheduledEventDetails).toMatchObject({
      resourceType: 'lambda',
      resource: 'invoke',
      timeoutInSeconds: 30,
    });
    const parallel = events.find(({ type }) => type === 'ParallelStateStarted');
    const branches = events.filter(({ previousEventId }) => previousEventId === parallel?.id);
    expect(branches.map(({ type }) => type)).toEqual(['TaskStateEntered', 'PassStateEntered']);
  });

  it('comes in pages, backwards, and without its data where asked', async () => {
    const { executionArn } = await run({ shards: [] });
    const all = await historyOf(executionArn);
    const first = await clients.sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 3 }));
    const second = await clients.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, maxResults: 3, nextToken: first.nextToken }),
    );
    expect([...(first.events ?? []), ...(second.events ?? [])]).toEqual(all.slice(0, 6));
    const backwards = await clients.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, reverseOrder: true }),
    );
    expect(backwards.events?.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toReversed());
    const bare = await clients.sfn.send(
      new GetExecutionHistoryCommand({ executionArn, includeExecutionData: false }),
    );
    expect(bare.events?.[0]?.executionStartedEventDetails?.input).toBeUndefined();
  });
});

describe('the lists', () => {
  it('show machines and executions, newest first, by status', async () => {
    const machines = await clients.sfn.send(new ListStateMachinesCommand({}));
    expect(machines.stateMachines?.map(({ stateMachineArn }) => stateMachineArn)).toEqual([machine]);
    const described = await clients.sfn.send(new DescribeStateMachineCommand({ stateMachineArn: machine }));
    expect(JSON.parse(described.definition ?? '')).toMatchObject({ StartAt: 'Prepare' });
    const { executionArn } = await run({ fail: true });
    const listed = await clients.sfn.send(
      new ListExecutionsCommand({ stateMachineArn: machine, statusFilter: 'FAILED', maxResults: 1 }),
    );
    expect(listed.executions).toEqual([expect.objectContaining({ executionArn, status: 'FAILED' })]);
    expect(listed.executions?.[0]?.stopDate).toBeInstanceOf(Date);
  });
});

async function run(input: unknown, name?: string) {
  const start = {
    stateMachineArn: machine,
    input: JSON.stringify(input),
    ...(name !== undefined && { name }),
  };
  const { executionArn = '' } = await clients.sfn.send(new StartExecutionCommand(start));
  return { ...(await endOfExecution(clients.sfn, executionArn)), executionArn };
}

async function historyOf(executionArn: string | undefined): Promise<HistoryEvent[]> {
  const { events = [] } = await clients.sfn.send(
    new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }),
  );
  return events;
}

/** The event that the rule's function has kept in the ledger. */
async function settled(sortKey: string): Promise<unknown> {
  const Key = { PK: { S: 'EVENT' }, SK: { S: sortKey } };
  const { Item } = await clients.dynamodb.send(
    new GetItemCommand({ TableName: aws.ledgerTable, Key, ConsistentRead: true }),
  );
  return Item === undefined ? undefined : JSON.parse(Item['event']?.S ?? '');
}
