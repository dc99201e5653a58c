import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { getLanguageService, TextDocument } from 'amazon-states-language-service';
import { beforeAll, describe, expect, it } from 'vitest';
import { machineOf as followedMachine } from '../../workflow/cli/executions.ts';
import {
  functionKeyOf,
  isEnd,
  type Machine,
  machinesOf,
  type PlacedState,
  type Retrier,
  type Scope,
  scopesOf,
  type State,
  statesOf,
  successorsOf,
} from './machine-states.ts';
import { type CompiledVariant, compileVariant, resourcesOf, variants } from './template-variants.ts';

/** asl-validator ships no types. */
const validateDefinition = createRequire(import.meta.url)('asl-validator') as (
  definition: object,
) => Promise<{
  readonly isValid: boolean;
  readonly errors: readonly unknown[];
}>;

/** Lambda has no room for a call, which therefore never began. */
const throttled = 'Lambda.TooManyRequestsException';
/** Errors of Lambda's own that pass by themselves. */
const serviceErrors = [
  throttled,
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
  'Lambda.ClientExecutionTimeoutException',
];
/** How a function that died looks; the same work may kill it again, so twice at most. */
const crashes = [
  'Sandbox.Timedout',
  'Lambda.Unknown',
  'Runtime.ExitError',
  'Runtime.OutOfMemory',
  'States.Timeout',
];
const awsErrors = new Set([...serviceErrors, ...crashes, 'States.ALL', 'States.TaskFailed']);
/** The compensating loop of each machine; what it fails on cannot be caught to itself. */
const COMPENSATIONS = new Map([
  ['migrate', { state: 'RollBack', failure: '$.rollBackFailure' }],
  ['restore', { state: 'RollBack', failure: '$.rollBackFailure' }],
  // Its own failure is dropped, so that the first one is the execution's.
  ['sync', { state: 'FailSync', failure: null }],
]);
const functionSlackSeconds = 60;

const compiled = new Map<string, CompiledVariant>();

beforeAll(async () => {
  for (const variant of [variants.asItComes, variants.everythingElse])
    compiled.set(variant.name, await compileVariant(variant));
});

function variantOf(name: string): CompiledVariant {
  const found = compiled.get(name);
  if (found === undefined) throw new Error(`The variant ${name} was not compiled.`);
  return found;
}

function machineOf(variantName: string, name: string): Machine {
  const machine = machinesOf(variantOf(variantName)).get(name);
  if (machine === undefined) throw new Error(`There is no machine ${name}.`);
  return machine;
}

const tasksOf = (machine: Machine): readonly PlacedState[] =>
  statesOf(machine).filter(({ state }) => state.Type === 'Task');

/** Names of the states for which something does not hold; the test's message when it fails. */
const namesWhere = (states: readonly PlacedState[], isWrong: (placed: PlacedState) => boolean): string[] =>
  states.filter(isWrong).map(({ name }) => name);

async function languageServiceFindings(definition: string): Promise<string[]> {
  const service = getLanguageService({});
  const document = TextDocument.create('file:///machine.asl.json', 'asl', 1, definition);
  const findings = await service.doValidation(document, service.parseJSONDocument(document));
  return findings.map(({ message }) => (typeof message === 'string' ? message : message.value));
}

async function namesInErrors(): Promise<Set<string>> {
  const text = await readFile(join(import.meta.dirname, '../../functions/shared/errors.ts'), 'utf8');
  return new Set([...text.matchAll(/override readonly name = '(\w+)'/g)].map(([, name = '']) => name));
}

describe('the validators of definitions', () => {
  it('see a missing state and a misspelt jitter, so that their silence means something', async () => {
    const broken = structuredClone(machineOf('asItComes', 'rollback')) as { StartAt: string };
    broken.StartAt = 'Nowhere';
    expect((await validateDefinition(broken)).isValid).toBe(false);
    const text = JSON.stringify(machineOf('asItComes', 'rollback')).replace('"FULL"', '"Full"');
    expect(await languageServiceFindings(text)).not.toEqual([]);
  });
});

