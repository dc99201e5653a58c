import { isRestore } from '../../../functions/shared/ledger/run.ts';
import { nextStepOf } from '../../../functions/shared/runs/next-step.ts';
import { summaryOf } from '../../../functions/shared/runs/outcome.ts';
import { migration } from '../../../functions/migrations/shop/index.ts';
import { actualCost } from '../../../functions/shared/cost/actual.ts';
import { estimateRun } from '../../../functions/shared/cost/estimate.ts';
import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import type { Report, UntoldReport } from '../../../functions/shared/runs/report.ts';
import { NOTHING_MIGRATED } from '../../../functions/shared/runs/reported-counts.ts';
import { readMachine } from '../../support/draw-machine.ts';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import type { ShardsByState } from '../../../workflow/cli/run-record.ts';
import type { StateVisit } from '../../../workflow/cli/state-visits.ts';

export const startMillis = Date.parse('2026-03-01T12:00:00.000Z');

/** One Map: when it began and ended after the start, and the items of all its shards. */
interface MapFacts {
  readonly state: ShardState;
  readonly from: number;
  readonly to: number;
  readonly counters: Readonly<Record<string, number>>;
  readonly main: string;
}

/** A shard of `count`, with a share of the counters, a few marks, and an end that differs from its neighbours'. */
function shardOf(facts: MapFacts, shard: number, count: number): Shard {
  const length = facts.to - facts.from;
  const startedAt = startMillis + Math.round((facts.from + (shard % 4) * 0.02 * length) * 1000);
  const updatedAt = startMillis + Math.round((facts.to - ((shard * 7) % 10) * 0.03 * length) * 1000);
  const counters = Object.fromEntries(
    Object.entries(facts.counters).map(([name, value]) => [name, Math.round(value / count)]),
  );
  const total = counters[facts.main] ?? 0;
  const marks = [0.2, 0.35, 0.55, 0.7, 0.9].map(
    (share, index) =>
      [
        Math.round(startedAt + share * (updatedAt - startedAt)),
        Math.round(total * (share - 0.04 * ((index + shard) % 3))),
      ] as const,
  );
  return {
    state: facts.state,
    shard,
    done: true,
    turns: 1 + (shard % 2),
    counters,
    digests: {},
    startedAt,
    updatedAt,
    marks,
    version: 1,
    writer: 'w',
  };
}

function shardsOf(facts: readonly MapFacts[], count: number): ShardsByState {
  return new Map(
    facts.map((one) => [one.state, Array.from({ length: count }, (_, shard) => shardOf(one, shard, count))]),
  );
}

function visit(state: string, type: string, from: number, to: number): StateVisit {
  return {
    state,
    type,
    enteredAt: startMillis + from * 1000,
    leftAt: startMillis + to * 1000,
    outcome: 'done',
  };
}

const reportUri = (runId: string): string =>
  `s3://products-migration-prod-123456789012-ap-southeast-2/runs/${runId}/report.json`;

const backupOf = (products: number, files: number) => ({
  backupId: '01772366400000-4f2a9c01',
  uri: 's3://products-migration-prod-123456789012-ap-southeast-2/AWSDynamoDB/01772366400000-4f2a9c01/',
  files,
  items: products,
});

/** Minimal, and complete where it must be. */
export function reportOf(changes: Partial<Report> = {}): Report {
  const report = untoldReportOf(changes);
  const { runId, status, failure, rehearsal, parameters } = report;
  const ending = {
    runId,
    status,
    isRestore: isRestore(report),
    error: failure?.error,
    quarantined: rehearsal?.quarantined,
    maxQuarantined: parameters?.maxQuarantined,
  };
  const nextStep =
    failure?.nextStep ?? nextStepOf(ending, { stage: 'prod', region: 'ap-southeast-2' }) ?? null;
  return { ...report, summary: summaryOf(report), nextStep, ...changes };
}

