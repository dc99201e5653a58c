import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRestoreInput } from '../../../functions/restore-from-backup/restore-input.ts';
import { ACTIONS_OF, parseSyncInput } from '../../../functions/control-sync/sync-input.ts';
import {
  type AwsPlace,
  awsCommandsOf,
  type Command,
  commandsOf,
  COMMAND_IN_TEXT,
  type Input,
  isCommandLine,
  localCommand,
  sizedPlanCommand,
  type StagePlace,
  type Step,
  stepText,
} from '../../../functions/shared/commands.ts';
import { deployWith } from '../../../functions/shared/deploy-with.cjs';
import * as errors from '../../../functions/shared/errors.ts';
import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { type Ending, endingOf, isBehind } from '../../../functions/shared/runs/ending.ts';
import { nextStepOf } from '../../../functions/shared/runs/next-step.ts';
import { syncAgain } from '../../../functions/shared/runs/start-again.ts';
import { rollBackRequestSchema } from '../../../functions/shared/state.ts';
import { type MigrateOptions, migrateInput } from '../../../workflow/cli/input-options.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { sampleNewRun } from '../../support/sample-run.ts';
import { parsePasted } from '../../support/pasted-commands.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PLACE = { stage: 'prod-eu', region: 'eu-west-1', typed: { profile: 'shop' } } as const;
const WHERE = '--stage prod-eu --region eu-west-1 --profile shop';
const RUN = 'migrate-20260301T120000Z-4f2a9c';
const BACKUP = '01772366400000-0a1b2c3d';
const commands = commandsOf(PLACE);

/** What the console's form is filled in with must be an input of that machine. */
const PARSERS: Readonly<Record<string, (input: unknown) => unknown>> = {
  migrate: parseMigrateInput,
  restore: parseRestoreInput,
  rollback: (input) => rollBackRequestSchema.parse(input),
  sync: parseSyncInput,
};

/** What is wrong with the lines of a next step: each is a command that its parser accepts on this stage, or words. */
async function problemsOf(nextStep: string, runId: string): Promise<readonly string[]> {
  const lines = nextStep.split('\n');
  const problems = lines.some((line) => line.startsWith('npm run ')) ? [] : ['no command'];
  for (const [index, line] of lines.entries()) {
    if (line.endsWith(':') && !isCommandLine(lines[index + 1] ?? '')) problems.push(`no command: ${line}`);
    if (line.startsWith('npm run ')) problems.push(...(await misled(line, runId)));
    if (line.startsWith('In the console')) parseAsTyped(line);
  }
  return problems;
}

/** A command on another stage or another run. @throws where the command line refuses it */
async function misled(line: string, runId: string): Promise<readonly string[]> {
  const { options, args, isHelp } = await parsePasted(line);
  if (isHelp) return [];
  const named = [options['resume'], args[0]].filter((one) => one !== undefined && one !== runId);
  const { stage, region, profile } = options;
  const isThere = stage === PLACE.stage && region === PLACE.region && profile === PLACE.typed.profile;
  return isThere && named.length === 0 ? [] : [`misled: ${line}`];
}

/** @throws where the machine refuses what the console is given */
function parseAsTyped(line: string): void {
  const [, machine = '', input = ''] = /^In the console, start (\w+) with (\{.*\})$/.exec(line) ?? [];
  PARSERS[machine]?.(JSON.parse(input));
}

async function expectPasteable(nextStep: string, runId = RUN): Promise<void> {
  expect(await problemsOf(nextStep, runId)).toEqual([]);
}

const ERRORS = Object.values(errors).flatMap((one) =>
  typeof one === 'function' && one.prototype instanceof errors.MigrationError ? [one.name] : [],
);
const STATUSES = ['PLANNED', 'ROLLED_BACK', 'HELD', 'ROLLBACK_FAILED', 'REFUSED'] as const;

const LOCKED = { error: 'LockHeldError' };
const INVALID = { error: 'InvalidInputError' };

