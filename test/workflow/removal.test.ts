import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import type { StagePlace } from '../../functions/shared/commands.ts';

interface OpenRun {
  readonly runId: string;
  readonly kind: string;
  readonly status: string;
  readonly sourceTable: string;
  readonly tablePrefix?: string;
  readonly kmsKeyArn?: string;
  readonly mapMode?: string;
  readonly sourceKmsKeyArn?: string;
  readonly targetKmsKeyArn?: string;
  readonly restoreIntoSource?: string;
}
type Place = { readonly service: string } & StagePlace;
type ListOpen = (ledger: string) => Promise<readonly OpenRun[]>;

const {
  deploymentProblem,
  openRun: readOpenRun,
  removalProblem,
} = createRequire(import.meta.url)('../../workflow/resources/open-runs.cjs') as {
  openRun: (item: object) => OpenRun;
  removalProblem: (place: Place, listOpen: ListOpen) => Promise<string | undefined>;
  deploymentProblem: (
    place: Place & { readonly parameters: Readonly<Record<string, string>> },
    listOpen: ListOpen,
  ) => Promise<string | undefined>;
};

const place = { service: 'products-migration', stage: 'prod', region: 'eu-west-1' };

/** A ledger with these runs that still need the service. */
const ledgerWith =
  (...runs: readonly OpenRun[]): ListOpen =>
  (ledger) => {
    expect(ledger).toBe('products-migration-prod-ledger');
    return Promise.resolve(runs);
  };

const openSync = (sourceTable: string, status = 'SYNCING') => ({
  runId: 's1',
  kind: 'sync',
  status,
  sourceTable,
});
const began = { tablePrefix: 'p-', kmsKeyArn: '', mapMode: 'DISTRIBUTED' };
const openRun = (status: string, kind = 'migrate') => ({
  runId: 'r1',
  kind,
  status,
  sourceTable: 'products',
  ...began,
});

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

  it.each(['RUNNING', 'ROLLING_BACK'])(
    'is refused while a run is %s, which nothing could roll back any more',
    async (status) => {
      const problem = await removalProblem(place, ledgerWith(openRun(status)));
      expect(problem).toContain(`Run r1 is ${status}. Nothing was removed: without this service`);
      expect(problem).toContain(
        'Wait until it has ended: npm run follow -- --stage prod --region eu-west-1 r1.',
      );
    },
  );

  it('leads to the list of runs while a step called alone is at work, which has no execution to follow', async () => {
    const problem = await removalProblem(place, ledgerWith(openRun('RUNNING', 'manual')));
    expect(problem).toContain('Wait until it has ended: npm run runs -- --stage prod --region eu-west-1.');
  });

  it('is refused while a run is held, with both of its ways on', async () => {
    const problem = await removalProblem(place, ledgerWith(openRun('HELD')));
    expect(problem).toContain('Run r1 is HELD. Nothing was removed');
    expect(problem).toContain('npm run migrate -- --stage prod --region eu-west-1 --resume r1');
    expect(problem).toContain('npm run rollback -- --stage prod --region eu-west-1 r1');
    const restore = await removalProblem(place, ledgerWith(openRun('HELD', 'restore')));
    expect(restore).not.toContain('--resume');
    expect(restore).toContain('npm run rollback -- --stage prod --region eu-west-1 r1');
  });

  it('is refused while the tables of a run that succeeded are still closed', async () => {
    const problem = await removalProblem(place, ledgerWith(openRun('SUCCEEDED')));
    expect(problem).toContain('Run r1 has succeeded, and its tables are still closed to everybody.');
    expect(problem).toContain('Nothing was removed');
  });

  it('goes on when no run needs the service any more', async () => {
    expect(await removalProblem(place, ledgerWith())).toBeUndefined();
  });

  it('goes on when there is no ledger, because then nothing was ever begun', async () => {
    expect(await removalProblem(place, noLedger)).toBeUndefined();
  });

  it('is refused when the ledger cannot be read, because a run may be at work', async () => {
    const problem = await removalProblem(place, denied);
    expect(problem).toContain(
      'The ledger products-migration-prod-ledger could not be read (AccessDeniedException: not authorized)',
    );
    expect(problem).toContain('Nothing was removed. Allow dynamodb:Query');
    expect(problem).toContain('delete the stack products-migration-prod in the CloudFormation console');
  });
});

