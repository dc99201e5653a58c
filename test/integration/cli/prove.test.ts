import { SFNClient, TestStateCommand, type TestStateCommandInput } from '@aws-sdk/client-sfn';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { askAws } from '../../../workflow/cli/prove/ask-aws.ts';
import { askEmbedded } from '../../../workflow/cli/prove/ask-embedded.ts';
import { proveAll, type Proof, taskOf } from '../../../workflow/cli/prove/prove-machines.ts';
import { readDeployment } from '../../../workflow/local/deploy/read-deployment.ts';
import type { MachineDefinition, StateDefinition } from '../../../workflow/local/states/prepare-machine.ts';
import { type FakeOptions, type FakeTestState, startFakeTestState } from '../../support/test-state/server.ts';
import { packaged } from '../../support/packaged.ts';
import { runCommand } from './run-command.ts';

/** The compiled machines, by name. */
let machines: ReadonlyMap<string, MachineDefinition>;
beforeAll(async () => {
  const { stateMachines } = await readDeployment(await packaged());
  machines = new Map(
    stateMachines.map(({ key, definition }) => [key, JSON.parse(definition) as MachineDefinition]),
  );
});

let fake: FakeTestState | undefined;
afterEach(async () => {
  await fake?.stop();
  fake = undefined;
});

/** A client of a fake TestState. */
async function connect(options: FakeOptions = {}): Promise<{ fake: FakeTestState; client: SFNClient }> {
  fake = await startFakeTestState(options);
  const credentials = { accessKeyId: 'x', secretAccessKey: 'x' };
  const client = new SFNClient({
    region: 'eu-west-1',
    endpoint: fake.url,
    disableHostPrefix: true,
    credentials,
    maxAttempts: 4,
  });
  return { fake, client };
}

/** Proves some machines against a fake, without the pauses. */
async function prove(
  given: ReadonlyMap<string, MachineDefinition>,
  options: FakeOptions = {},
  region = 'eu-west-1',
): Promise<Proof & { readonly fake: FakeTestState }> {
  const { client, ...rest } = await connect(options);
  const prover = {
    askAws: (edge: Parameters<typeof askAws>[1]) => askAws(client, edge, region),
    pause: () => Promise.resolve(),
  };
  return { ...(await proveAll(taskOf(given), prover)), ...rest };
}

const differing = ({ edges }: Proof) =>
  edges
    .filter(({ differences }) => differences.length > 0)
    .map(({ state, edge, differences }) => [state, edge, ...differences]);

/** One state, followed by ends, as a machine of its own. */
const alone = (name: string, definition: StateDefinition) =>
  new Map([['m', { StartAt: name, States: { [name]: definition, Next: { Type: 'Succeed' } } }]]);