describe.each(['asItComes', 'everythingElse'])('the machines, deployed %s', (variantName) => {
  it('are migrate, restore, rollback and sync', () => {
    expect([...machinesOf(variantOf(variantName)).keys()].toSorted()).toEqual([
      'migrate',
      'restore',
      'rollback',
      'sync',
    ]);
  });

  it('lead through the steps that whoever follows them is told', () => {
    const stepsOf = (name: string) => followedMachine(JSON.stringify(machineOf(variantName, name))).steps;
    expect(stepsOf('migrate')).toEqual([
      'TestConnection',
      'BeginRun',
      'BackupProducts',
      'TransformProducts',
      'SealBackup',
      'CreateTables',
      'MigrateProducts',
      'VerifyMigration',
      'JudgeDigests',
      'CompleteRun',
    ]);
    expect(stepsOf('restore').at(-1)).toBe('CompleteRestore');
    for (const name of ['rollback', 'sync']) expect(stepsOf(name).at(-1)).not.toMatch(/^Complete/);
  });

  describe.each(['migrate', 'restore', 'rollback', 'sync'])('%s', (name) => {
    it('is valid for asl-validator', async () => {
      const { isValid, errors } = await validateDefinition(machineOf(variantName, name));
      expect(errors).toEqual([]);
      expect(isValid).toBe(true);
    });

    it('is valid for the Amazon States Language service', async () => {
      const definition = JSON.stringify(machineOf(variantName, name), undefined, 2);
      expect(await languageServiceFindings(definition)).toEqual([]);
    });

    it('has no name twice, so that history and ledger name one state', () => {
      const names = statesOf(machineOf(variantName, name)).map((placed) => placed.name);
      expect(names.filter((one, index) => names.indexOf(one) !== index)).toEqual([]);
      expect(names.filter((one) => !/^[A-Z][A-Za-z]{2,79}$/.test(one))).toEqual([]);
    });

    it('can reach every state, and from every state an end', () => {
      for (const [scope] of scopesOf(machineOf(variantName, name))) {
        const successors = (stateName: string) => {
          const state = scope.States[stateName];
          if (state === undefined) throw new Error(`${stateName} is not in its scope.`);
          return successorsOf(state);
        };
        const reachableFrom = (start: string): Set<string> => {
          const seen = new Set([start]);
          for (const one of seen) for (const next of successors(one)) seen.add(next);
          return seen;
        };
        expect([...reachableFrom(scope.StartAt)].toSorted()).toEqual(Object.keys(scope.States).toSorted());
        const endless = Object.keys(scope.States).filter((one) =>
          [...reachableFrom(one)].every((reached) => !isEnd(scope.States[reached] ?? { Type: '' })),
        );
        expect(endless).toEqual([]);
      }
    });

    it('ends every choice with a default', () => {
      const choices = statesOf(machineOf(variantName, name)).filter(({ state }) => state.Type === 'Choice');
      expect(namesWhere(choices, ({ state }) => state.Default === undefined)).toEqual([]);
    });

    it('calls exact versions of functions that exist, and only through lambda:invoke', () => {
      const keys = new Set(functionsOf(variantOf(variantName)).keys());
      const tasks = tasksOf(machineOf(variantName, name));
      expect(tasks.length).toBeGreaterThan(0);
      expect(tasks.map(({ state }) => functionKeyOf(state)).filter((key) => !keys.has(key))).toEqual([]);
      expect(namesWhere(tasks, ({ state }) => state.Resource !== 'arn:aws:states:::lambda:invoke')).toEqual(
        [],
      );
    });

    it('may call exactly the functions that it calls', () => {
      const used = new Set(tasksOf(machineOf(variantName, name)).map(({ state }) => functionKeyOf(state)));
      expect(invocableBy(variantOf(variantName), name)).toEqual([...used].toSorted());
    });

    it('waits for each function a minute longer than the function may take', () => {
      const timeouts = functionsOf(variantOf(variantName));
      const wrong = namesWhere(
        tasksOf(machineOf(variantName, name)),
        ({ state }) =>
          state.TimeoutSeconds !== Number(timeouts.get(functionKeyOf(state))) + functionSlackSeconds,
      );
      expect(wrong).toEqual([]);
    });

    it('retries a transient error with full jitter, crashes twice at most, and nothing else', () => {
      const expected = [...serviceErrors, ...crashes, 'TransientError'].toSorted().join();
      const isCrash = (error: string) => crashes.includes(error);
      const isPatient = ({ ErrorEquals, JitterStrategy, MaxAttempts = 3, BackoffRate = 2 }: Retrier) =>
        JitterStrategy === 'FULL' && BackoffRate >= 1 && (!ErrorEquals.some(isCrash) || MaxAttempts <= 2);
      const isWrong = ({ state: { Retry = [] } }: PlacedState) =>
        Retry.flatMap(({ ErrorEquals }) => ErrorEquals)
          .toSorted()
          .join() !== expected || !Retry.every(isPatient);
      expect(namesWhere(tasksOf(machineOf(variantName, name)), isWrong)).toEqual([]);
    });

    it('waits minutes for room in Lambda, with pauses that grow to one', () => {
      const isImpatient = ({ state: { Retry = [] } }: PlacedState) => {
        const own = Retry.find(({ ErrorEquals }) => ErrorEquals.includes(throttled));
        return own?.ErrorEquals.length !== 1 || longestWait(own) < 450 || own.MaxDelaySeconds !== 60;
      };
      expect(namesWhere(tasksOf(machineOf(variantName, name)), isImpatient)).toEqual([]);
    });

    it('gives what compensates eight attempts where everything else has four', () => {
      const attempts = ({ state: { Retry = [] } }: PlacedState) =>
        Retry.find(({ ErrorEquals }) => ErrorEquals.includes('TransientError'))?.MaxAttempts;
      const isWrong = (placed: PlacedState) =>
        attempts(placed) !== (['RollBack', 'FailSync'].includes(placed.name) ? 8 : 4);
      expect(namesWhere(tasksOf(machineOf(variantName, name)), isWrong)).toEqual([]);
    });

    it('names only errors that this project or AWS can throw', async () => {
      const known = await namesInErrors();
      const named = statesOf(machineOf(variantName, name)).flatMap(({ state }) =>
        [...(state.Retry ?? []), ...(state.Catch ?? [])].flatMap(({ ErrorEquals }) => ErrorEquals),
      );
      expect(named.filter((error) => !known.has(error) && !awsErrors.has(error))).toEqual([]);
    });

    it('catches every error of every Task, Map and Parallel, and keeps the state’s input', () => {
      const catching = statesOf(machineOf(variantName, name)).filter(({ state }) =>
        ['Task', 'Map', 'Parallel'].includes(state.Type),
      );
      const uncaught = ({ state }: PlacedState) => state.Catch?.at(-1)?.ErrorEquals.join() !== 'States.ALL';
      expect(namesWhere(catching, uncaught)).toEqual([]);
      const loses = ({ state }: PlacedState) =>
        (state.Catch ?? []).some(({ ResultPath }) => ResultPath === undefined || ResultPath === '$');
      expect(namesWhere(catching, loses)).toEqual([]);
    });

    it('sends every failure of the machine’s own states to what compensates, whose own does not hide the first', () => {
      const compensation = COMPENSATIONS.get(name);
      if (compensation === undefined) return;
      const own = statesOf(machineOf(variantName, name)).filter(
        ({ where, state }) => where === 'machine' && state.Catch !== undefined,
      );
      const goesElsewhere = ({ name: stateName, state }: PlacedState) =>
        stateName !== compensation.state &&
        (state.Catch ?? []).some(
          ({ Next, ResultPath }) => Next !== compensation.state || ResultPath !== '$.failure',
        );
      expect(namesWhere(own, goesElsewhere)).toEqual([]);
      const compensating = own.find(({ name: stateName }) => stateName === compensation.state);
      expect(compensating?.state.Catch?.[0]?.ResultPath).toBe(compensation.failure);
    });

    it('records a worker’s failure before the iteration or branch fails with it', () => {
      for (const [scope, where] of scopesOf(machineOf(variantName, name))) {
        if (where === 'machine') continue;
        const caught = Object.values(scope.States).flatMap(({ Catch = [] }) => Catch);
        const recorder =
          scope.States[caught.find(({ ResultPath }) => ResultPath === '$.failure')?.Next ?? ''];
        expect(functionKeyOf(recorder ?? { Type: 'none' })).toBe('recordFailure');
        const end = scope.States[recorder?.Next ?? ''];
        expect(end).toMatchObject({
          Type: 'Fail',
          ErrorPath: '$.failure.Error',
          CausePath: '$.failure.Cause',
        });
        expect(recorder).toMatchObject({
          ResultSelector: { 'Error.$': '$.Payload.error', 'Cause.$': '$.Payload.cause' },
          ResultPath: '$.failure',
        });
        const unrecorded = scope.States[recorder?.Catch?.[0]?.Next ?? ''];
        expect(unrecorded).toMatchObject({ Type: 'Fail', ErrorPath: '$.failure.Error' });
        expect(unrecorded?.Cause).toMatch(/^[A-Z].+\.$/);
      }
    });

    it('gives a Map small inputs and drops what it returns', () => {
      const maps = statesOf(machineOf(variantName, name)).filter(({ state }) => state.Type === 'Map');
      const { mapMode = 'INLINE' } = variantOf(variantName).variant.parameters;
      const config =
        mapMode === 'INLINE' ? { Mode: 'INLINE' } : { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' };
      const isWrong = ({ state }: PlacedState) =>
        JSON.stringify(state.ItemProcessor?.ProcessorConfig) !== JSON.stringify(config) ||
        state.ResultPath !== null ||
        !state.MaxConcurrencyPath?.startsWith('$.') ||
        Object.keys(state.ItemSelector ?? {})
          .toSorted()
          .join() !== 'executionArn.$,runId.$,shard.$';
      expect(namesWhere(maps, isWrong)).toEqual([]);
      const parallels = statesOf(machineOf(variantName, name)).filter(
        ({ state }) => state.Type === 'Parallel',
      );
      expect(namesWhere(parallels, ({ state }) => state.ResultPath !== null)).toEqual([]);
    });

    it('lets an iteration and a branch return nothing', () => {
      for (const [scope, where] of scopesOf(machineOf(variantName, name))) {
        if (where === 'machine') continue;
        const ends = Object.values(scope.States).filter((state) => isEnd(state) && state.Type !== 'Fail');
        expect(ends).toEqual([expect.objectContaining({ Type: 'Pass', Result: {}, End: true })]);
      }
    });

    it('never asks for the execution inside an iteration, where it would be the child’s', () => {
      const iterations = scopesOf(machineOf(variantName, name)).filter(([, where]) => where === 'iteration');
      expect(iterations.filter(([scope]) => JSON.stringify(scope).includes('$$.Execution'))).toEqual([]);
    });

    it('keeps of an answer only the function’s payload', () => {
      const keepsEnvelope = ({ state }: PlacedState) =>
        state.ResultPath !== null && state.ResultSelector === undefined && state.OutputPath !== '$.Payload';
      expect(namesWhere(tasksOf(machineOf(variantName, name)), keepsEnvelope)).toEqual([]);
    });

    it('reads the Cause of a caught failure only where there surely is one', () => {
      for (const [scope] of scopesOf(machineOf(variantName, name)))
        for (const variable of ['$.failure.Cause', '$.rollBackFailure.Cause']) {
          const readers = Object.entries(scope.States).filter(
            ([, { Type, ItemProcessor: _iteration, Branches: _branches, ...state }]) =>
              Type !== 'Choice' && JSON.stringify(state).includes(variable),
          );
          const unsure = readers.filter(([reader]) => !isSureOf(variable, reader, scope));
          expect(unsure.map(([reader]) => reader)).toEqual([]);
        }
    });

    it('ends failures with a path or a sentence, not with an intrinsic function', () => {
      const fails = statesOf(machineOf(variantName, name)).filter(({ state }) => state.Type === 'Fail');
      expect(fails.length).toBeGreaterThan(0);
      const path = /^\$(\.\w+)+$/;
      const isWrong = ({ state }: PlacedState) =>
        !path.test(state.ErrorPath ?? '') ||
        !(state.Cause === undefined ? path : /^[A-Z].+\.$/).test(state.Cause ?? state.CausePath ?? '');
      expect(namesWhere(fails, isWrong)).toEqual([]);
    });

    it('uses JSONPath and nothing that only AWS’s own Map readers and writers know', () => {
      const text = JSON.stringify(machineOf(variantName, name));
      expect(text).not.toMatch(/JSONata|ItemReader|ItemBatcher|ResultWriter|"Assign"|"Arguments"/);
    });

    it('has a limit of its own, and says what it and its steps are for', () => {
      const machine = machineOf(variantName, name);
      expect(machine.Comment).toMatch(/\w{3}/);
      expect(machine.TimeoutSeconds).toBeGreaterThan(0);
      const steps = statesOf(machine).filter(
        ({ where, state }) => where === 'machine' && ['Task', 'Map', 'Parallel'].includes(state.Type),
      );
      expect(namesWhere(steps, ({ state }) => (state.Comment ?? '').length < 10)).toEqual([]);
      const comments = steps.map(({ state }) => state.Comment);
      const isInherited = ({ state }: PlacedState) =>
        comments.indexOf(state.Comment) !== comments.lastIndexOf(state.Comment);
      expect(namesWhere(steps, isInherited)).toEqual([]);
    });
  });
});

/** Seconds that all pauses of a Retry take together, at most. */
function longestWait(retrier: Retrier): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxAttempts = 3, MaxDelaySeconds = Infinity } = retrier;
  const pauses = Array.from({ length: MaxAttempts }, (_, count) => IntervalSeconds * BackoffRate ** count);
  return pauses.reduce((sum, pause) => sum + Math.min(pause, MaxDelaySeconds), 0);
}

