import { beforeAll, describe, expect, it } from 'vitest';
import { readDeployment, type StateMachineSpec } from '../../../workflow/local/deploy/read-deployment.ts';
import type { AwsRequest } from '../../../workflow/local/gateway/aws-request.ts';
import type { Execution } from '../../../workflow/local/states/executions.ts';
import type { Json } from '../../../workflow/local/states/prepare-machine.ts';
import { StateError } from '../../../workflow/local/states/state-error.ts';
import { createStates } from '../../../workflow/local/states/states-service.ts';
import { packaged } from '../../support/packaged.ts';
import { plan } from '../../support/payload-shapes.ts';

/** The compiled machines, as they are deployed. */
let machines: readonly StateMachineSpec[];
beforeAll(async () => {
  ({ stateMachines: machines } = await readDeployment(await packaged()));
});

/** What functions answer, by their key; a function without an answer here must not be called. */
type Answers = Readonly<Record<string, (payload: unknown) => unknown>>;

const keyOf = (parameters: Json): string =>
  /-local-(\w+)/.exec(String((parameters as { FunctionName?: string }).FunctionName))?.[1] ?? '';

/** Runs a machine to its end with canned answers in place of the functions. */
async function run(machine: string, answers: Answers, input = '{}'): Promise<Execution> {
  const ended = Promise.withResolvers<Execution>();
  const states = createStates(machines, {
    invoke: async (parameters) => {
      const answer = answers[keyOf(parameters)];
      if (answer === undefined) throw new Error(`Nobody answers for ${keyOf(parameters)}.`);
      const { Payload } = parameters as { Payload?: Json };
      return { Payload: answer(Payload) as Json, StatusCode: 200 };
    },
    onStatus: (execution) => execution.status !== 'RUNNING' && ended.resolve(execution),
    pauseMillis: 0,
  });
  const stateMachineArn = machines.find(({ key }) => key === machine)?.arn;
  const json = { stateMachineArn, name: 'run-1', input };
  await states.serve({ operation: 'StartExecution', json } as unknown as AwsRequest);
  return ended.promise;
}

/** A failure that Step Functions gives no Cause for. */
const withoutCause = (error: string) => (): never => {
  throw new StateError(error);
};

const withCause = (): never => {
  throw new StateError('PermissionDeniedError', 'No.');
};

const begun = { outcome: 'BEGUN', runId: 'run-1', dryRun: false, segments: [0], shards: [0], workers: 1 };
const untilBackup: Answers = {
  testConnection: () => plan,
  beginRun: (payload) => ({ ...(payload as object), run: begun }),
};
const untilProof: Answers = {
  restoreFromBackup: (payload) => {
    const { action, state } = payload as { action: string; state?: object };
    if (action === 'prepare') return { order: { backupId: 'b', targetTable: 't' }, plan };
    if (action === 'begin') return { ...state, run: { ...begun } };
    return withoutCause('Sandbox.Timedout')();
  },
};
/** As rollBack ends: with the error that it was told, and a cause of its own. */
const rollsBack: Answers = {
  rollBack: (payload) => ({
    done: true,
    waitSeconds: 0,
    end: 'ROLLED_BACK',
    error: (payload as { failure: { Error: string } }).failure.Error,
    cause: 'Everything was rolled back.',
    report: null,
  }),
};
const records: Answers = {
  recordFailure: () => ({ error: 'Runtime.ExitError', cause: 'The function exited.' }),
};

