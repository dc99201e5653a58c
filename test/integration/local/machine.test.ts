import { describe, expect, it } from 'vitest';
import type { AwsRequest } from '../../../workflow/local/gateway/aws-request.ts';
import type { Execution } from '../../../workflow/local/states/executions.ts';
import type { Json } from '../../../workflow/local/states/prepare-machine.ts';
import { createStates } from '../../../workflow/local/states/states-service.ts';
import { StateError } from '../../../workflow/local/states/state-error.ts';

const INVOKE = 'arn:aws:states:::lambda:invoke';
const MACHINE = 'arn:aws:states:ap-southeast-2:123456789012:stateMachine:m';

describe('a Map', () => {
  it('shows its item and the root execution inside every iteration', async () => {
    const { output } = await run(
      {
        StartAt: 'Each',
        States: {
          Each: {
            Type: 'Map',
            ItemsPath: '$.items',
            ItemProcessor: {
              StartAt: 'Show',
              States: { Show: { Type: 'Pass', Parameters: INSIDE, End: true } },
            },
            End: true,
          },
        },
      },
      { items: ['a', 'b'] },
    );
    const name = 'run-1';
    const input = { items: ['a', 'b'] };
    expect(output).toEqual([
      { index: 0, value: 'a', name, input, state: 'Show' },
      { index: 1, value: 'b', name, input, state: 'Show' },
    ]);
  });

  it('in DISTRIBUTED mode has an execution per iteration, and one error for every failure', async () => {
    const definition = (processor: object) => ({
      StartAt: 'Each',
      States: {
        Each: {
          Type: 'Map',
          ItemsPath: '$.items',
          ItemProcessor: {
            ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
            ...processor,
          },
          End: true,
        },
      },
    });
    const show = { Type: 'Pass', Parameters: { 'input.$': '$$.Execution.Input' }, End: true };
    const shown = await run(definition({ StartAt: 'Show', States: { Show: show } }), { items: [1, 2] });
    expect(shown.output).toEqual([{ input: 1 }, { input: 2 }]);
    const fail = { Type: 'Fail', Error: 'Broken', Cause: 'it is' };
    const failed = await run(definition({ StartAt: 'Stop', States: { Stop: fail } }), { items: [1, 2] });
    expect(failed).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
  });

  it('takes its concurrency from a path, and starts no more than that at once', async () => {
    let [running, most] = [0, 0];
    const invoke = async () => {
      most = Math.max(most, (running += 1));
      await new Promise(setImmediate);
      running -= 1;
      return {};
    };
    const task = { Type: 'Task', Resource: INVOKE, Parameters: {}, End: true };
    const ended = await run(
      {
        StartAt: 'Each',
        States: {
          Each: {
            Type: 'Map',
            ItemsPath: '$.items',
            MaxConcurrencyPath: '$.workers',
            ItemProcessor: { StartAt: 'Work', States: { Work: task } },
            End: true,
          },
        },
      },
      { items: [1, 2, 3, 4, 5, 6, 7], workers: 3 },
      { invoke },
    );
    expect(ended.status).toBe('SUCCEEDED');
    expect(most).toBe(3);
  });

  it('is retried as a whole when it has a Retry', async () => {
    let calls = 0;
    const invoke = async () => {
      calls += 1;
      if (calls === 1) throw new StateError('Flaky', 'once');
      return {};
    };
    const task = { Type: 'Task', Resource: INVOKE, Parameters: {}, End: true };
    const each = {
      Type: 'Map',
      ItemProcessor: { StartAt: 'Work', States: { Work: task } },
      Retry: [{ ErrorEquals: ['Flaky'], IntervalSeconds: 1, MaxAttempts: 1 }],
      End: true,
    };
    const ended = await run({ StartAt: 'Each', States: { Each: each } }, [1, 2], { invoke });
    expect(ended.status).toBe('SUCCEEDED');
  });
});

