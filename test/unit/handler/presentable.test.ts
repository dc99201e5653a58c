import { createServer } from 'node:net';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { InvalidInputError } from '../../../functions/shared/errors.ts';
import { presentable } from '../../../functions/shared/presentable.ts';

const alone = { isAlone: true };
const inWorkflow = { isAlone: false };

const errorOf = (name: string, message: string, facts: object = {}): Error =>
  Object.assign(new Error(message), { name, ...facts });

/** A port on which nothing listens. */
async function silentPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What the SDK really throws where nothing answers. */
async function refusedBy(endpoint: string): Promise<unknown> {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new STSClient({ endpoint, region: 'ap-southeast-2', credentials, maxAttempts: 1 });
  const failure: unknown = await client
    .send(new GetCallerIdentityCommand({}))
    .catch((error: unknown) => error);
  client.destroy();
  return failure;
}

describe('an error as it leaves a function', () => {
  it('names the endpoint at which nothing answers to whom called the function alone, and what to do', async () => {
    const port = await silentPort();
    const shown = presentable(await refusedBy(`http://127.0.0.1:${port}`), alone);
    expect(shown.name).toBe('ServiceUnreachableError');
    expect(shown.message).toMatch(
      new RegExp(`^Nothing answers at 127\\.0\\.0\\.1:${port} \\(ECONNREFUSED\\)\\. .*call it again\\.$`),
    );
  });

  it('stays one that the workflow repeats when nothing answers', async () => {
    const shown = presentable(await refusedBy(`http://127.0.0.1:${await silentPort()}`), inWorkflow);
    expect(shown.name).toBe('TransientError');
    expect(shown.message).toContain('the step is tried again automatically');
  });

  it.each([
    [
      'ValidationException',
      'KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: arn:aws:kms:::key/a is disabled.',
    ],
    [
      'ValidationException',
      'KMS validation error: com.amazonaws.services.kms.model.KMSInvalidStateException: arn:aws:kms:::key/a is pending deletion.',
    ],
    ['KMS.DisabledException', 'arn:aws:kms:::key/a is disabled.'],
  ])('names the key that refuses it: %s %s', (name, message) => {
    const shown = presentable(errorOf(name, message), inWorkflow);
    expect(shown.name).toBe('PermissionDeniedError');
    expect(shown.message).toMatch(/key\/a is .* Enable it, or cancel its deletion\./);
  });

  it('names a host that nobody knows', () => {
    const unknown = errorOf('Error', 'getaddrinfo ENOTFOUND sts.nowhere.invalid', {
      code: 'ENOTFOUND',
      hostname: 'sts.nowhere.invalid',
    });
    expect(presentable(unknown, alone).message).toContain(
      'Nothing answers at sts.nowhere.invalid (ENOTFOUND).',
    );
  });

  it('names the first of several addresses that were tried', () => {
    const attempt = { code: 'ECONNREFUSED', address: '::1', port: 4566 };
    const failure = errorOf('AggregateError', '', { code: 'ECONNREFUSED', errors: [attempt] });
    expect(presentable(failure, alone).message).toContain('Nothing answers at [::1]:4566 (ECONNREFUSED).');
  });

  it.each([
    ['ThrottlingException', 'Rate exceeded', /call it again\.$/, /the step is tried again automatically\.$/],
    ['ExpiredTokenException', 'Expired.', /renew them, then call it again\.$/, /the step is tried again\.$/],
  ])('says of %s who tries again', (name, message, byHand, byItself) => {
    const failure = errorOf(name, message);
    expect(presentable(failure, alone)).toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(byHand),
    });
    expect(presentable(failure, inWorkflow)).toMatchObject({
      name: 'TransientError',
      message: expect.stringMatching(byItself),
    });
  });

  it('ends what a service says in one full stop', () => {
    const failure = errorOf('ProvisionedThroughputExceededException', 'Consider increasing it.');
    expect(presentable(failure, alone).message).toBe(
      'ProvisionedThroughputExceededException: Consider increasing it. It went on longer than one call may wait; call it again.',
    );
  });

  it("leaves the migration's own errors as they are, without a stack", () => {
    const shown = presentable(new InvalidInputError('maxConcurrency: too big.'), alone);
    expect(shown).toMatchObject({ name: 'InvalidInputError', message: 'maxConcurrency: too big.' });
    expect(shown.stack).toBe('InvalidInputError: maxConcurrency: too big.');
  });

  it('names the parameters for a key that the role may not use, and neither its file nor its tags', () => {
    const denied =
      'User: arn:x is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext';
    const { name, message } = presentable(errorOf('AccessDeniedException', denied), inWorkflow);
    expect(name).toBe('PermissionDeniedError');
    expect(message).toContain('targetKmsKeyArn');
    expect(message).toContain('all other parameters of this stage');
    expect(message).not.toMatch(/function\.yml|tagConditions/);
  });

  it('names the commands for a table whose own policy denies a write, and not the role', () => {
    const arn = 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products-enhanced';
    const denied = `User: arn:x is not authorized to perform: dynamodb:PutItem on resource: ${arn} with an explicit deny in a resource-based policy`;
    const error = errorOf('AccessDeniedException', denied);
    const { name, message } = presentable(error, inWorkflow);
    const place = '--region ap-southeast-2';
    expect(name).toBe('PermissionDeniedError');
    expect(message).toContain(`aws dynamodb get-resource-policy --resource-arn ${arn} ${place}. Where`);
    expect(message).toContain(
      `remove the policy: aws dynamodb delete-resource-policy --resource-arn ${arn} ${place}`,
    );
    expect(message).toContain('for four minutes after it is gone. Look at it:');
    expect(message).not.toContain("the function's role");
    const onLaptop = presentable(error, { ...inWorkflow, endpointUrl: 'http://127.0.0.1:4566' });
    expect(onLaptop.message).toContain(`${arn} ${place} --endpoint-url http://127.0.0.1:4566. Where`);
  });
});
