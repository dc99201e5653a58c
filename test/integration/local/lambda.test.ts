import { GetAccountSettingsCommand, GetFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EmbeddedAws } from '../../../workflow/local/embedded-aws.ts';
import { eventually, startTinyAws, testClients, type TestClients } from '../../support/embedded.ts';

let aws: EmbeddedAws;
let clients: TestClients;
const written: string[] = [];

beforeAll(async () => {
  process.env['SECRET_OF_THE_MACHINE'] = 'must not be seen';
  aws = await startTinyAws({
    pauseMillis: 10,
    maxWorkers: 2,
    log: (name, text) => written.push(`${name}: ${text}`),
  });
  clients = testClients(aws);
});

afterAll(async () => {
  delete process.env['SECRET_OF_THE_MACHINE'];
  clients.destroy();
  await aws.stop();
});

describe('a function', () => {
  it('is called by name, by ARN and by qualified ARN', async () => {
    const arn = aws.functions['echo'] ?? '';
    for (const FunctionName of ['tiny-local-echo', arn, `${arn}:1`, `${arn}:$LATEST`]) {
      const { StatusCode, payload, ExecutedVersion } = await invoke(FunctionName, '{"a":[1,"ü",null]}');
      expect(StatusCode).toBe(200);
      expect(ExecutedVersion).toBe('$LATEST');
      expect(payload).toMatchObject({ event: { a: [1, 'ü', null] }, stage: 'local' });
    }
  });

  it('gets an empty object when there is no payload, and knows how long it has', async () => {
    const { payload } = await invoke('tiny-local-echo');
    expect(payload).toMatchObject({ event: {} });
    const { remainingMillis } = payload as { remainingMillis: number };
    expect(remainingMillis).toBeGreaterThan(5000);
    expect(remainingMillis).toBeLessThanOrEqual(10_000);
  });

  it('has an environment of its own: Lambda’s, the template’s, and nothing of the machine', async () => {
    const { payload } = await invoke('tiny-local-echo', '{"environment":true}');
    const { environment } = payload as { environment: Record<string, string> };
    expect(environment).toMatchObject({
      AWS_LAMBDA_FUNCTION_NAME: 'tiny-local-echo',
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: 'ap-southeast-2',
      STAGE: 'local',
    });
    expect(environment['AWS_ACCESS_KEY_ID']).toMatch(/^LOCALechoW\d+$/);
    expect(environment).not.toHaveProperty('SECRET_OF_THE_MACHINE');
  });

  it('hands back its log where asked, and writes nothing to standard output', async () => {
    const { LogResult } = await clients.lambda.send(
      new InvokeCommand({ FunctionName: 'tiny-local-echo', LogType: 'Tail' }),
    );
    const log = Buffer.from(LogResult ?? '', 'base64').toString();
    expect(log).toMatch(/^START RequestId: \S+ Version: \$LATEST\n.*\tINFO\techo called\nEND RequestId: /);
    // Nothing measures how much of its memory a call has used.
    expect(log).toMatch(/\tMemory Size: \d+ MB\n$/);
    expect(written.join('')).toContain('echo called');
  });

  it('stays warm from one call to the next', async () => {
    const first = await invoke('tiny-local-misbehave', '{"shard":{"kind":"ok"}}');
    const second = await invoke('tiny-local-misbehave', '{"shard":{"kind":"ok"}}');
    const calls = ({ payload }: { payload: unknown }) => (payload as { calls: number }).calls;
    expect(calls(second)).toBe(calls(first) + 1);
  });

  it('waits for a worker when there are more calls than workers', async () => {
    const calls = Array.from({ length: 12 }, (_, n) =>
      invoke(n % 2 === 0 ? 'tiny-local-echo' : 'tiny-local-misbehave', '{"shard":{"kind":"ok"}}'),
    );
    const results = await Promise.all(calls);
    expect(results.every(({ FunctionError }) => FunctionError === undefined)).toBe(true);
  });

  it('can be called without waiting, is then tried three times, and its failure reaches nobody', async () => {
    const event = {
      FunctionName: 'tiny-local-misbehave',
      InvocationType: 'Event' as const,
      Payload: '{"shard":{"kind":"say"}}',
    };
    const { StatusCode } = await clients.lambda.send(new InvokeCommand(event));
    expect(StatusCode).toBe(202);
    const said = () => written.filter((text) => text.includes('said before failing')).length;
    await eventually(() => (said() === 3 ? true : undefined));
  });
});

describe('a failing function', () => {
  it.each([
    ['throw', 'TypeError', 'asked to throw'],
    ['exit', 'Runtime.ExitError', 'exit status 3'],
    ['loop', 'Sandbox.Timedout', 'Task timed out after 1.00 seconds'],
    ['hang', 'Sandbox.Timedout', 'Task timed out after 1.00 seconds'],
    ['reject', 'Runtime.UnhandledPromiseRejection', 'nobody waits for this'],
  ])('that does %s ends as %s', async (kind, errorType, message) => {
    const { FunctionError, payload } = await invoke(
      'tiny-local-misbehave',
      JSON.stringify({ shard: { kind } }),
    );
    expect(FunctionError).toBe('Unhandled');
    expect(payload).toMatchObject({ errorType, errorMessage: expect.stringContaining(message) as string });
    const next = await invoke('tiny-local-misbehave', '{"shard":{"kind":"ok"}}');
    expect(next.FunctionError).toBeUndefined();
  });

  it('that takes more memory than it has ends as Runtime.OutOfMemory', async () => {
    const roomy = await startTinyAws({ timeoutSeconds: { misbehave: 50 } });
    const others = testClients(roomy);
    const { Payload } = await others.lambda.send(
      new InvokeCommand({ FunctionName: 'tiny-local-misbehave', Payload: '{"shard":{"kind":"hoard"}}' }),
    );
    expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toMatchObject({
      errorType: 'Runtime.OutOfMemory',
    });
    others.destroy();
    await roomy.stop();
  });

  it('that does not exist is ResourceNotFoundException', async () => {
    await expect(invoke('none')).rejects.toThrow(
      expect.objectContaining({ name: 'ResourceNotFoundException' }),
    );
  });

  it('gets no payload that is not JSON', async () => {
    const refused = invoke('tiny-local-echo', '{');
    await expect(refused).rejects.toThrow(
      expect.objectContaining({ name: 'InvalidRequestContentException' }),
    );
  });
});

describe('the account', () => {
  it('has for a quota what runs at once here, and describes its functions', async () => {
    const { AccountLimit } = await clients.lambda.send(new GetAccountSettingsCommand({}));
    expect(AccountLimit?.ConcurrentExecutions).toBe(2);
    const { Configuration } = await clients.lambda.send(
      new GetFunctionCommand({ FunctionName: 'tiny-local-echo' }),
    );
    expect(Configuration).toMatchObject({ FunctionArn: aws.functions['echo'], Timeout: 10, MemorySize: 256 });
  });
});

async function invoke(FunctionName: string, Payload?: string) {
  const result = await clients.lambda.send(
    new InvokeCommand({ FunctionName, ...(Payload !== undefined && { Payload }) }),
  );
  return { ...result, payload: JSON.parse(Buffer.from(result.Payload ?? []).toString()) as unknown };
}
