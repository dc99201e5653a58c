import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { numberAttribute, type WireItem } from '../../../functions/shared/items/wire-item.ts';
import type { Estimate } from '../../../functions/shared/cost/cost.ts';
import type { ConnectionReport } from '../../../functions/test-connection/test-connection.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { packageService } from '../../../workflow/local/deploy/package-service.ts';
import { seededRandom } from '../../../workflow/local/gateway/seeded-random.ts';
import { assembleProject, type AssembledProject } from '../../support/assemble-project.ts';
import type { MigrationFolder } from '../../support/migration-contract.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { runCommand } from '../cli/run-command.ts';

const COUNT = 300;

let project: AssembledProject;
let folder: MigrationFolder;
let meters: TestShop;
let measurements: readonly WireItem[];

beforeAll(async () => {
  project = await assembleProject('metering');
  const file = (name: string): Promise<unknown> =>
    import(join(project.folder, 'functions/migrations/metering', `${name}.ts`));
  folder = Object.assign({}, await file('index'), await file('generate')) as MigrationFolder;
  measurements = [...folder.generate(COUNT, seededRandom(3))];
  const { startEmbeddedAws } = (await import(
    join(project.folder, 'workflow/local/embedded-aws.ts')
  )) as typeof import('../../../workflow/local/embedded-aws.ts');
  meters = await openShop(
    { packageDir: await packageService({ serviceDir: project.folder }) },
    startEmbeddedAws,
  );
  await meters.aws.loadProducts(measurements);
});
afterAll(async () => {
  await meters?.stop();
  await project?.remove();
});

const sorted = (items: readonly WireItem[]): readonly string[] => items.map(canonicalJson).toSorted();

/** What each table must hold after the run. */
function expectedOf({ runId, startedAt }: Report, source: readonly WireItem[]) {
  const context = { runId, startedAt, settings: folder.migration.settings };
  const made = source.flatMap((item) => {
    const result = folder.migration.transform(item, context);
    return result.kind === 'items' ? result.items : [];
  });
  return (table: string): readonly string[] =>
    sorted(made.filter((one) => one.table.name === table).map(({ item }) => item));
}

const tables = async (): Promise<readonly string[]> =>
  (await meters.dynamo.tableNames()).filter((name) => name !== meters.aws.ledgerTable).toSorted();

describe('a migration from a source with a sort key of type N into two filled tables', () => {
  let first: Report;

  it('takes every table away again when one of them cannot be written half-way', async () => {
    meters.aws.faults.add({
      service: 'dynamodb',
      operation: 'BatchWriteItem',
      table: 'meter.alarms',
      nth: 2,
      times: Number.POSITIVE_INFINITY,
      kind: 'error',
      code: 'AccessDeniedException',
      status: 400,
      message: 'refused',
    });

    const execution = await meters.run('migrate', {});

    meters.aws.faults.clear();
    expect(execution).toMatchObject({ status: 'FAILED', error: 'PermissionDeniedError' });
    expect(await tables()).toEqual(['measurements']);
    expect(sorted(await meters.dynamo.scan('measurements'))).toEqual(sorted(measurements));
  });

  it('fills both tables and leaves the third empty, and the report counts by table and kind', async () => {
    first = await meters.migrate({});

    const expected = expectedOf(first, measurements);
    expect(sorted(await meters.dynamo.scan('readings'))).toEqual(expected('readings'));
    expect(sorted(await meters.dynamo.scan('meter.alarms'))).toEqual(expected('meter.alarms'));
    expect(await meters.dynamo.scan('invoices')).toEqual([]);
    const alarms = expected('meter.alarms').length;
    expect(alarms).toBeGreaterThan(0);
    expect(first).toMatchObject({
      status: 'SUCCEEDED',
      source: { table: 'measurements', products: COUNT },
      migrated: {
        items: COUNT + alarms,
        byTarget: { readings: { READING: COUNT }, 'meter.alarms': { ALARM: alarms } },
      },
      verification: { expected: COUNT + alarms, found: COUNT + alarms, missing: 0, different: 0, extra: 0 },
    });
    expect(await tables()).toEqual(['invoices', 'measurements', 'meter.alarms', 'readings']);
  });

  it('was estimated at the write units that DynamoDB has charged, those of the index included', () => {
    const { writeUnits: estimated } = first.cost.estimated as Estimate;
    expect(estimated).toBe(first.consumed.writeUnits);
    expect(estimated).toBeGreaterThan(first.migrated.items);
  });

  it('is planned by what the first items of the source become, before any is counted', async () => {
    const asked = { input: {}, check: true };
    const { plan } = (await meters.invoke<ConnectionReport>('testConnection', asked)).answer;
    expect(plan?.made?.items).toBeCloseTo(first.migrated.items / COUNT, 6);
    expect(plan?.made?.indexWriteUnits).toBeCloseTo((first.migrated.items - COUNT) / COUNT, 6);
  });

  it('finds everything in place when it is started again, and changes nothing', async () => {
    const before = [await meters.dynamo.scan('readings'), await meters.dynamo.scan('meter.alarms')];

    const second = await meters.migrate({});

    expect(second.migrated).toMatchObject({ alreadyPresent: first.migrated.items });
    const after = [await meters.dynamo.scan('readings'), await meters.dynamo.scan('meter.alarms')];
    expect(after.map(sorted)).toEqual(before.map(sorted));
  });

  it('brings a changed reading up to date, names the alarms that are gone, and rolls that back', async () => {
    const before = [await meters.dynamo.scan('readings'), await meters.dynamo.scan('meter.alarms')].map(
      sorted,
    );
    const alarmed = measurements.find(({ alarms }) => alarms !== undefined) ?? {};
    const { alarms, ...silent } = alarmed;
    await meters.dynamo.put('measurements', { ...silent, kWh: { N: '99' } });

    const replaced = await meters.migrate({ onExisting: 'replace' });

    const gone = alarms !== undefined && 'L' in alarms ? alarms.L.length : 0;
    expect(replaced.migrated).toMatchObject({ replaced: 1 });
    expect(replaced.mismatches?.staleVariants).toHaveLength(gone);
    const found = await meters.dynamo.scan('readings');
    expect(found.filter((item) => numberAttribute(item, 'kWh') === '99')).toHaveLength(1);
    const execution = await meters.run('rollback', { runId: replaced.runId, confirm: replaced.runId });
    expect(execution.status).toBe('SUCCEEDED');
    const after = [await meters.dynamo.scan('readings'), await meters.dynamo.scan('meter.alarms')].map(
      sorted,
    );
    expect(after).toEqual(before);
  });

  it('has a backup that verifies', async () => {
    const { answer } = await meters.invoke('verifyBackup', { backupId: first.backup?.backupId });

    expect(answer).toMatchObject({ sound: true, done: true, items: COUNT, findingCount: 0 });
  });
});

it('npm start in the adapted project makes measurements and migrates them', async () => {
  const where = { cwd: project.folder, project: project.folder };

  const { code, stdout } = await runCommand('start', ['--products', '60', '--json'], where);

  expect(JSON.parse(stdout)).toMatchObject({
    status: 'SUCCEEDED',
    source: { table: 'measurements', products: 60 },
    migrated: { quarantined: 0, byTarget: { readings: { READING: 60 } } },
  });
  expect(code).toBe(0);
});
