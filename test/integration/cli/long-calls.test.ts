import { createRequire } from 'node:module';
import { ListFunctionsCommand } from '@aws-sdk/client-lambda';
import type { NodeHttpHandler } from '@smithy/node-http-handler';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { openContext } from '../../../workflow/cli/context.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { runServerless } from './run-command.ts';

let shop: TestShop;
/** Of the service's slowest function, as it is deployed. */
let longestMillis: number;

beforeAll(async () => {
  shop = await openShop();
  const { Functions = [] } = await shop.lambda.send(new ListFunctionsCommand({}));
  longestMillis = 1000 * Math.max(...Functions.map(({ Timeout = 0 }) => Timeout));
});
afterAll(() => shop.stop());

const callsOf = (key: string): number =>
  shop.aws.requestLog.entries.filter(
    (entry) => entry.operation === 'Invoke' && entry.key?.endsWith(`-${key}`) === true,
  ).length;

describe('sls invoke', () => {
  const hangingCall = (key: string, environment: Readonly<Record<string, string>>) =>
    runServerless(['invoke', '--stage', 'local', '--function', key, '--data', '{}'], {
      AWS_ENDPOINT_URL: shop.aws.endpoint,
      ...environment,
    });

  it('calls a function once, however long it is silent', async () => {
    const hang = shop.aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'hang' });
    const end = await hangingCall('testConnection', { AWS_CLIENT_TIMEOUT: '500' });
    hang.remove();
    expect(end.code).not.toBe(0);
    expect(`${end.stdout}${end.stderr}`).toMatch(/timed out/i);
    expect(callsOf('testConnection')).toBe(1);
  });

  it('calls it again only where the operator says so', async () => {
    const hang = shop.aws.faults.add({ service: 'lambda', operation: 'Invoke', kind: 'hang' });
    await hangingCall('verifyBackup', { AWS_CLIENT_TIMEOUT: '500', SLS_AWS_REQUEST_MAX_RETRIES: '1' });
    hang.remove();
    expect(callsOf('verifyBackup')).toBe(2);
  });

  it('refuses a mistyped parameter before it calls anything', async () => {
    const before = shop.aws.requestLog.entries.length;
    const end = await runServerless(
      ['invoke', '--stage', 'local', '--function', 'testConnection', '--param=tablePrefx=a-'],
      { AWS_ENDPOINT_URL: shop.aws.endpoint },
    );
    expect(end.code).toBe(1);
    expect(`${end.stdout}${end.stderr}`).toContain(
      'There is no parameter tablePrefx. Did you mean tablePrefix?',
    );
    expect(shop.aws.requestLog.entries).toHaveLength(before);
  });
});

describe('the time that sls invoke waits', () => {
  const variables = ['AWS_CLIENT_TIMEOUT', 'SLS_AWS_REQUEST_MAX_RETRIES'];
  const PatientInvoke = createRequire(import.meta.url)(
    '../../../workflow/resources/patient-invoke.cjs',
  ) as new (serverless: { processedInput: { commands: readonly string[] } }) => unknown;
  /** Both variables after the plugin was constructed for a command. */
  const after = (...commands: readonly string[]) => {
    Reflect.construct(PatientInvoke, [{ processedInput: { commands } }]);
    return variables.map((name) => process.env[name]);
  };
  afterEach(() => vi.unstubAllEnvs());

  it('is longer than the slowest function may take', () => {
    variables.forEach((name) => vi.stubEnv(name, ''));
    const [timeout, retries] = after('invoke');
    expect(Number(timeout)).toBeGreaterThan(longestMillis);
    expect(retries).toBe('0');
  });

  it.each([[['deploy']], [['invoke', 'local']], [['package']], [[]]])('is left alone for %j', (commands) => {
    variables.forEach((name) => vi.stubEnv(name, ''));
    expect(after(...commands)).toEqual(['', '']);
  });

  it('is what the operator has set, where that was set', () => {
    vi.stubEnv('AWS_CLIENT_TIMEOUT', '5000');
    vi.stubEnv('SLS_AWS_REQUEST_MAX_RETRIES', '2');
    expect(after('invoke')).toEqual(['5000', '2']);
  });
});

describe('the operator’s commands', () => {
  it('wait for a function as long as it may take, and call it once', async () => {
    const context = await openContext({ stage: 'local', endpoint: shop.aws.endpoint });
    const { requestHandler, maxAttempts } = context.lambda.config;
    // A handler knows its settings only once it has sent something.
    await context.lambda.send(new ListFunctionsCommand({}));
    const { requestTimeout } = (requestHandler as NodeHttpHandler).httpHandlerConfigs();
    expect(requestTimeout).toBeGreaterThan(longestMillis);
    expect(await maxAttempts()).toBe(1);
    context.close();
  });
});
