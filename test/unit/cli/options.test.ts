import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { whereabouts } from '../../../workflow/cli/context.ts';
import { executionArn } from '../../../functions/shared/names.ts';
import { CONSOLE_PAGES } from '../../../functions/shared/runs/page/place.ts';
import { serviceName } from '../../../workflow/cli/deployment.ts';
import { readEnvFile } from '../../../workflow/cli/env-file.ts';
import { executionName } from '../../../workflow/cli/executions.ts';
import { failureOf } from '../../../workflow/cli/fallback-report.ts';
import { addMigrateOptions, type MigrateOptions, migrateInput } from '../../../workflow/cli/input-options.ts';
import { explain } from '../../../workflow/cli/operator-error.ts';
import { portNumber } from '../../../workflow/local/port.ts';

function inputOf(...args: readonly string[]): unknown {
  const command = addMigrateOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  return migrateInput(command.parse(args, { from: 'user' }).opts<MigrateOptions>());
}

describe('the options of migrate', () => {
  it('are nothing for the normal run', () => {
    expect(inputOf()).toEqual({});
  });

  it('are the fields of its input', () => {
    expect(
      inputOf(
        '--dry-run',
        '--on-failure',
        'hold',
        '--resume',
        'r1',
        '--max-quarantined',
        '3',
        '--on-existing',
        'replace',
        '--max-concurrency',
        '8',
        '--read-units-per-second',
        '12.5',
        '--write-units-per-second',
        '50',
        '--allow-empty',
        '--note',
        'first try',
      ),
    ).toEqual({
      dryRun: true,
      onFailure: 'hold',
      resume: 'r1',
      maxQuarantined: 3,
      onExisting: 'replace',
      maxConcurrency: 8,
      readUnitsPerSecond: 12.5,
      writeUnitsPerSecond: 50,
      allowEmpty: true,
      note: 'first try',
    });
  });

  it('pass any JSON through', () => {
    expect(inputOf('--execution-input', '[]')).toEqual([]);
    expect(inputOf('--execution-input', '"abc"')).toBe('abc');
    expect(() => inputOf('--execution-input', '{}', '--dry-run', '--max-quarantined', '3')).toThrow(
      '--execution-input is the whole input, so --dry-run, --max-quarantined cannot be given as well.',
    );
  });

  it('refuse what is no number and no JSON', () => {
    for (const text of ['many', '-1', '1.5', '1e3', '99999999999999999999'])
      expect(() => inputOf('--max-quarantined', text)).toThrow('Give a whole number of 0 or more.');
    for (const text of ['', 'NaN', 'Infinity', '-0.5', '1e400'])
      expect(() => inputOf('--write-units-per-second', text)).toThrow('Give a number of 0 or more.');
    expect(() => inputOf('--write-units-per-second', 'fast')).toThrow('Give a number');
    expect(() => inputOf('--execution-input', '{dryRun}')).toThrow('is not JSON');
  });
});

describe('whereabouts', () => {
  it('keeps stage local away from AWS', () => {
    expect(whereabouts({ stage: 'local' }, { AWS_REGION: 'us-east-1' })).toEqual({
      stage: 'local',
      region: 'ap-southeast-2',
      typed: {},
      endpoint: 'http://127.0.0.1:4566',
    });
  });

  it('takes the endpoint and the region that are set', () => {
    const environment = { AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_REGION: 'us-east-1' };
    expect(whereabouts({ stage: 'prod', profile: 'shop' }, environment)).toEqual({
      stage: 'prod',
      region: 'us-east-1',
      typed: { profile: 'shop' },
      endpoint: 'http://127.0.0.1:1',
    });
    expect(whereabouts({ stage: 'prod' }, {})).toMatchObject({
      region: 'ap-southeast-2',
      endpoint: undefined,
    });
    expect(whereabouts({ stage: 'prod', region: 'eu-west-1' }, environment).region).toBe('eu-west-1');
  });

  it('refuses what cannot be a stage', () => {
    expect(() => whereabouts({ stage: 'Prod!' }, {})).toThrow('"Prod!" cannot be a stage');
  });
});