describe('sls deploy', () => {
  const parameters = { sourceTable: 'products', tablePrefix: 'p-', kmsKeyArn: '', mapMode: 'DISTRIBUTED' };
  const deployment = { ...place, parameters };

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

  it('is refused with another tablePrefix while a sync is open, which could no longer write to its targets', async () => {
    const syncs = ledgerWith({ ...openSync('products'), tablePrefix: '' });
    const problem = await deploymentProblem(deployment, syncs);
    expect(problem).toContain(
      'Sync s1 of table products is open (SYNCING), and this deployment has tablePrefix "p-", and the sync has "".',
    );
    expect(problem).toContain('To keep the sync, deploy again without tablePrefix, and');
    expect(
      await deploymentProblem(deployment, ledgerWith({ ...openSync('products'), ...began })),
    ).toBeUndefined();
  });

  it.each([
    ['sourceTable', 'shop', 'deploy again with --param sourceTable=products and'],
    ['tablePrefix', 'q-', 'deploy again with --param tablePrefix=p- and'],
    ['kmsKeyArn', 'arn:key', 'deploy again without kmsKeyArn, and'],
    ['mapMode', 'INLINE', 'deploy again with --param mapMode=DISTRIBUTED and'],
  ])('is refused with another %s while a run is at work', async (name, value, advice) => {
    const changed = { ...deployment, parameters: { ...parameters, [name]: value } };
    for (const status of ['RUNNING', 'ROLLING_BACK']) {
      const problem = await deploymentProblem(changed, ledgerWith(openRun(status)));
      expect(problem).toContain(`Run r1 is ${status} with ${name} `);
      expect(problem).toContain(`and this deployment has "${value}". Nothing was deployed`);
      expect(problem).toContain('npm run follow -- --stage prod --region eu-west-1 r1');
      expect(problem).toContain(advice);
    }
    expect(await deploymentProblem(changed, ledgerWith(openRun('HELD')))).toBeUndefined();
    expect(await deploymentProblem(changed, ledgerWith(openRun('SUCCEEDED')))).toBeUndefined();
  });

  it.each(['sourceKmsKeyArn', 'targetKmsKeyArn'])(
    'is refused without the %s of a run at work, or of an open sync, but not with one more',
    async (name) => {
      const settings = { tablePrefix: { S: 'p-' }, [name]: { S: 'arn:key' } };
      const item = { runId: { S: 'r1' }, sourceTable: { S: 'products' }, settings: { M: settings } };
      const run = readOpenRun({ ...item, kind: { S: 'migrate' }, status: { S: 'RUNNING' } });
      const sync = readOpenRun({ ...item, kind: { S: 'sync' }, status: { S: 'SYNCING' } });
      const without = { ...place, parameters: { ...parameters, sourceKmsKeyArn: '', targetKmsKeyArn: '' } };
      expect(await deploymentProblem(without, ledgerWith(run))).toContain(
        `Run r1 is RUNNING with ${name} "arn:key", and this deployment has "". Nothing was deployed`,
      );
      const problem = await deploymentProblem(without, ledgerWith(sync));
      expect(problem).toContain(
        `this deployment has ${name} "", and the sync has "arn:key". Nothing was deployed`,
      );
      expect(problem).toContain(`To keep the sync, deploy again with --param ${name}=arn:key and`);
      const withBoth = { ...parameters, sourceKmsKeyArn: 'arn:key', targetKmsKeyArn: 'arn:key' };
      for (const open of [run, sync, openRun('RUNNING'), openSync('products')])
        expect(await deploymentProblem({ ...place, parameters: withBoth }, ledgerWith(open))).toBeUndefined();
    },
  );

  it('is refused without restoreIntoSource while a restore writes into the source, and only then', async () => {
    const restore = (targetTable: string, status = 'RUNNING') =>
      readOpenRun({
        runId: { S: 'r1' },
        kind: { S: 'restore' },
        status: { S: status },
        sourceTable: { S: 'products' },
        details: { M: { targetTable: { S: targetTable } } },
      });
    const without = { ...place, parameters: { ...parameters, restoreIntoSource: 'false' } };
    const problem = await deploymentProblem(without, ledgerWith(restore('products')));
    expect(problem).toContain(
      'Run r1 is RUNNING with restoreIntoSource "true", and this deployment has "false". Nothing was deployed: the run could no longer write to products.',
    );
    expect(problem).toContain('or deploy again with --param restoreIntoSource=true and');
    const allowed = { ...place, parameters: { ...parameters, restoreIntoSource: 'true' } };
    expect(await deploymentProblem(allowed, ledgerWith(restore('products')))).toBeUndefined();
    for (const other of [restore('products-restored-1'), restore('products', 'ROLLING_BACK')])
      expect(await deploymentProblem(without, ledgerWith(other))).toBeUndefined();
  });

  it('asks for the mode of a run only where its iterations need DISTRIBUTED', () => {
    const item = (mapMode: string) => ({
      runId: { S: 'r1' },
      kind: { S: 'migrate' },
      status: { S: 'RUNNING' },
      sourceTable: { S: 'products' },
      settings: { M: { tablePrefix: { S: 'p-' }, mapMode: { S: mapMode } } },
    });
    expect(readOpenRun(item('DISTRIBUTED'))).toEqual(openRun('RUNNING'));
    const { mapMode: _mode, ...inline } = openRun('RUNNING');
    expect(readOpenRun(item('INLINE'))).toEqual(inline);
  });

  it('goes on with the same parameters, when nothing is open, and when nothing was deployed yet', async () => {
    for (const runs of [
      ledgerWith(openSync('products')),
      ledgerWith(openRun('RUNNING')),
      ledgerWith(),
      noLedger,
    ])
      expect(await deploymentProblem(deployment, runs)).toBeUndefined();
  });

  it('does not know when the ledger cannot be read', async () => {
    await expect(deploymentProblem(deployment, denied)).rejects.toThrow('not authorized');
  });
});