function untoldReportOf(changes: Partial<Report>): UntoldReport {
  const runId = changes.runId ?? 'migrate-20260301T120000Z-4f2a9c';
  return {
    runId,
    kind: 'migrate',
    nouns: migration.nouns,
    status: 'SUCCEEDED',
    source: { table: 'products', products: 6, bytes: 6_400 },
    backup: backupOf(6, 1),
    tables: [
      { name: 'cart', outcome: 'CREATED' },
      { name: 'orders', outcome: 'CREATED' },
      { name: 'returns', outcome: 'CREATED' },
      { name: 'products-enhanced', outcome: 'CREATED' },
    ],
    migrated: {
      products: 6,
      items: 30,
      metadata: 6,
      variants: 24,
      byTarget: { 'products-enhanced': { METADATA: 6, VARIANT: 24 } },
      alreadyPresent: 0,
      quarantined: 0,
    },
    verification: {
      expected: 30,
      found: 30,
      missing: 0,
      different: 0,
      extra: 0,
      drift: {
        added: 0,
        changed: 0,
        removed: 0,
      },
    },
    consumed: { readUnits: 15, writeUnits: 36 },
    cost: { estimated: {}, actual: {} },
    startedAt: '2026-03-01T12:00:00.000Z',
    finishedAt: '2026-03-01T12:00:04.200Z',
    durationSeconds: 4.2,
    failure: null,
    reportUri: reportUri(runId),
    executionArn: `arn:aws:states:ap-southeast-2:123456789012:execution:products-migration-prod-migrate:${runId}`,
    parameters: {
      dryRun: false,
      onFailure: 'rollback',
      maxQuarantined: 0,
      onExisting: 'keep',
      maxConcurrency: 20,
    },
    warnings: [],
    throttles: 0,
    ...changes,
  };
}

const smallPath: readonly StateVisit[] = [
  visit('Prepare', 'Pass', 0, 0),
  visit('TestConnection', 'Task', 0, 0.31),
  visit('BeginRun', 'Task', 0.31, 0.42),
  visit('RunBegun', 'Choice', 0.42, 0.42),
  visit('BackupProducts', 'Map', 0.42, 0.9),
  visit('TransformProducts', 'Map', 0.9, 1.3),
  visit('SealBackup', 'Task', 1.3, 1.5),
  visit('DryRun', 'Choice', 1.5, 1.5),
  visit('CreateTables', 'Parallel', 1.5, 2.4),
  visit('MigrateProducts', 'Map', 2.4, 3),
  visit('VerifyMigration', 'Map', 3, 3.5),
  visit('JudgeDigests', 'Task', 3.5, 3.6),
  visit('DigestsAgree', 'Choice', 3.6, 3.6),
  visit('CompleteRun', 'Task', 3.6, 4.2),
  visit('Migrated', 'Succeed', 4.2, 4.2),
];

/** Six products, one worker. */
export function smallView(changes: Partial<Report> = {}): ReportView {
  const shards = shardsOf(
    [
      { state: 'BackupProducts', from: 0.5, to: 0.8, counters: { items: 6, readUnits: 2 }, main: 'items' },
      { state: 'TransformProducts', from: 1, to: 1.2, counters: { products: 6 }, main: 'products' },
      {
        state: 'MigrateProducts',
        from: 2.5,
        to: 2.9,
        counters: { items: 30, writeUnits: 36 },
        main: 'items',
      },
      {
        state: 'VerifyMigration',
        from: 3.1,
        to: 3.4,
        main: 'targetItems',
        counters: {
          targetItems: 30,
          sourceItems: 6,
        },
      },
    ],
    1,
  );
  return {
    report: reportOf(changes),
    path: smallPath,
    shards,
    stage: 'prod',
    machine: readMachine('migrate'),
  };
}

const scale = (path: readonly StateVisit[], seconds: number): readonly StateVisit[] =>
  path.map((one) => ({
    ...one,
    enteredAt: startMillis + ((one.enteredAt - startMillis) * seconds) / 4.2,
    leftAt: startMillis + ((one.leftAt - startMillis) * seconds) / 4.2,
  }));