describe('readEnvFile', () => {
  it('fills in what the environment lacks', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'env-')), '.env.local');
    writeFileSync(path, 'AWS_PROFILE=shop\nAWS_REGION=us-east-1\n');
    const environment: NodeJS.ProcessEnv = { AWS_REGION: 'ap-southeast-2' };
    readEnvFile(path, environment);
    expect(environment).toEqual({ AWS_REGION: 'ap-southeast-2', AWS_PROFILE: 'shop' });
  });

  it('reads comments, quotes and export lines as a shell would', () => {
    const path = join(mkdtempSync(join(tmpdir(), 'env-')), '.env.local');
    writeFileSync(path, '# mine\r\nexport AWS_PROFILE="the shop"\r\nAWS_REGION = us-east-1 # far\n');
    const environment: NodeJS.ProcessEnv = {};
    readEnvFile(path, environment);
    expect(environment).toEqual({ AWS_PROFILE: 'the shop', AWS_REGION: 'us-east-1' });
  });

  it('does without the file', () => {
    const environment: NodeJS.ProcessEnv = {};
    readEnvFile('/nowhere/.env.local', environment);
    expect(environment).toEqual({});
  });
});

describe('names', () => {
  const deployment = { service: serviceName, stage: 'prod', region: 'us-east-1', accountId: '123456789012' };

  it('lead to the execution in the console', () => {
    const arn = executionArn(deployment, 'migrate', 'r1');
    expect(arn).toBe('arn:aws:states:us-east-1:123456789012:execution:products-migration-prod-migrate:r1');
    expect(CONSOLE_PAGES.execution('us-east-1', arn)).toBe(
      `https://us-east-1.console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/${arn}`,
    );
  });

  it.each([
    ['us-gov-west-1', 'aws-us-gov', 'console.amazonaws-us-gov.com'],
    ['cn-north-1', 'aws-cn', 'console.amazonaws.cn'],
  ])('are those of the partition of %s', (region, partition, domain) => {
    const arn = executionArn({ ...deployment, region }, 'restore', 'r1');
    expect(arn).toBe(
      `arn:${partition}:states:${region}:123456789012:execution:products-migration-prod-restore:r1`,
    );
    expect(CONSOLE_PAGES.execution(region, arn)).toMatch(
      `https://${region}.${domain}/states/home?region=${region}#`,
    );
  });

  it('of executions are run ids that sort by time', () => {
    expect(executionName('migrate', new Date('2026-03-01T12:00:07.123Z'))).toMatch(
      /^migrate-20260301T120007Z-[0-9a-f]{6}$/,
    );
  });
});

const errorNamed = (name: string, message = 'because'): Error => Object.assign(new Error(message), { name });

describe('explain', () => {
  it('says how to get credentials', () => {
    expect(explain(errorNamed('CredentialsProviderError'))).toContain('.env.local');
  });

  it('says where it looked', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    expect(explain(refused, { endpoint: 'http://127.0.0.1:4566' })).toContain('npm run local');
    expect(explain(refused)).toContain('network');
    expect(explain(errorNamed('StateMachineDoesNotExist'), { stage: 'dev', region: 'us-east-1' })).toContain(
      'npx sls deploy --stage dev --region us-east-1',
    );
  });

  it('does not send anybody to deploy who looks for a stage at an endpoint of his own', () => {
    const sentence = explain(errorNamed('StateMachineDoesNotExist'), {
      stage: 'prod',
      endpoint: 'http://127.0.0.1:4566',
    });
    expect(sentence).toContain('Unset AWS_ENDPOINT_URL');
    expect(sentence).not.toContain('sls deploy');
  });

  it('says whose credentials have expired or may not', () => {
    expect(explain(errorNamed('ExpiredTokenException'))).toContain('Renew them');
    expect(explain(errorNamed('AccessDeniedException'))).toContain('may not do that');
  });

  it('leaves a sentence alone', () => {
    expect(explain(errorNamed('RunNotFoundError', 'There is no run r1.'))).toBe('There is no run r1.');
  });
});

describe('failureOf', () => {
  it('takes the sentence out of the payload that Lambda makes of an error', () => {
    const cause = JSON.stringify({ errorType: 'X', errorMessage: 'It said "no".', trace: [] });
    expect(failureOf({ status: 'FAILED', error: 'X', cause })).toEqual({
      error: 'X',
      cause: 'It said "no".',
    });
  });

  it('finds words for an execution that was stopped', () => {
    expect(failureOf({ status: 'ABORTED', error: undefined, cause: undefined })).toEqual({
      error: 'ABORTED',
      cause: 'The execution was stopped.',
    });
  });
});

describe('--port', () => {
  it.each(['0', '4566', '65535'])('may be %s', (text) => {
    expect(portNumber(text)).toBe(Number(text));
  });

  it.each(['65536', '99999', '-1', '80.5', 'http', ''])('is refused when it is "%s"', (text) => {
    expect(() => portNumber(text)).toThrow('A port is a whole number from 0 to 65535; 0 takes any free one.');
  });
});
