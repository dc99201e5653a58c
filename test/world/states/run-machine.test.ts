import { beforeAll, describe, expect, it } from 'vitest';
import type { AwsRequest } from '../../../workflow/local/gateway/aws-request.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { readDeployment, type StateMachineSpec } from '../../../workflow/local/deploy/read-deployment.ts';
import type { Execution } from '../../../workflow/local/states/executions.ts';
import type { Json } from '../../../workflow/local/states/prepare-machine.ts';
import { createStates } from '../../../workflow/local/states/states-service.ts';
import { StateError } from '../../../workflow/local/states/state-error.ts';
import { packaged } from '../../support/packaged.ts';
import { readDefinition } from './definition.ts';
import { runMachine, StateFailure } from './run-machine.ts';

let machines: readonly StateMachineSpec[];
beforeAll(async () => void (machines = (await readDeployment(await packaged())).stateMachines));

/** How an execution ended, and what it has called, in no order. */
interface Course {
  readonly end: unknown;
  readonly calls: readonly string[];
}

type Answer = (functionName: string, payload: unknown) => unknown;

/** A failure as a function's caller sees it. */
class Failed extends Error {
  readonly error: string;
  constructor(error: string) {
    super(`the cause of ${error}`);
    this.error = error;
  }
}

const ERRORS = ['TransientError', 'Runtime.ExitError', 'VerificationFailedError'];
const ENDS = ['ROLLED_BACK', 'SUCCEEDED', 'HELD', 'ROLLBACK_FAILED', 'REFUSED', 'FAILED', 'SWITCHED'];
const OUTCOMES = [
  'BEGUN',
  'RECOVER',
  'START',
  'COMPARE',
  'DRAIN',
  'SWITCHING',
  'SWITCHED',
  'CANCEL',
  'CHECKED',
];

/**
 * Answers by chance, but the same payload of the same function gets the same answers in turn, in whatever order calls
 * come. One function of the script fails, for some of its calls or for all.
 */
function script(seed: number, failing: string | undefined): Answer {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const failures = pick([1, 3, 99]);
  const [error, end, outcome] = [pick(ERRORS), pick(ENDS), pick(OUTCOMES)];
  const flags = { dryRun: random() < 0.2, byKey: random() < 0.5, switched: random() < 0.5 };
  const counts = new Map<string, number>();
  return (functionName, payload) => {
    const call = `${functionName} ${JSON.stringify(payload)}`;
    const count = (counts.get(call) ?? 0) + 1;
    counts.set(call, count);
    const isFailing = failing !== undefined && functionName.includes(failing) && count <= failures;
    if (isFailing) throw new Failed(error);
    const { execution = { id: 'e', name: 'n', startTime: 't' } } = payload as { execution?: unknown };
    // Whoever is asked again and again is done at some time.
    const done = count > 1;
    const run = {
      runId: 'r',
      segments: [0],
      shards: [0],
      workers: 1,
      action: pick(['cutover', 'start']),
      ...flags,
    };
    return {
      run: { ...run, outcome: done ? 'BEGUN' : outcome },
      execution,
      ...flags,
      done,
      waitSeconds: 0,
      end,
      error: 'E',
      cause: 'C',
      report: { at: 'end' },
      order: {},
      plan: run,
      action: run.action,
      differing: 0,
      batchItemFailures: [],
      outcome: done ? 'COMPARE' : outcome,
      runId: 'r',
      segments: [0],
      shards: [0],
      workers: 1,
      maxQuarantined: 0,
    };
  };
}

async function byInterpreter(spec: StateMachineSpec, answer: Answer): Promise<Course> {
  const calls: string[] = [];
  const context = {
    Execution: {
      Id: `${spec.arn.replace(':stateMachine:', ':execution:')}:run-1`,
      Name: 'run-1',
      Input: {},
      StartTime: 'now',
    },
  };
  const host = {
    sleep: () => Promise.resolve(),
    random: () => 0,
    enter: () => undefined,
    fail: () => undefined,
    invoke: async ({
      functionName,
      payload,
    }: {
      readonly functionName: string;
      readonly payload: unknown;
    }) => {
      calls.push(`${functionName} ${JSON.stringify(payload)}`);
      try {
        return { ExecutedVersion: '1', Payload: answer(functionName, payload), StatusCode: 200 };
      } catch (thrown) {
        throw thrown instanceof Failed ? new StateFailure(thrown.error, thrown.message) : thrown;
      }
    },
  };
  const end = await runMachine(readDefinition(spec.definition), host, context).then(
    (output) => ({ status: 'SUCCEEDED', output }),
    ({ name, cause }: StateFailure) => ({ status: 'FAILED', error: name, cause }),
  );
  return { end, calls };
}

async function byEngine(spec: StateMachineSpec, answer: Answer): Promise<Course> {
  const calls: string[] = [];
  const ended = Promise.withResolvers<Execution>();
  const invoke = async (parameters: Json): Promise<Json> => {
    const { FunctionName, Payload } = parameters as { FunctionName: string; Payload: Json };
    calls.push(`${FunctionName} ${JSON.stringify(Payload)}`);
    try {
      return { ExecutedVersion: '1', Payload: answer(FunctionName, Payload), StatusCode: 200 } as Json;
    } catch (thrown) {
      throw thrown instanceof Failed ? new StateError(thrown.error, thrown.message) : thrown;
    }
  };
  const onStatus = (execution: Execution) => execution.status !== 'RUNNING' && ended.resolve(execution);
  const states = createStates([spec], { invoke, onStatus, pauseMillis: 0 });
  const json = { stateMachineArn: spec.arn, name: 'run-1', input: '{}' };
  await states.serve({ operation: 'StartExecution', json } as unknown as AwsRequest);
  const { status, output, error, cause } = await ended.promise;
  const end =
    status === 'SUCCEEDED'
      ? { status, output: JSON.parse(output ?? 'null') as unknown }
      : { status, error, cause };
  return { end, calls };
}

/** Without the times and words that each of the two has of its own. */
function timeless({ end, calls }: Course): Course {
  const text = JSON.stringify({ end, calls: calls.toSorted() });
  const words = text.replaceAll(
    /The JSONPath '[^']+' could not[^"]+|Path expression '[^']+' does not[^"]+/g,
    'no value',
  );
  return JSON.parse(words.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z|now/g, 'then')) as Course;
}

describe('the interpreter of the world', () => {
  it.each(['migrate', 'restore', 'rollback', 'sync'])('runs %s as the engine does', async (key) => {
    const spec = machines.find((one) => one.key === key);
    if (spec === undefined) throw new Error(`There is no machine ${key}.`);
    const functions = [...new Set(spec.definition.match(/(?<=products-migration-local-)\w+(?=:)/g))];
    // Branches of a Parallel race with the one that fails.
    const sequential = functions.filter((name) => !name.startsWith('create'));
    for (const [index, failing] of [undefined, ...sequential, ...sequential, ...sequential].entries()) {
      const expected = timeless(await byEngine(spec, script(index, failing)));
      expect(timeless(await byInterpreter(spec, script(index, failing))), `${failing} ${index}`).toEqual(
        expected,
      );
    }
  });
});