/** Whether every way to a state leads through recordFailure's answer, or through a Choice that has looked. */
function isSureOf(variable: string, reader: string, { States }: Scope): boolean {
  const isSure = (state: State): boolean => {
    const answers = state.ResultPath === '$.failure' && state.ResultSelector?.['Cause.$'] !== undefined;
    if (answers && variable === '$.failure.Cause') return !state.Catch?.some(({ Next }) => Next === reader);
    const rules = state.Choices?.filter(({ Next }) => Next === reader) ?? [];
    return (
      state.Default !== reader &&
      rules.length > 0 &&
      rules.every(({ And, ...rule }) =>
        (And ?? [rule]).some(({ Variable, IsPresent }) => Variable === variable && IsPresent === true),
      )
    );
  };
  const before = Object.values(States).filter((state) => successorsOf(state).includes(reader));
  return before.length > 0 && before.every(isSure);
}

/** Time limits in seconds, by function key. */
function functionsOf({ resolved, variant }: CompiledVariant): ReadonlyMap<string, number> {
  const prefix = `products-migration-${variant.stage}-`;
  return new Map(
    resourcesOf(resolved, 'AWS::Lambda::Function').map(([, { Properties }]) => [
      String(Properties['FunctionName']).replace(prefix, ''),
      Number(Properties['Timeout']),
    ]),
  );
}

/** Keys of the functions that a machine's role may call. */
function invocableBy({ resolved }: CompiledVariant, machine: string): string[] {
  const roleId = `${machine[0]?.toUpperCase()}${machine.slice(1)}MachineRole`;
  const policies = resolved.Resources[roleId]?.Properties['Policies'] as {
    PolicyDocument: { Statement: { Action: string; Resource: string[] }[] };
  }[];
  return policies
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement)
    .filter(({ Action }) => Action === 'lambda:InvokeFunction')
    .flatMap(({ Resource }) => Resource)
    .map((arn) => /-(\w+):\*$/.exec(arn)?.[1] ?? arn)
    .toSorted();
}