/** 5,000 products, twenty workers, a quarantined one, some drift. */
export function largeView(changes: Partial<Report> = {}): ReportView {
  const shards = shardsOf(
    [
      {
        state: 'BackupProducts',
        from: 6,
        to: 12,
        counters: { items: 5_000, readUnits: 1_300 },
        main: 'items',
      },
      { state: 'TransformProducts', from: 13, to: 18, counters: { products: 5_000 }, main: 'products' },
      {
        state: 'MigrateProducts',
        from: 35,
        to: 42,
        main: 'items',
        counters: {
          items: 24995,
          writeUnits: 26400,
          throttles: 40,
        },
      },
      {
        state: 'VerifyMigration',
        from: 43,
        to: 49,
        main: 'targetItems',
        counters: {
          targetItems: 24995,
          sourceItems: 5e3,
          readUnits: 5200,
        },
      },
    ],
    20,
  );
  const estimated = estimateRun({
    migration,
    region: 'ap-southeast-2',
    products: 5e3,
    bytes: 53e5,
    workers: 20,
    rehearsal: {
      metadata: 4999,
      variants: 19996,
      targetBytes: 131e5,
      writeUnits: 26400,
    },
  });
  const actual = actualCost({ region: 'ap-southeast-2', shards: [...shards.values()].flat(), files: 20 });
  const report = reportOf({
    source: { table: 'products', products: 5_000, bytes: 6_890_000 },
    backup: backupOf(5_000, 20),
    migrated: {
      products: 4999,
      items: 24995,
      metadata: 4999,
      variants: 19996,
      alreadyPresent: 0,
      quarantined: 1,
    },
    verification: {
      expected: 24995,
      found: 24995,
      missing: 0,
      different: 0,
      extra: 0,
      drift: {
        added: 1,
        changed: 2,
        removed: 0,
      },
    },
    consumed: { readUnits: 6_500, writeUnits: 26_400 },
    cost: { estimated, actual },
    finishedAt: '2026-03-01T12:01:00.000Z',
    durationSeconds: 60,
    throttles: 40,
    warnings: [
      'Point-in-time recovery of cart could not be switched on yet (ContinuousBackupsUnavailable); it is tried again within 15 minutes.',
    ],
    quarantine: [
      {
        productId: 'p-0003141',
        code: 'InvalidPrice',
        sentence: 'The price "12,50" is no decimal number of rupees.',
      },
    ],
    quarantineUri:
      's3://products-migration-prod-123456789012-ap-southeast-2/runs/migrate-20260301T120000Z-4f2a9c/quarantine/',
    driftKeys: { added: ['p-0005001'], changed: ['p-0000017', 'p-0002048'] },
    ...changes,
  });
  return { report, path: scale(smallPath, 60), shards, stage: 'prod', machine: readMachine('migrate') };
}

/** The second operation of a run for its table, which has met items of others and could not write three. */
export const bulkPut = {
  table: 'products-enhanced',
  attempt: 2,
  operationArn: 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products-enhanced/bulk-operation/1',
  startedAt: '2026-03-01T12:00:10.000Z',
  endedAt: '2026-03-01T12:00:20.000Z',
  processed: 24_995,
  failed: 3,
  alreadyPresent: 7,
  bulkPutBytes: 1.5 * 2 ** 20,
  reportUri: 's3://bucket/runs/r/bulk/products-enhanced/2/',
  reportObjects: 1,
} satisfies NonNullable<Report['bulkPuts']>[number];

