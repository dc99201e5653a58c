import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { StagePlace } from '../../functions/shared/commands.ts';

interface OpenSync {
  readonly runId: string;
  readonly status: string;
  readonly sourceTable: string;
}
type Place = { readonly service: string } & StagePlace;
type ListOpen = (ledger: string) => Promise<readonly OpenSync[]>;

const { deploymentProblem, removalProblem } = createRequire(import.meta.url)(
  '../../workflow/resources/open-sync.cjs',
) as {
  removalProblem: (place: Place, listOpen: ListOpen) => Promise<string | undefined>;
  deploymentProblem: (
    place: Place & { readonly sourceTable: string },
    listOpen: ListOpen,
  ) => Promise<string | undefined>;
};

const place = { service: 'products-migration', stage: 'prod', region: 'eu-west-1' };

/** A ledger with these open syncs. */
const ledgerWith =
  (...syncs: readonly OpenSync[]): ListOpen =>
  (ledger) => {
    expect(ledger).toBe('products-migration-prod-ledger');
    return Promise.resolve(syncs);
  };

const openSync = (sourceTable: string, status = 'SYNCING') => ({ runId: 's1', status, sourceTable });

const failing = (name: string, message: string) => () =>
  Promise.reject(Object.assign(new Error(message), { name }));
const noLedger = failing('ResourceNotFoundException', 'Requested resource not found');
const denied = failing('AccessDeniedException', 'not authorized');

describe('sls remove', () => {
  it.each(['SYNCING', 'SWITCHING', 'CANCELLING'])(
    'is refused while a sync is %s, of whatever table, with what ends it',
    async (status) => {
      const problem = await removalProblem(place, ledgerWith(openSync('shop', status)));
      expect(problem).toContain(`Sync s1 of table shop is open (${status}). Nothing was removed`);
      expect(problem).toContain('npm run cutover -- --stage prod --region eu-west-1 --dry-run');
      expect(problem).toContain('npm run sync -- --stage prod --region eu-west-1 --cancel');
    },
  );

  it('goes on when no sync is open', async () => {
    expect(await removalProblem(place, ledgerWith())).toBeUndefined();
  });

  it('goes on when there is no ledger, because then nothing was ever begun', async () => {
    expect(await removalProblem(place, noLedger)).toBeUndefined();
  });

  it('is refused when the ledger cannot be read, because a sync may be open', async () => {
    const problem = await removalProblem(place, denied);
    expect(problem).toContain(
      'The ledger products-migration-prod-ledger could not be read (AccessDeniedException: not authorized)',
    );
    expect(problem).toContain('Nothing was removed. Allow dynamodb:Query');
    expect(problem).toContain('delete the stack products-migration-prod in the CloudFormation console');
  });
});

describe('sls deploy', () => {
  const deployment = { ...place, sourceTable: 'products' };

  it('is refused while a sync of another table is open, with the parameter that keeps it', async () => {
    const syncs = ledgerWith(openSync('products'), openSync('shop'));
    const problem = await deploymentProblem(deployment, syncs);
    expect(problem).toContain(
      'Sync s1 of table shop is open (SYNCING), and this deployment is for table products.',
    );
    expect(problem).toContain(
      'deploy again with --param sourceTable=shop and all other parameters of this stage',
    );
    expect(problem).toContain('npm run sync -- --stage prod --region eu-west-1 --cancel');
  });

  it('goes on when the open sync is of this table, when none is open, and when nothing was deployed yet', async () => {
    for (const syncs of [ledgerWith(openSync('products')), ledgerWith(), noLedger])
      expect(await deploymentProblem(deployment, syncs)).toBeUndefined();
  });

  it('does not know when the ledger cannot be read', async () => {
    await expect(deploymentProblem(deployment, denied)).rejects.toThrow('not authorized');
  });
});
