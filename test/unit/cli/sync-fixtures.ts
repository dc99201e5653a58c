import type { Compared } from '../../../functions/shared/ledger/sync-facts.ts';
import type { ReportedMinute, SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import type { SyncReportView } from '../../../workflow/cli/sync/collect-sync.ts';

export const NOW = Date.parse('2026-03-01T14:05:30.000Z');

const executionArn =
  'arn:aws:states:ap-southeast-2:123456789012:execution:products-migration-prod-sync:sync-20260301T130000Z-0a1b2c';

export function comparedOf(changes: Partial<Compared> = {}): Compared {
  return {
    executionArn,
    startedAt: Date.parse('2026-03-01T13:00:10.000Z'),
    finishedAt: Date.parse('2026-03-01T13:05:30.000Z'),
    repairs: true,
    sourceItems: 5_000,
    targetItems: 24_995,
    repaired: 7,
    differing: 0,
    conflicts: 0,
    quarantined: 0,
    expired: 0,
    ...changes,
  };
}

export function minuteOf(minute: string, changes: Partial<ReportedMinute> = {}): ReportedMinute {
  return { minute, records: 1_200, repaired: 900, meanLagSeconds: 0.21, maxLagSeconds: 1.4, ...changes };
}

const NONE = { count: 0, keys: [], reasons: [] } as const;

/** A sync that follows a shop at 20 changes a second, and has nothing left to do. */
export function syncReportOf(changes: Partial<SyncReport> = {}): SyncReport {
  return {
    runId: 'sync-20260301T130000Z-0a1b2c',
    kind: 'sync',
    status: 'SYNCING',
    source: { table: 'products' },
    follows: { runId: 'migrate-20260301T120000Z-4f2a9c', tables: ['products-enhanced'] },
    streamArn: 'arn:aws:dynamodb:ap-southeast-2:123456789012:table/products/stream/2026-03-01T12:59:00.000',
    mappingId: '0f5d6a2e-0001-4c3b-9d3e-1a2b3c4d5e6f',
    compared: comparedOf(),
    gap: null,
    pending: NONE,
    conflicts: NONE,
    quarantined: NONE,
    differing: NONE,
    followed: { records: 3_000, repaired: 2_300, maxLagSeconds: 2.5 },
    minutes: [
      minuteOf('2026-03-01T13:40', { maxLagSeconds: 2.5 }),
      minuteOf('2026-03-01T14:04'),
      minuteOf('2026-03-01T14:05', { records: 600, repaired: 500 }),
    ],
    summary: 'products-enhanced follows every change of table products.',
    nextStep: 'Watch it:\nnpm run sync -- --stage prod',
    warnings: [],
    startedAt: '2026-03-01T13:00:00.000Z',
    finishedAt: null,
    lookedAt: new Date(NOW).toISOString(),
    reportUri: 's3://products-migration-prod-123456789012-ap-southeast-2/runs/sync/report.json',
    ...changes,
  };
}

/** A sync that was five hours behind, and has followed changes for nine days. */
export function lateReportOf(): SyncReport {
  const late = { meanLagSeconds: 7_000, maxLagSeconds: 19_000 };
  return syncReportOf({
    followed: { records: 9e11, repaired: 9e11, maxLagSeconds: 19_000 },
    minutes: [minuteOf('2026-02-20T14:04', late), minuteOf('2026-03-01T14:05')],
  });
}

/** A compare without a sync that has found three source items whose target items differ. */
export function compareReportOf(changes: Partial<SyncReport> = {}): SyncReport {
  return syncReportOf({
    runId: 'sync-20260301T150000Z-77aa01',
    kind: 'compare',
    status: 'SUCCEEDED',
    streamArn: null,
    mappingId: null,
    compared: comparedOf({ repairs: false, repaired: 0, differing: 3 }),
    differing: {
      count: 3,
      keys: ['id 7', 'id 8', 'id 9'],
      reasons: ['It changed at every look.', 'It changed at every look.', 'It changed at every look.'],
    },
    followed: { records: 0, repaired: 0, maxLagSeconds: 0 },
    minutes: [],
    summary: '5,000 source items and 24,995 target items were compared: 3 differ.',
    finishedAt: '2026-03-01T15:05:00.000Z',
    ...changes,
  });
}

/** What a dry run of a cut over answers. */
export function checkedReportOf(isReady: boolean): SyncReport {
  return syncReportOf({
    checks: [
      { what: 'mapping', ok: true, sentence: 'The event source mapping 0f5d is Enabled.' },
      {
        what: 'pending',
        ok: isReady,
        sentence: `${isReady ? 0 : 2} keys wait to be reconciled${isReady ? '' : ' (id 7, id 8)'}.`,
      },
    ],
    freeze: {
      policy: '{"Version":"2012-10-17","Statement":[]}',
      freeze:
        "aws dynamodb put-resource-policy --resource-arn arn:products --policy '{}' --expected-revision-id NO_POLICY",
      cutOver: 'npm run cutover -- --stage prod --frozen',
      undo: 'aws dynamodb delete-resource-policy --resource-arn arn:products',
    },
  });
}

export function syncViewOf(
  report: SyncReport = syncReportOf(),
  changes: Partial<SyncReportView> = {},
): SyncReportView {
  return { report, failure: null, path: [], shards: new Map(), stage: 'prod', ...changes };
}
