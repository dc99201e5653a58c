import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { StagePlace } from '../../functions/shared/commands.ts';

type Item = Readonly<Record<string, { readonly S: string }>>;

const { removalProblem } = createRequire(import.meta.url)('../../workflow/resources/open-sync.cjs') as {
  removalProblem: (
    deployment: { readonly service: string } & StagePlace & { readonly sourceTable: string },
    read: (table: string, key: Item) => Promise<Item | undefined>,
  ) => Promise<string | undefined>;
};

const deployment = {
  service: 'products-migration',
  stage: 'prod',
  region: 'eu-west-1',
  sourceTable: 'products',
};

/** What stands in the way of a removal, with these items in the ledger. */
function problemWith(items: Readonly<Record<string, Item>>): Promise<string | undefined> {
  return removalProblem(deployment, (table, { PK, SK }) => {
    expect(table).toBe('products-migration-prod-ledger');
    return Promise.resolve(items[`${PK?.S} ${SK?.S}`]);
  });
}

const lock = { 'LOCK#products LOCK': { runId: { S: 's1' } } };
const lockedBy = (kind: string, status: string): Promise<string | undefined> =>
  problemWith({
    ...lock,
    'RUN#s1 RUN': { runId: { S: 's1' }, kind: { S: kind }, status: { S: status } },
  });

const failing = (name: string, message: string) => () =>
  Promise.reject(Object.assign(new Error(message), { name }));

describe('sls remove', () => {
  it.each(['SYNCING', 'SWITCHING', 'CANCELLING'])(
    'is refused while a sync is %s, with what ends it',
    async (status) => {
      const problem = await lockedBy('sync', status);
      expect(problem).toContain(`Sync s1 of table products is open (${status}). Nothing was removed`);
      expect(problem).toContain('npm run cutover -- --stage prod --region eu-west-1 --dry-run');
      expect(problem).toContain('npm run sync -- --stage prod --region eu-west-1 --cancel');
    },
  );

  it.each(['SWITCHED', 'CANCELLED'])('goes on when the sync is %s', async (status) => {
    expect(await lockedBy('sync', status)).toBeUndefined();
  });

  it('goes on when no sync has the lock', async () => {
    expect(await problemWith({})).toBeUndefined();
    expect(await problemWith(lock)).toBeUndefined();
    expect(await lockedBy('migrate', 'SUCCEEDED')).toBeUndefined();
  });

  it('goes on when there is no ledger, because then nothing was ever begun', async () => {
    const none = failing('ResourceNotFoundException', 'Requested resource not found');
    expect(await removalProblem(deployment, none)).toBeUndefined();
  });

  it('is refused when the ledger cannot be read, because a sync may be open', async () => {
    const problem = await removalProblem(deployment, failing('AccessDeniedException', 'not authorized'));
    expect(problem).toContain(
      'The ledger products-migration-prod-ledger could not be read (AccessDeniedException: not authorized)',
    );
    expect(problem).toContain('Nothing was removed. Allow dynamodb:GetItem');
    expect(problem).toContain('delete the stack products-migration-prod in the CloudFormation console');
  });
});