/** Failed while it wrote, and rolled back. */
export function failedView(changes: Partial<Report> = {}): ReportView {
  const whole = largeView();
  const path: readonly StateVisit[] = [
    ...scale(smallPath, 60).slice(0, 9),
    { ...visit('MigrateProducts', 'Map', 34.3, 38), outcome: 'failed' },
    visit('RollBack', 'Task', 38, 39),
    visit('RolledBackYet', 'Choice', 39, 39),
    visit('WaitForWorkers', 'Wait', 39, 69),
    visit('RollBack', 'Task', 69, 82),
    visit('RolledBackYet', 'Choice', 82, 82),
    { ...visit('RolledBack', 'Fail', 82, 82), outcome: 'failed' },
  ];
  const shards = new Map([...whole.shards].filter(([state]) => state !== 'VerifyMigration'));
  const report = reportOf({
    status: 'ROLLED_BACK',
    source: whole.report.source,
    backup: whole.report.backup,
    tables: [
      { name: 'cart', outcome: 'DELETED' },
      { name: 'orders', outcome: 'EXISTED', remark: 'It was there before the run.' },
      { name: 'returns', outcome: 'DELETED' },
      { name: 'products-enhanced', outcome: 'DELETED' },
    ],
    migrated: NOTHING_MIGRATED,
    verification: null,
    cost: whole.report.cost,
    consumed: { readUnits: 1_300, writeUnits: 8_200 },
    finishedAt: '2026-03-01T12:01:22.000Z',
    durationSeconds: 82,
    failure: {
      error: 'PermissionDeniedError',
      cause:
        "User: arn:aws:sts::123456789012:assumed-role/products-migration-prod-migrateProductsEnhanced is not authorized to perform: dynamodb:BatchWriteItem on resource: arn:aws:dynamodb:ap-southeast-2:123456789012:table/products-enhanced. Allow this action on this resource in the function's role.",
      state: 'MigrateProducts',
    },
    ...changes,
  });
  return { report, path, shards, stage: 'prod', machine: readMachine('migrate') };
}

const restorePath: readonly StateVisit[] = [
  visit('PrepareRestore', 'Task', 0, 0.3),
  visit('BeginRestore', 'Task', 0.3, 0.4),
  visit('ProveBackup', 'Map', 0.4, 0.9),
  visit('CreateRestoredTable', 'Task', 0.9, 1.6),
  visit('RestoreProducts', 'Map', 1.6, 2.4),
  visit('VerifyRestore', 'Map', 2.4, 3),
  visit('CompleteRestore', 'Task', 3, 3.6),
];

/** A backup put into a table that was there: one item of six was missing, and one differs. */
export function restoreView(changes: Partial<Report> = {}): ReportView {
  const shards = shardsOf(
    [
      { state: 'ProveBackup', from: 0.5, to: 0.8, counters: { items: 6 }, main: 'items' },
      { state: 'RestoreProducts', from: 1.7, to: 2.3, counters: { items: 6, written: 1 }, main: 'items' },
      { state: 'VerifyRestore', from: 2.5, to: 2.9, counters: { items: 6 }, main: 'items' },
    ],
    1,
  );
  const order = { backupId: backupOf(6, 1).backupId, targetTable: 'products-restored-20260301t120000z' };
  const report = reportOf({
    runId: 'restore-20260301T120000Z-77aa01',
    kind: 'restore',
    tables: [{ name: order.targetTable, outcome: 'EXISTED' }],
    migrated: NOTHING_MIGRATED,
    finishedAt: '2026-03-01T12:00:03.600Z',
    durationSeconds: 3.6,
    verification: { ...noDifference, expected: 6, found: 6 },
    cost: {
      estimated: {},
      actual: actualCost({ region: 'ap-southeast-2', shards: [...shards.values()].flat(), files: 1 }),
    },
    details: order,
    restored: { ...order, mode: 'EXISTING', written: 1, alreadyPresent: 4, keptDifferent: 1, expired: 0 },
    ...changes,
  });
  return { report, path: restorePath, shards, stage: 'prod', machine: readMachine('restore') };
}

const noDifference = { missing: 0, different: 0, extra: 0, drift: { added: 0, changed: 0, removed: 0 } };
