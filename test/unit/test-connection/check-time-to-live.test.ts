import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from '../../../functions/shared/retry.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { checkTimeToLive } from '../../../functions/test-connection/check-time-to-live.ts';
import { migration } from '../../support/project-migration.ts';

const config = { sourceTable: 'products', tablePrefix: '', region: 'eu-west-1' };

/** The check, where DynamoDB refuses to describe time to live with this error. */
function checkRefused(name: string) {
  const refused = Object.assign(new Error(`${name}.`), { name });
  const dynamo = { send: () => Promise.reject(refused) } as unknown as DynamoDBClient;
  const runtime = { accountId: '123456789012', clients: { dynamo }, clock: SYSTEM_CLOCK, config, migration };
  return checkTimeToLive(runtime as unknown as Runtime);
}

describe('the check of time to live', () => {
  it('says that there is no table where somebody has deleted it since it was looked at', async () => {
    const { check } = await checkRefused('ResourceNotFoundException');
    expect(check.error).toMatchObject({
      name: 'SourceTableNotFoundError',
      message: expect.stringMatching(
        /^There is no table products in account 123456789012, region eu-west-1\. /,
      ),
    });
  });

  it('fails as DynamoDB does where the role may not look', async () => {
    await expect(checkRefused('AccessDeniedException')).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
  });
});