describe('what no Catch sees', () => {
  const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }], End: true };
  const withCatch = (state: object) => ({
    StartAt: 'Try',
    States: { Try: { ...state, ...caught }, Caught: { Type: 'Succeed' } },
  });

  it('is a result over 256 KiB', async () => {
    const task = { Type: 'Task', Resource: INVOKE, Parameters: {} };
    const ended = await run(withCatch(task), {}, { invoke: async () => 'x'.repeat(262_144) });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('is a path that leads nowhere', async () => {
    const task = { Type: 'Task', Resource: INVOKE, Parameters: { 'x.$': '$.none' } };
    expect(await run(withCatch(task), {})).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  });

  it('is the 25,000th event', async () => {
    const loop = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } };
    const ended = await run({ StartAt: 'A', States: loop }, {});
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
    expect(ended.execution.history.events).toHaveLength(25_000);
    const json = { executionArn: ended.execution.arn };
    const ask = (operation: string) => ended.states.serve({ operation, json } as unknown as AwsRequest);
    await expect(ask('RedriveExecution')).rejects.toThrow('maximum number of history events (25000)');
    expect((await ask('DescribeExecution')).body.toString()).toContain('"redriveStatus":"NOT_REDRIVABLE"');
  });

  it('is the 25,000th event of a child of a DISTRIBUTED Map, which fails the Map', async () => {
    const loop = { A: { Type: 'Pass', Next: 'B' }, B: { Type: 'Pass', Next: 'A' } };
    const ItemProcessor = { ProcessorConfig: { Mode: 'DISTRIBUTED' }, StartAt: 'A', States: loop };
    const ended = await run(
      { StartAt: 'Each', States: { Each: { Type: 'Map', ItemProcessor, End: true } } },
      [1],
    );
    expect(ended).toMatchObject({ status: 'FAILED', error: 'States.ExceedToleratedFailureThreshold' });
  });

  it('is the time limit of the whole execution', async () => {
    const wait = { Type: 'Wait', Seconds: 60, End: true };
    const ended = await run({ StartAt: 'Wait', TimeoutSeconds: 1, States: { Wait: wait } }, {});
    expect(ended.status).toBe('TIMED_OUT');
  });
});

it('gives a task that takes too long up as States.Timeout, which a Catch may take', async () => {
  const task = {
    Type: 'Task',
    Resource: INVOKE,
    Parameters: {},
    TimeoutSeconds: 1,
    Catch: [{ ErrorEquals: ['States.Timeout'], ResultPath: '$.failure', Next: 'Late' }],
    End: true,
  };
  const hang = () => new Promise<Json>(() => undefined);
  const ended = await run(
    { StartAt: 'Try', States: { Try: task, Late: { Type: 'Succeed' } } },
    { kept: 1 },
    { invoke: hang },
  );
  expect(ended.output).toMatchObject({ kept: 1, failure: { Error: 'States.Timeout' } });
  expect(ended.execution.history.events.map(({ type }) => type)).toContain('TaskTimedOut');
});

it.each([
  [{ Type: 'Task', Resource: 'arn:aws:states:::sns:publish', End: true }, /sns:publish/],
  [{ Type: 'Map', ItemReader: {}, ItemProcessor: { StartAt: 'A', States: {} }, End: true }, /ItemReader/],
  [{ Type: 'Pass', QueryLanguage: 'JSONata', End: true }, /JSONata/],
  [{ Type: 'Pass', Parameters: { 'x.$': '$$.State.EnteredTime' }, End: true }, /EnteredTime/],
])('refuses to deploy what it cannot run: %j', (state, sentence) => {
  expect(() => deploy({ StartAt: 'A', States: { A: state } })).toThrow(sentence);
});

const INSIDE = {
  'index.$': '$$.Map.Item.Index',
  'value.$': '$$.Map.Item.Value',
  'name.$': '$$.Execution.Name',
  'input.$': '$$.Execution.Input',
  'state.$': '$$.State.Name',
};

interface Surroundings {
  readonly invoke?: (parameters: Json) => Promise<Json>;
  readonly onStatus?: (execution: Execution) => void;
}

function deploy(
  definition: object,
  { invoke = async () => ({}), onStatus = () => undefined }: Surroundings = {},
) {
  const spec = { key: 'm', name: 'm', arn: MACHINE, roleArn: 'role', definition: JSON.stringify(definition) };
  return createStates([spec], { invoke, onStatus, pauseMillis: undefined });
}

/** Runs a definition as the execution `run-1`, its calls answered by `invoke`. */
async function run(definition: object, input: Json, { invoke }: Surroundings = {}) {
  const ended = Promise.withResolvers<Execution>();
  const onStatus = (execution: Execution) => execution.status !== 'RUNNING' && ended.resolve(execution);
  const states = deploy(definition, { onStatus, ...(invoke !== undefined && { invoke }) });
  const json = { stateMachineArn: MACHINE, name: 'run-1', input: JSON.stringify(input) };
  await states.serve({ operation: 'StartExecution', json } as unknown as AwsRequest);
  const execution = await ended.promise;
  const { status, error, cause, output } = execution;
  return { states, execution, status, error, cause, output: JSON.parse(output ?? 'null') as Json };
}