describe('the proof of the four machines', () => {
  it('is about migrate, restore, rollback and sync', () => {
    const proven = new Set(taskOf(machines).edges.map(({ scope }) => scope.split('/')[0]));
    expect(proven).toEqual(new Set(['migrate', 'restore', 'rollback', 'sync']));
  });

  it('asks about every edge, keeps to every rule of the API, and finds that both do the same', async () => {
    const proof = await prove(machines);
    expect(differing(proof)).toEqual([]);
    expect(proof.shapes.filter(({ problem }) => problem !== undefined)).toEqual([]);
    expect(proof.fake.requests).toHaveLength(proof.edges.length);
    expect(proof.edges.length).toBeGreaterThan(450);
  });

  it('leaves no Retry, Catch, Choice or Default of any state out, and no state at all', () => {
    const { edges, shapes } = taskOf(machines);
    const asked = new Set(
      edges.map(({ scope, state, name }) => `${scope}/${state} ${name.replace(/[:,].*/, '')}`),
    );
    const wanted = [...machines].flatMap(([name, machine]) => waysOut(name, machine));
    expect(wanted.filter((way) => !asked.has(way))).toEqual([]);
    const all = [...machines].flatMap(([name, machine]) => statesIn(name, machine));
    const met = new Set([...edges, ...shapes].map(({ scope, state }) => `${scope}/${state}`));
    expect([...met].toSorted((a, b) => a.localeCompare(b))).toEqual(
      all.toSorted((a, b) => a.localeCompare(b)),
    );
  });

  it('meets every name of every Retry somewhere', () => {
    const { edges } = taskOf(machines);
    const met = new Set(
      edges.flatMap(({ mock }) => (mock !== undefined && 'error' in mock ? [mock.error] : [])),
    );
    const named = edges.flatMap(({ definition }) =>
      ((definition['Retry'] ?? []) as { ErrorEquals: string[] }[]).flatMap(({ ErrorEquals }) => ErrorEquals),
    );
    expect(named.filter((error) => !met.has(error))).toEqual([]);
  });

  it('asks in the words of the region’s own partition', async () => {
    const rollback = new Map([...machines].filter(([name]) => name === 'rollback'));
    const { fake: asked } = await prove(rollback, {}, 'us-gov-west-1');
    const definitions = asked.requests.map(({ definition }) => definition).join('');
    expect(definitions).toContain('arn:aws-us-gov:states:::lambda:invoke');
    expect(definitions).not.toContain('arn:aws:');
  });

  it('asks again where AWS says that it is asked too much', async () => {
    const rollback = new Map([...machines].filter(([name]) => name === 'rollback'));
    const proof = await prove(rollback, { throttleEach: 3 });
    expect(proof.fake.throttled).toBeGreaterThan(2);
    expect(differing(proof)).toEqual([]);
  });
});

describe('a difference', () => {
  const rollback = () => new Map([...machines].filter(([name]) => name === 'rollback'));

  it.each<[string, FakeOptions['alter'], string]>([
    [
      'in where a failure is caught to',
      (verdict) => (verdict.status === 'CAUGHT_ERROR' ? { ...verdict, nextState: 'Elsewhere' } : verdict),
      'next',
    ],
    [
      'in which Retry applies',
      (verdict) =>
        verdict.status === 'RETRIABLE'
          ? { ...verdict, inspectionData: { errorDetails: { retryIndex: 7 } } }
          : verdict,
      'retryIndex',
    ],
    [
      'in whether a failure is retried',
      (verdict) => (verdict.status === 'RETRIABLE' ? { ...verdict, status: 'FAILED' } : verdict),
      'status',
    ],
    [
      'in the data for the next state',
      (verdict) => (verdict.status === 'SUCCEEDED' ? { ...verdict, output: '{}' } : verdict),
      'output',
    ],
  ])('%s is found and named', async (_, alter, field) => {
    const found = differing(await prove(rollback(), alter === undefined ? {} : { alter }));
    expect(found.length).toBeGreaterThan(0);
    expect(found.every((one) => one.includes(field))).toBe(true);
  });

  it('in what AWS writes as the Cause of a failure without one is none', async () => {
    const alter: FakeOptions['alter'] = (verdict, { mock }) =>
      mock?.errorOutput !== undefined && mock.errorOutput.cause === undefined && verdict.output !== undefined
        ? { ...verdict, output: verdict.output.replace(/("Error":"\w+")/, '$1,"Cause":""') }
        : verdict;
    expect(differing(await prove(rollback(), { alter }))).toEqual([]);
  });

  it('in a jittered interval is none', async () => {
    const alter: FakeOptions['alter'] = (verdict) => {
      const { errorDetails } = verdict.inspectionData;
      if (errorDetails?.retryIndex === undefined) return verdict;
      return {
        ...verdict,
        inspectionData: { errorDetails: { ...errorDetails, retryBackoffIntervalSeconds: 0 } },
      };
    };
    expect(differing(await prove(rollback(), { alter }))).toEqual([]);
  });
});

describe('a state that prove cannot make data up for', () => {
  it('is refused by name, not passed over', () => {
    const choice = {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericEquals: 3, Next: 'Next' }],
      Default: 'Next',
    };
    expect(() => taskOf(alone('Ask', choice))).toThrow(/NumericEquals/);
  });
});