describe('what to do after a run', () => {
  it.each(STATUSES)(
    'is a command that the command line accepts, whatever the error of a run that is %s',
    async (status) => {
      for (const error of [...ERRORS, 'States.Timeout', undefined])
        // A restore is never planned.
        for (const isRestore of status === 'PLANNED' ? [false] : [false, true])
          for (const again of [{}, isRestore ? { backupId: BACKUP } : { dryRun: true, maxQuarantined: 2 }]) {
            const ending: Ending = {
              status,
              runId: RUN,
              isRestore,
              error,
              again,
              quarantined: 3,
              confirmed: RUN,
            };
            await expectPasteable(nextStepOf(ending, PLACE) ?? '');
            await expectPasteable(nextStepOf({ ...ending, isOrdered: true }, PLACE) ?? '');
          }
    },
  );

  it('keeps what the run was asked for: a dry run stays one', () => {
    const ending = { status: 'REFUSED', runId: RUN, isRestore: false, again: { dryRun: true } } as const;
    expect(nextStepOf({ ...ending, error: 'SourceTableNotFoundError' }, PLACE)).toContain(' --dry-run\n');
  });

  it('is a run that replaces where one brings the target up to date, which deletes nothing', () => {
    const none = { expected: 5, found: 5, missing: 0, different: 0, extra: 0, changedSince: 0 };
    const after = (drift: { added: number; changed: number; removed: number }) =>
      isBehind({ verification: { ...none, drift } });
    expect(after({ added: 0, changed: 0, removed: 2 })).toBe(false);
    expect(after({ added: 1, changed: 0, removed: 0 })).toBe(true);
    expect(after({ added: 0, changed: 1, removed: 2 })).toBe(true);
  });

  it('has a run that takes longer than an execution held in time, and no restore', () => {
    for (const status of ['REFUSED', 'ROLLED_BACK'] as const) {
      const ending = { status, runId: RUN, isRestore: false, again: { note: 'x' }, error: 'RunTooLongError' };
      const held = / held when its time is up, and resume it then:\nnpm run migrate -- .*--on-failure hold/;
      expect(nextStepOf(ending, PLACE)).toMatch(held);
      expect(nextStepOf({ ...ending, isRestore: true }, PLACE)).not.toContain('--on-failure');
    }
  });

  it.each(['RunTooLongError', 'RunTooLongForInlineError'])(
    'never starts a run again at the caps that it was too long at: %s',
    async (error) => {
      const again = { writeUnitsPerSecond: 0.001, maxCost: 9 };
      for (const status of ['REFUSED', 'ROLLED_BACK'] as const)
        for (const isRestore of [false, true]) {
          const step = nextStepOf({ status, runId: RUN, isRestore, error, again }, PLACE) ?? '';
          await expectPasteable(step);
          expect(step).toMatch(
            /tart without these caps, or with higher ones:\nnpm run \S+ -- (?!.*units).*--max-cost 9$/m,
          );
          expect(step).not.toContain('Fix the reported cause');
        }
    },
  );

  it('starts nothing after an input that cannot be used: a mistyped dry run would write', () => {
    for (const again of [{}, { dryrun: true }, { dryrun: true, onFailure: 'hold' }, { dryRun: 'yes' }]) {
      const ending = { status: 'REFUSED', runId: RUN, isRestore: false, again, ...INVALID } as const;
      expect(nextStepOf(ending, PLACE)?.split('\n')).toEqual([
        'Correct the input, then start with all of it again. To list the options:',
        'npm run migrate -- --help',
      ]);
      expect(nextStepOf({ ...ending, isRestore: true }, PLACE)).toMatch(/\nnpm run restore -- --help$/);
    }
  });

  it.each([
    [{ action: 'cutover', dryrun: true }, 'cutover'],
    [{ action: 'compare', runid: RUN }, 'compare'],
    [{ runid: RUN }, 'sync'],
    ['abc', 'sync'],
  ])('starts nothing after an input of a sync that cannot be used: %j', async (typed, name) => {
    const step = stepText(syncAgain(PLACE, typed, INVALID));
    await expectPasteable(step);
    expect(step.split('\n').slice(1)).toEqual([`npm run ${name} -- --help`]);
  });

  it.each([0, 3])(
    'makes a new plan or backup as the plan was asked for, with %i in quarantine',
    (quarantined) => {
      const again = { dryRun: true, onExisting: 'replace', writeUnitsPerSecond: 50 };
      const ending = { status: 'PLANNED', runId: RUN, isRestore: false, again, quarantined } as const;
      const plan = quarantined === 0 ? '' : ' --dry-run';
      expect(nextStepOf(ending, PLACE)).toContain(
        `npm run migrate -- ${WHERE}${plan} --on-existing replace --write-units-per-second 50\n`,
      );
    },
  );

  it('is what the error itself says, where nothing of the run is left', () => {
    const ownStep = stepText(['To allow that much', commands.migrate({ maxCost: 4.4 })]);
    const ending = { runId: RUN, isRestore: false, error: 'CostLimitError', ownStep } as const;
    expect(nextStepOf({ ...ending, status: 'ROLLED_BACK' }, PLACE)).toBe(ownStep);
    expect(nextStepOf({ ...ending, status: 'REFUSED' }, PLACE)).toBe(ownStep);
  });

  it('lists the backups after a restore of one that is not there, and makes none where it was mistyped', () => {
    const ending = { status: 'REFUSED', runId: RUN, isRestore: true, error: 'BackupNotFoundError' } as const;
    const list = `List the backups:\nnpm run backups -- ${WHERE}`;
    expect(nextStepOf({ ...ending, again: { backupId: BACKUP } }, PLACE)).toBe(list);
    expect(nextStepOf({ ...ending, again: {} }, PLACE)).toContain(`${list}\nOr make one:\n`);
  });

  it('is the same step again, where a step that was called alone was rolled back', () => {
    const ending = {
      status: 'ROLLED_BACK',
      runId: RUN,
      isRestore: false,
      step: 'createCartTable',
      again: { onFailure: 'hold' },
    } as const;
    const call = `npx sls invoke ${WHERE.replace('--profile', '--aws-profile')} -f createCartTable`;
    expect(nextStepOf({ ...ending, isOrdered: true }, PLACE)).toBe(`To call the step again:\n${call}`);
    expect(nextStepOf({ ...ending, error: 'TableSchemaMismatchError' }, PLACE)).toBe(
      `Fix the reported cause, then call the step again:\n${call}`,
    );
  });

  it('is a restore that its machine accepts, where a restore that was called alone was rolled back', async () => {
    const run = {
      ...sampleNewRun(RUN, { kind: 'manual', step: 'restoreFromBackup' }),
      details: { backupId: BACKUP, targetTable: 'products-restored-1' },
      parameters: { ...sampleNewRun(RUN).parameters, onFailure: 'hold' },
    } as unknown as Run;
    const step = nextStepOf(endingOf(run, 'ROLLED_BACK'), PLACE) ?? '';
    expect(step).toContain(`npm run restore -- ${WHERE} --backup ${BACKUP}\n`);
    await expectPasteable(step);
  });

  it('follows what an error says of its cause', () => {
    const ownStep = stepText(['Raise the quota', { line: 'aws service-quotas x' }]);
    const ending = {
      runId: RUN,
      isRestore: false,
      error: 'TableQuotaError',
      ownStep,
      status: 'REFUSED',
    } as const;
    expect(nextStepOf(ending, PLACE)?.split('\n')).toEqual([
      'Raise the quota:',
      'aws service-quotas x',
      'Fix the reported cause, then start again:',
      `npm run migrate -- ${WHERE}`,
      'In the console, start migrate with {}',
    ]);
  });

  it('resumes no held run that would fail again: without its table, or with the same history', async () => {
    const stepOf = (error: string): string =>
      nextStepOf({ status: 'HELD', runId: RUN, isRestore: false, error }, PLACE) ?? '';
    const [withoutTable, tooLong] = [stepOf('TableUnavailableError'), stepOf('RunTooLongForInlineError')];
    await expectPasteable(withoutTable);
    await expectPasteable(tooLong);
    expect(withoutTable).toMatch(
      /^If the table is ACTIVE and still the one that the run began with, go on:\n/,
    );
    expect(withoutTable).toContain(`Then start again:\nnpm run migrate -- ${WHERE}\n`);
    expect(tooLong).toMatch(
      /^Deploy again with --param mapMode=DISTRIBUTED .*\. Then go on:\nnpm run migrate /,
    );
  });

  it('never resumes a run that is held for its cost without another limit', async () => {
    const held = { status: 'HELD', runId: RUN, isRestore: false, error: 'CostLimitError' } as const;
    const ownStep = stepText(['To allow that much', commands.migrate({ resume: RUN, maxCost: 4.4 })]);
    for (const ending of [held, { ...held, ownStep }]) {
      const step = nextStepOf(ending, PLACE) ?? '';
      await expectPasteable(step);
      expect(step).toContain(`npm run rollback -- ${WHERE} ${RUN}\n`);
      expect(step).not.toMatch(/--resume \S+$/m);
    }
  });
});