describe('a failure that comes without a Cause', () => {
  it('of a worker ends in the roll back under its own name, with the cause that recordFailure gives it', async () => {
    const seen: unknown[] = [];
    const answers = {
      ...untilBackup,
      ...records,
      backupProducts: withoutCause('Runtime.ExitError'),
      rollBack: (payload: unknown) => (seen.push(payload), rollsBack['rollBack']?.(payload)),
    };
    expect(await run('migrate', answers)).toMatchObject({
      status: 'FAILED',
      error: 'Runtime.ExitError',
      cause: 'Everything was rolled back.',
    });
    expect(seen).toMatchObject([{ failure: { Error: 'Runtime.ExitError', Cause: 'The function exited.' } }]);
  });

  it.each<[string, string, Answers]>([
    ['a worker of migrate', 'migrate', { ...untilBackup, backupProducts: withoutCause('Sandbox.Timedout') }],
    [
      'a branch of migrate',
      'migrate',
      {
        ...untilBackup,
        ...Object.fromEntries(
          [
            'backupProducts',
            'transformProducts',
            'createCartTable',
            'createOrdersTable',
            'createReturnsTable',
          ].map((key) => [key, () => ({ done: true })]),
        ),
        sealBackup: () => ({}),
        createProductsEnhancedTable: withoutCause('Sandbox.Timedout'),
      },
    ],
    ['a worker of restore', 'restore', untilProof],
  ])('of %s keeps its name even when it cannot be recorded', async (_, machine, answers) => {
    const ended = await run(machine, {
      ...answers,
      ...rollsBack,
      recordFailure: withoutCause('PermissionDeniedError'),
    });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
  });

  it.each([
    ['migrate', { testConnection: withoutCause('Sandbox.Timedout') }],
    ['restore', { restoreFromBackup: withoutCause('Sandbox.Timedout') }],
  ])('of %s and then of its roll back as well ends with a sentence', async (machine, answers) => {
    const ended = await run(machine, { ...answers, rollBack: withoutCause('Runtime.ExitError') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
    expect(ended.cause).toMatch(/^The roll back itself failed.*npm run runs -- --stage local/);
  });

  it.each([
    ['without', withoutCause('Sandbox.Timedout'), withoutCause('Runtime.ExitError')],
    ['with', withCause, withCause],
  ])(
    '%s Causes, and then of its roll back as well, says who recovers the run and tells nobody to roll it back',
    async (_, testConnection, rollBack) => {
      const ended = await run('migrate', { testConnection, rollBack });
      expect(ended.cause).toContain('recoverRun rolls it back, or holds it, within 15 minutes');
      expect(ended.cause).not.toMatch(/still there|then roll it back/);
    },
  );

  it('of the roll back alone ends with a sentence, when the first failure had a Cause', async () => {
    const ended = await run('migrate', {
      testConnection: () => {
        throw new StateError('InvalidInputError', '{"errorMessage":"No."}');
      },
      rollBack: withoutCause('Runtime.ExitError'),
    });
    expect(ended.error).toBe('InvalidInputError');
    expect(ended.cause).toMatch(/^The roll back itself failed/);
  });

  it('of the machine rollback ends with a sentence', async () => {
    const ended = await run('rollback', { rollBack: withoutCause('Sandbox.Timedout') });
    expect(ended).toMatchObject({ status: 'FAILED', error: 'Sandbox.Timedout' });
    expect(ended.cause).toMatch(/^The function rollBack failed and gave no reason/);
  });
});

describe('an input near 256 KiB', () => {
  const roomForTheRest = 1_024;
  const input = JSON.stringify({ Comment: 'x'.repeat(262_144 - roomForTheRest) });

  it.each([
    ['migrate', 'testConnection'],
    ['restore', 'restoreFromBackup'],
    ['rollback', 'rollBack'],
  ])('reaches the first function of %s whole, and no state after it', async (machine, key) => {
    const given: number[] = [];
    const first = (payload: unknown): never => {
      given.push(JSON.stringify((payload as { input: unknown }).input).length);
      throw new StateError('InvalidInputError', 'x'.repeat(30_000));
    };
    const answers = machine === 'rollback' ? { [key]: first } : { ...rollsBack, [key]: first };
    const ended = await run(machine, answers, input);
    expect(given).toEqual([input.length]);
    expect(ended).toMatchObject({ status: 'FAILED', error: 'InvalidInputError' });
    const entered = ended.history.events.filter(({ type }) => type.endsWith('StateEntered'));
    // Prepare is entered with what was typed; every later state with a state that does not hold it.
    const sizes = entered.slice(1).map((event) => JSON.stringify(event).length);
    expect(Math.max(...sizes)).toBeLessThan(40_000);
  });
});