describe('the shape', () => {
  it.each<[string, StateDefinition, string]>([
    [
      'a Fail with an intrinsic function for a path',
      { Type: 'Fail', Error: 'E', CausePath: "States.Format('x')" },
      'is no path',
    ],
    ['a Fail with neither Cause nor CausePath', { Type: 'Fail', Error: 'E' }, 'it needs Cause or CausePath'],
    ['a Wait with two times', { Type: 'Wait', Seconds: 1, SecondsPath: '$.s', Next: 'Next' }, 'one time'],
    ['a Pass that leads nowhere', { Type: 'Pass', Next: 'Nowhere' }, 'no state Nowhere'],
    ['a Pass with a Retry', { Type: 'Pass', Retry: [], Next: 'Next' }, 'a Pass has no Retry'],
    ['a Pass that ends and goes on', { Type: 'Pass', Next: 'Next', End: true }, 'not both'],
  ])('of %s is wrong', (_, definition, problem) => {
    const { shapes } = taskOf(alone('Odd', definition));
    expect(shapes[0]?.problem).toContain(problem);
  });
});

describe('the embedded engine alone', () => {
  it('tells two Retries apart, and when each is used up', async () => {
    const definition = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Parameters: {},
      Retry: [
        { ErrorEquals: ['One'], MaxAttempts: 1 },
        { ErrorEquals: ['Other'], MaxAttempts: 2 },
      ],
      Next: 'Next',
    };
    const ask = (error: string, retryCount: number) =>
      askEmbedded({
        scope: 'm',
        state: 'Try',
        name: '',
        definition,
        input: {},
        mock: { error, cause: '' },
        retryCount,
      });
    expect(await ask('One', 0)).toEqual({ status: 'RETRIABLE', retryIndex: 0 });
    expect(await ask('One', 1)).toEqual({ status: 'FAILED', error: 'One' });
    expect(await ask('Other', 1)).toEqual({ status: 'RETRIABLE', retryIndex: 1 });
    expect(await ask('Other', 2)).toEqual({ status: 'FAILED', error: 'Other' });
  });
});