const id = fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/).filter((text) => !text.startsWith('-'));
const units = fc.integer({ min: 1, max: 1_000_000 });
const flag = fc.constant(true);
const optional = { requiredKeys: [] };
const note = fc
  .string({ minLength: 1, maxLength: 40, unit: 'grapheme-ascii' })
  .filter((text) => !text.startsWith('-'));

const commandOf = ([words, command]: Step): Command => command ?? { line: `no command: ${words}` };

describe('a command to paste', () => {
  const migrations: fc.Arbitrary<Input> = fc.record(
    {
      dryRun: flag,
      onFailure: fc.constantFrom('rollback', 'hold'),
      resume: id,
      maxQuarantined: fc.nat(1e6),
      onExisting: fc.constantFrom('keep', 'replace'),
      readUnitsPerSecond: units,
      writeUnitsPerSecond: units,
      maxCost: fc.constantFrom(0.00014, 4.4, 3_700),
      writeEngine: fc.constantFrom('batch', 'bulk', 'auto'),
      allowEmpty: flag,
      keepClosed: flag,
      confirm: id,
      note,
    },
    optional,
  );

  it('asks for exactly the input that the console is given, and that input is accepted', async () => {
    await fc.assert(
      fc.asyncProperty(migrations, async (input) => {
        const { line, inConsole = '' } = commands.migrate(input);
        const { options } = await parsePasted(line);
        expect(migrateInput(options as MigrateOptions)).toEqual(input);
        expect(JSON.parse(inConsole.replace('start migrate with ', ''))).toEqual(input);
        parseMigrateInput(input);
      }),
      { numRuns: 200 },
    );
  });

  /** Without the fields that the action does not take, and with which nothing is begun. */
  const withOwnFields = (input: Input): Input =>
    Object.fromEntries(
      Object.entries(input).filter(([field]) => {
        const actions: readonly unknown[] | undefined = ACTIONS_OF[field as keyof typeof ACTIONS_OF];
        return actions?.includes(input['action'] ?? 'start') !== false;
      }),
    );

  const syncs: fc.Arbitrary<Input> = fc.record(
    {
      action: fc.constantFrom('start', 'compare', 'cutover', 'cancel'),
      runId: id,
      confirm: id,
      frozen: fc.boolean(),
      dryRun: fc.boolean(),
      maxQuarantined: fc.nat(1e6),
      maxConcurrency: fc.integer({ min: 1, max: 40 }),
      readUnitsPerSecond: units,
      writeUnitsPerSecond: units,
      note,
    },
    optional,
  );

  it('of a cancellation ends the sync that was named, and no other', () => {
    const { line, inConsole } = commandOf(syncAgain(PLACE, { action: 'cancel', runId: RUN }, LOCKED));
    expect(line).toMatch(new RegExp(` --cancel --run ${RUN}$`));
    expect(inConsole).toContain(`"runId": "${RUN}"`);
  });

  it('of a sync is accepted by the command line, whatever the console was given', async () => {
    await fc.assert(
      fc.asyncProperty(syncs.map(withOwnFields), async (input) => {
        const { line, inConsole = '' } = commandOf(syncAgain(PLACE, input, LOCKED));
        expect((await parsePasted(line)).args).toEqual([]);
        parseSyncInput(JSON.parse(inConsole.replace('start sync with ', '')));
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [
      'a restore',
      commands.restore({ backupId: BACKUP, targetTable: 't-1', confirm: 't-1', writeEngine: 'batch' }),
    ],
    ['a roll back', commands.rollBack(RUN)],
    ['a confirmed roll back', commands.rollBack(RUN, 'other-run')],
    ['a sync', commands.startSync({ runId: RUN, confirm: 's', writeUnitsPerSecond: 20 })],
    ['the end of a sync', commands.cancelSync()],
    ['a look at a sync', commands.showSync()],
    ['the checks of a cut over', commands.cutOver({ dryRun: true })],
    ['a cut over', commands.cutOver({ frozen: true, maxQuarantined: 3 })],
    ['a compare', commands.compare()],
    ['a compare with caps', commands.compare({ runId: RUN, readUnitsPerSecond: 5 })],
    ['a list of runs', commands.runs()],
    ['a report', commands.report(RUN)],
    ['a look at a run', commands.follow(RUN)],
    ['the end of a pause', commands.unpause(RUN)],
    ['a list of backups', commands.backups()],
    ['a plan', commands.plan()],
    ['a sync once more', commandOf(syncAgain(PLACE, { action: 'start', runId: RUN, note: 'x' }, LOCKED))],
    ['a cut over once more', commandOf(syncAgain(PLACE, { action: 'cutover', frozen: true }, LOCKED))],
  ])('of %s is accepted by the command line, and its input by the machine', async (_, command) => {
    const { line } = command;
    await expectPasteable(stepText(['Do it', command]), line.includes(BACKUP) ? BACKUP : RUN);
  });

  it('of the embedded AWS is accepted without a stage', async () => {
    const lines = [
      localCommand({}),
      localCommand({ products: 60, seed: 2 }),
      sizedPlanCommand({ products: 1e6 }),
    ];
    for (const { line } of lines) expect((await parsePasted(line)).args).toEqual([]);
    expect((await parsePasted(localCommand({ products: 60 }).line)).options).toMatchObject({ products: 60 });
  });

  it('is refused by this very parser when an option is misspelt', async () => {
    await expect(parsePasted('npm run migrate -- --stage prod --max-costs 3')).rejects.toThrow(
      'unknown option',
    );
    await expect(parsePasted('npm run rollback -- --stage prod')).rejects.toThrow(
      'missing required argument',
    );
  });
});

describe('where a command leads', () => {
  const lineAt = (place: StagePlace): string => commandsOf(place).follow(RUN).line;
  const deployed = { stage: 'prod', region: 'ap-southeast-2' } as const;

  it('is the stage in the region that it was deployed to, because the same name may be taken elsewhere', () => {
    const abroad = { stage: 'prod', region: 'eu-west-1' };
    expect(lineAt(abroad)).toBe(`npm run follow -- --stage prod --region eu-west-1 ${RUN}`);
    expect(commandsOf(abroad).invoke('testConnection').line).toBe(
      'npx sls invoke --stage prod --region eu-west-1 -f testConnection',
    );
  });

  it('is said by the stage alone in the default region', () => {
    expect(lineAt(deployed)).toBe(`npm run follow -- --stage prod ${RUN}`);
    expect(commandsOf(deployed).deploy().line).toBe('npx sls deploy --stage prod');
  });

  it('repeats the region and the profile that were typed', () => {
    const typed = { region: 'ap-southeast-2', profile: 'the shop' };
    expect(lineAt({ ...deployed, typed })).toBe(
      `npm run follow -- --stage prod --region ap-southeast-2 --profile 'the shop' ${RUN}`,
    );
    expect(commandsOf({ ...deployed, typed }).deploy({ tablePrefix: 'smoke-' }).line).toBe(
      `npx sls deploy --stage prod --region ap-southeast-2 --aws-profile 'the shop' --param="tablePrefix=smoke-"`,
    );
  });

  it('is never more than the stage for the embedded AWS', () => {
    const typed = { region: 'ap-southeast-2', profile: 'shop' };
    expect(lineAt({ stage: 'local', region: 'eu-west-1', typed })).toBe(
      `npm run follow -- --stage local ${RUN}`,
    );
  });

  it('stays in one piece within a sentence', () => {
    for (const typed of [{ profile: 'shop' }, { profile: 'the shop' }]) {
      const line = lineAt({ stage: 'prod', region: 'eu-west-1', typed });
      expect(new RegExp(COMMAND_IN_TEXT).exec(`Look at it: ${line}. Then go on.`)?.[0]).toBe(line);
    }
  });
});

describe('a command of the AWS CLI', () => {
  const CART = 'arn:aws:dynamodb:eu-west-1:123456789012:table/cart';
  const linesAt = (place: AwsPlace): readonly string[] => {
    const aws = awsCommandsOf(place);
    return [
      aws.stopExecution('arn:aws:states:eu-west-1:123456789012:execution:migrate:a'),
      aws.showPolicy(CART),
      aws.putPolicy(CART, '{"Version": "2012-10-17"}', 'NO_POLICY'),
      aws.deletePolicy(CART),
      aws.deleteTable(CART),
      aws.enableStream(CART),
      aws.addIndex(CART, {
        attributeDefinitions: [{ AttributeName: 'brand', AttributeType: 'S' }],
        create: { IndexName: 'BrandIndex' },
      }),
      aws.raiseTableQuota(),
    ].map(({ line }) => line);
  };
  const LAPTOP = { region: 'ap-southeast-2', endpointUrl: 'http://127.0.0.1:4566' };

  it('names its region, whatever the CLI is configured to', () => {
    for (const line of linesAt({ region: 'eu-west-1' })) expect(line).toMatch(/ --region eu-west-1$/);
  });

  it('goes to the embedded AWS where the service runs in it', () => {
    for (const line of linesAt(LAPTOP))
      expect(line).toMatch(/ --region ap-southeast-2 --endpoint-url http:\/\/127\.0\.0\.1:4566$/);
  });

  it('deletes a table by its ARN, and by its name where an engine takes nothing else', () => {
    const deletionAt = (place: AwsPlace) => awsCommandsOf(place).deleteTable(CART).line;
    expect(deletionAt({ region: 'eu-west-1' })).toContain(`aws dynamodb delete-table --table-name ${CART} `);
    expect(deletionAt(LAPTOP)).toContain('aws dynamodb delete-table --table-name cart ');
  });

  it('stays in one piece within a sentence', () => {
    for (const line of [...linesAt({ region: 'eu-west-1' }), ...linesAt(LAPTOP)])
      expect(new RegExp(COMMAND_IN_TEXT).exec(`Look at it: ${line}. Then go on.`)?.[0]).toBe(line);
  });
});

const sourcesBelow = (
  ...folders: readonly string[]
): readonly { readonly path: string; readonly text: string }[] =>
  folders
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter(
      (path) => path.endsWith('.ts') && !path.includes('.test.') && path !== 'functions/shared/commands.ts',
    )
    .map((path) => ({ path, text: withoutComments(readFileSync(join(ROOT, path), 'utf8')) }));

const withoutComments = (text: string): string => text.replace(/\/\*[^]*?\*\/|^\s*\/\/.*$/gm, '');

describe('a sentence of the service', () => {
  it('never asks for an input as JSON: a next step is a command', () => {
    const asked = sourcesBelow('functions', 'workflow/cli').filter(({ text }) =>
      /\b(?:[Ss]tart|[Rr]un|[Ii]nvoke)\b[^`'"]* with \{"/.test(text),
    );
    expect(asked.map(({ path }) => path)).toEqual([]);
  });

  it('words no command on a stage anywhere but in one place', () => {
    const worded = sourcesBelow('functions', 'workflow/cli').filter(({ text }) =>
      /npm run [a-z-]+ -- --stage \$\{/.test(text),
    );
    expect(worded.map(({ path }) => path)).toEqual([]);
  });

  it('never says to deploy with one parameter alone, because the others would go back to their defaults', () => {
    expect(deployWith('restoreIntoSource', 'true')).toBe(
      'deploy again with --param restoreIntoSource=true and all other parameters of this stage',
    );
    // The command line of sls refuses --param tablePrefix= without a value.
    expect(deployWith('tablePrefix', '')).toBe(
      'deploy again without tablePrefix, and with all other parameters of this stage',
    );
    const alone = sourcesBelow('functions', 'workflow').filter(({ text }) =>
      /[Dd]eploy (?:again )?with (?:--param|[a-z]+[A-Z]\w+=)/.test(text),
    );
    expect(alone.map(({ path }) => path)).toEqual([]);
  });

  it('words no command of the AWS CLI anywhere but in one place', () => {
    const worded = sourcesBelow('functions', 'workflow').filter(({ text }) =>
      /\baws [a-z0-9-]+ [a-z]+(?:-[a-z]+)+ /.test(text),
    );
    expect(worded.map(({ path }) => path)).toEqual([]);
  });

  it('says "start again" only where the command follows', () => {
    const said = sourcesBelow('functions').filter(({ text }) =>
      /[Ss]tart again(?! ?(?:'|for new files'|without a limit'|, which))/.test(text),
    );
    expect(said.map(({ path }) => path)).toEqual([]);
  });
});