describe('the fake TestState', () => {
  const task = { Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', Next: 'Next' };
  const map = {
    Type: 'Map',
    ItemProcessor: { StartAt: 'A', States: { A: { Type: 'Pass', End: true } } },
    Next: 'Next',
  };
  const pass = { Type: 'Pass', Next: 'Next' };
  const mock = { result: '{"Payload":"{}"}' };
  const errorOutput = { error: 'E' };
  type Change = Omit<Partial<TestStateCommandInput>, 'definition'>;

  it.each<[string, object, Change, string]>([
    ['a mock for a Pass', pass, { mock }, 'only be specified for Task, Map, or Parallel'],
    ['a Map without a mock', map, {}, 'only be tested with a mock'],
    ['a Task with neither mock nor role', task, {}, 'needs a roleArn'],
    ['a role beside a mock', task, { mock, roleArn: 'arn:aws:iam::123456789012:role/r' }, 'without a mock'],
    ['a context without a mock', pass, { context: '{}' }, 'context can only'],
    ['a context with a Map in it', task, { mock, context: '{"Map":{}}' }, 'Map cannot be part'],
    [
      'a payload that is no string, unless nothing is validated',
      task,
      { mock: { result: '{"Payload":{}}' } },
      'Payload must be a string',
    ],
    ['a result that is no array for a Map', map, { mock: { result: '{}' } }, 'is an array'],
    ['a result and an error at once', task, { mock: { ...mock, errorOutput } }, 'a result or an errorOutput'],
    [
      'a count of retries without an error',
      task,
      { mock, stateConfiguration: { retrierRetryCount: 1 } },
      'mocked error',
    ],
    [
      'an error from a state that is not inside',
      map,
      { mock: { errorOutput }, stateConfiguration: { errorCausedByState: 'B' } },
      'no state B inside',
    ],
  ])('refuses %s', async (_, definition, change, sentence) => {
    const { client } = await connect();
    const request = client.send(new TestStateCommand({ definition: JSON.stringify(definition), ...change }));
    await expect(request).rejects.toThrow(sentence);
  });
});

describe('npm run prove', () => {
  const run = (url: string, ...args: readonly string[]) =>
    runCommand('prove', ['--region', 'eu-west-1', '--rate', '100000', ...args], {
      cwd: process.cwd(),
      environment: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x' },
    });

  it('says what it needs, prints each edge, and ends with 0 where all agree', async () => {
    const { fake: asked } = await connect();
    const { code, stdout } = await run(asked.url);
    expect(stdout).toContain(
      'Needs credentials that may states:TestState on *. Nothing is deployed, created or called.',
    );
    expect(stdout).toMatch(
      /✔ +migrate\/BackupProducts +BackupSegment +Retry 1, used up: \S+ +caught, to RecordBackupFailure +the same/,
    );
    expect(stdout).toMatch(/✔ +rollback +WaitForWorkers +shape of a Wait +right/);
    expect(stdout).toMatch(/✔ +sync +SyncBegun +Choice 7\S* +to RecoverPrevious +the same/);
    expect(stdout).toMatch(/agree on all \d+ edges/);
    expect(code).toBe(0);
  });

  it('prints one JSON document with --json, and ends with 6 where something differs', async () => {
    const { fake: asked } = await connect({
      alter: (verdict) =>
        verdict.nextState === 'RollBack' ? { ...verdict, nextState: 'Migrated' } : verdict,
    });
    const { code, stdout, stderr } = await run(asked.url, '--json');
    const { agrees, edges } = JSON.parse(stdout) as Proof & { agrees: boolean };
    expect(agrees).toBe(false);
    expect(edges.filter(({ differences }) => differences.length > 0).length).toBeGreaterThan(10);
    expect(stderr).toContain('does not hold on AWS');
    expect(code).toBe(6);
  });

  it('says what is missing and ends with 3 when the credentials may not', async () => {
    const { fake: asked } = await connect({ isForbidden: true });
    const { code, stderr } = await run(asked.url);
    expect(stderr).toMatch(/AWS could not be asked, so nothing is proved: .*states:TestState/);
    expect(code).toBe(3);
  });
});

/** `scope/state Retry 1`, `... Catch 1`, `... Choice 2`, `... Default`, `... Next`, read from a definition by other means. */
function waysOut(scope: string, { States }: MachineDefinition): readonly string[] {
  return Object.entries(States).flatMap(([name, state]) => {
    const numbered = (field: string, word: string) =>
      ((state[field] ?? []) as readonly unknown[]).map((_, index) => `${word} ${index + 1}`);
    const ways = [
      ...numbered('Retry', 'Retry'),
      ...numbered('Catch', 'Catch'),
      ...numbered('Choices', 'Choice'),
      ...(state['Default'] === undefined ? [] : ['Default']),
      ...(['Task', 'Map', 'Parallel'].includes(state.Type) ? ['Next'] : []),
    ];
    const inner = innerOf(state).flatMap((machine) => waysOut(`${scope}/${name}`, machine));
    return [...ways.map((way) => `${scope}/${name} ${way}`), ...inner];
  });
}

function statesIn(scope: string, { States }: MachineDefinition): readonly string[] {
  return Object.entries(States).flatMap(([name, state]) => [
    `${scope}/${name}`,
    ...innerOf(state).flatMap((machine) => statesIn(`${scope}/${name}`, machine)),
  ]);
}

function innerOf({ ItemProcessor, Branches = [] }: StateDefinition): readonly MachineDefinition[] {
  return [
    ...(ItemProcessor === undefined ? [] : [ItemProcessor]),
    ...(Branches as unknown[]),
  ] as MachineDefinition[];
}
