import { describe, expect, it } from 'vitest';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { outcomeOf } from '../../../functions/shared/runs/outcome.ts';
import { printSummary } from '../../../workflow/cli/summary.ts';
import { groupWarnings } from '../../../functions/shared/runs/group-warnings.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { bulkPut, failedView, largeView, reportOf } from './report-fixtures.ts';

function summaryOf(report: Report): string {
  const { terminal, lines } = recordingTerminal();
  printSummary(terminal, report);
  return lines.join('\n');
}

describe('outcomeOf', () => {
  it('says what was migrated', () => {
    expect(outcomeOf(reportOf())).toMatchObject({
      tone: 'good',
      sentence: '6 products migrated as 30 items, read back and found complete.',
      nextStep: undefined,
    });
  });

  it('says that a second run changed nothing', () => {
    const migrated = { ...reportOf().migrated, alreadyPresent: 30 };
    expect(outcomeOf(reportOf({ migrated })).sentence).toBe(
      'All 6 products were migrated before: 30 items are in place, and none was changed.',
    );
    const left = { ...migrated, quarantined: 1 };
    expect(outcomeOf(reportOf({ migrated: left })).sentence).toBe(
      'All 6 products were migrated before: 30 items are in place, and none was changed. 1 product stayed behind in quarantine.',
    );
  });

  it('speaks of one product and one item as such', () => {
    const one = { ...reportOf().migrated, products: 1, items: 1, alreadyPresent: 1 };
    expect(outcomeOf(reportOf({ migrated: one })).sentence).toBe(
      '1 product was migrated before: 1 item is in place, and none was changed.',
    );
    expect(outcomeOf(reportOf({ migrated: { ...one, replaced: 1 } })).sentence).toBe(
      '1 product was there before: 1 item is in place, 1 of them brought up to date.',
    );
    const { verification } = reportOf();
    const differing = { ...verification, presentDifferent: 1 } as NonNullable<typeof verification>;
    expect(outcomeOf(reportOf({ migrated: one, verification: differing })).sentence).toMatch(
      /^1 item of 1 product was there before, and none was changed\./,
    );
  });

  it('says what a run with replace has changed and removed, also where it has added items', () => {
    const { migrated } = reportOf();
    const replaced = { ...migrated, alreadyPresent: 20, replaced: 3, staleRemoved: 1 };
    expect(outcomeOf(reportOf({ migrated: replaced })).sentence).toBe(
      '6 products migrated as 30 items, 10 of them new, read back and found complete. 3 items were brought up to date. 1 item that its product no longer has was removed.',
    );
    const removed = { ...migrated, alreadyPresent: 30, staleRemoved: 2 };
    expect(outcomeOf(reportOf({ migrated: removed })).sentence).toBe(
      'All 6 products were migrated before: 30 items are in place, and none was changed. 2 items that their product no longer has were removed.',
    );
  });

  it('says of a roll back that failed no more than that something could not be undone', () => {
    const { report } = failedView();
    expect(outcomeOf({ ...report, status: 'ROLLBACK_FAILED' }).sentence).toBe(
      'The run failed in MigrateProducts and not everything that it had done could be undone; products was never written to.',
    );
  });

  it('says what a dry run found', () => {
    const rehearsal = { products: 6, metadata: 5, variants: 20, quarantined: 1, targetBytes: 9_000 };
    expect(outcomeOf(reportOf({ status: 'PLANNED', rehearsal }))).toMatchObject({
      tone: 'notice',
      sentence:
        'Dry run: 6 products would become 25 items. 1 product would go to quarantine. No table was created or written.',
    });
  });

  it('says of a dry run whether the run itself would stop', () => {
    const rehearsal = { products: 6, metadata: 5, variants: 20, quarantined: 1, targetBytes: 9_000 };
    const { parameters } = reportOf();
    const allowing = (maxQuarantined: number) =>
      outcomeOf(
        reportOf({
          status: 'PLANNED',
          rehearsal,
          ...(parameters && { parameters: { ...parameters, maxQuarantined } }),
        }),
      ).nextStep;
    expect(allowing(0)).toContain('--resume migrate-20260301T120000Z-4f2a9c --max-quarantined 1\nIn ');
    expect(allowing(1)).toContain(
      'Or make a new backup:\nnpm run migrate -- --stage prod\nIn the console, start migrate with {}',
    );
  });

  it('sends who restored in vain back to the restore, not to a migration', () => {
    const alone = { kind: 'manual', step: 'restoreFromBackup' } as const;
    for (const run of [{ kind: 'restore' } as const, alone])
      expect(outcomeOf(reportOf({ status: 'ROLLED_BACK', ...run })).nextStep).toContain('npm run restore ');
    expect(outcomeOf(reportOf({ status: 'ROLLED_BACK' })).nextStep).not.toContain('npm run restore ');
  });

  it('says where a run failed and that nothing of it is left', () => {
    expect(outcomeOf(failedView().report).sentence).toBe(
      'The run failed in MigrateProducts and what it had created was deleted; products was never written to.',
    );
  });

  it('does not speak of tables that were never created', () => {
    expect(outcomeOf({ ...failedView().report, tables: [] }).sentence).toBe(
      'The run failed in MigrateProducts before it had created any table; products was never written to.',
    );
  });

  it('does not call a step that was called alone a migration that was read back', () => {
    const none = { ...reportOf().migrated, products: 0, items: 0, metadata: 0, variants: 0 };
    const alone = (step: string, more: Partial<Report> = {}): string =>
      outcomeOf(reportOf({ kind: 'manual', step, ...more })).sentence;
    expect(alone('migrateProductsEnhanced', { verification: null })).toBe(
      'Step migrateProductsEnhanced, which was called alone, has come to its end: 30 items of 6 products in place, not verified.',
    );
    expect(alone('backupProducts', { migrated: none })).toMatch(/its end: 6 items backed up\.$/);
    expect(alone('createCartTable', { migrated: none, backup: null })).toBe(
      'Step createCartTable, which was called alone, has come to its end.',
    );
  });

  it('does not say of a step that was short of time that it failed', () => {
    const short = { kind: 'manual', step: 'backupProducts', failure: null } as const;
    expect(outcomeOf(reportOf({ ...short, status: 'HELD' })).sentence).toBe(
      'Step backupProducts, which was called alone, has not come to its end: nothing was rolled back.',
    );
    const rolledBack = {
      from: 'HELD',
      deleted: 0,
      restored: 0,
      kept: 0,
      keptKeys: [],
      isThrough: true,
    } as const;
    expect(outcomeOf(reportOf({ ...short, status: 'ROLLED_BACK', rolledBack })).sentence).toMatch(
      /^The run was held and was rolled back on request/,
    );
  });

  it('tells a refused start from a roll back', () => {
    const report = reportOf({ status: 'REFUSED' });
    expect(outcomeOf(report).word).toBe('Refused');
  });

  const rolledBackFrom = (from: 'RUNNING' | 'HELD' | 'SUCCEEDED', kept = 0): string =>
    outcomeOf({
      ...failedView().report,
      failure: { error: 'RolledBackByOperator', cause: 'The run was rolled back on request.' },
      rolledBack: { from, deleted: 4, restored: 0, kept, keptKeys: [], isThrough: true },
    }).sentence;

  it('does not say that a run failed which succeeded and was rolled back on request', () => {
    expect(rolledBackFrom('SUCCEEDED')).toBe(
      'The run had succeeded and was rolled back on request: what it had created was deleted; products was never written to.',
    );
  });

  it('says that items of the run stay after a roll back', () => {
    expect(rolledBackFrom('RUNNING', 2)).toContain('; 2 items with its mark stay in place;');
    expect(rolledBackFrom('HELD', 1)).toContain('; 1 item with its mark stays in place;');
  });

  it('names a table that was kept after a roll back', () => {
    const tables = [{ name: 'cart', outcome: 'KEPT' as const, remark: 'it holds items' }];
    expect(outcomeOf({ ...failedView().report, tables }).sentence).toBe(
      'The run failed in MigrateProducts and no table had to be deleted; cart was kept; products was never written to.',
    );
  });

  it('does not say that a run has created a table which existed before and is gone', () => {
    const tables = [{ name: 'cart', outcome: 'DELETED' as const, existedBefore: true }];
    expect(outcomeOf({ ...failedView().report, tables }).sentence).toBe(
      'The run failed in MigrateProducts and no table had to be deleted; products was never written to.',
    );
  });

  it('does not say that a restore never wrote to the source', () => {
    const { sentence } = outcomeOf(reportOf({ kind: 'restore', status: 'ROLLED_BACK' }));
    expect(sentence).not.toContain('never written to');
  });

  it('does not call items migrated before that others wrote and that differ', () => {
    const migrated = { ...reportOf().migrated, alreadyPresent: 30 };
    const { verification } = reportOf();
    const differing = { ...verification, presentDifferent: 2 } as NonNullable<typeof verification>;
    expect(outcomeOf(reportOf({ migrated, verification: differing })).sentence).toBe(
      'All 30 items of 6 products were there before, and none was changed. 2 items under their keys come from earlier runs or from others, differ from products and were left alone.',
    );
  });

  it('says how many items a run brought up to date that added none', () => {
    const migrated = { ...reportOf().migrated, alreadyPresent: 30, replaced: 5 };
    expect(outcomeOf(reportOf({ migrated })).sentence).toBe(
      'All 6 products were there before: 30 items are in place, 5 of them brought up to date.',
    );
  });

  it('says how to continue a held run', () => {
    const { nextStep } = outcomeOf(reportOf({ status: 'HELD', runId: 'r1' }));
    expect(nextStep?.split('\n')).toEqual([
      'Go on:',
      'npm run migrate -- --stage prod --resume r1',
      'In the console, start migrate with {"resume": "r1"}',
      'Or roll the run back:',
      'npm run rollback -- --stage prod r1',
      'In the console, start rollback with {"runId": "r1"}',
    ]);
  });

  it('prefers the next step that the run itself names', () => {
    const failure = { error: 'E', cause: 'c', nextStep: 'Do this.' };
    expect(outcomeOf(reportOf({ status: 'ROLLED_BACK', failure })).nextStep).toBe('Do this.');
  });

  it('says what was restored', () => {
    const restored = {
      backupId: 'b',
      targetTable: 'products-restored',
      mode: 'EXISTING',
      written: 2,
      alreadyPresent: 4,
      keptDifferent: 1,
      expired: 0,
    } as const;
    expect(outcomeOf(reportOf({ restored })).sentence).toBe(
      '2 missing items put into products-restored; 4 were there; 1 differs from the backup and was left alone.',
    );
  });
});

describe('printSummary', () => {
  it('names drift, quarantine and cost', () => {
    const text = summaryOf(largeView().report);
    expect(text).toContain('3 products changed in products meanwhile: 1 added, 2 changed, 0 removed.');
    expect(text).toContain('p-0003141: InvalidPrice: The price "12,50"');
    expect(text).toContain('24,995 of 24,995 found, 0 missing, 0 different, 0 extra');
    expect(text).toMatch(/at AWS prices, estimated at \$0\.\d+/);
  });

  it('says what a bulk put has done, and leaves out what nobody knows', () => {
    const text = summaryOf(largeView({ bulkPuts: [bulkPut] }).report);
    expect(text).toContain(
      'Bulk put     into products-enhanced: 24,995 items processed, 3 failed, 7 of others existed already, 1.5 MB charged for',
    );
    expect(text).toContain('bulk-operation/1, from 2026-03-01 12:00:10 UTC to 2026-03-01 12:00:20 UTC');
    expect(text).toContain('reported in s3://bucket/runs/r/bulk/products-enhanced/2/');
    const { startedAt: _, endedAt: __, operationArn: ___, bulkPutBytes: ____, ...unknown } = bulkPut;
    expect(summaryOf(largeView({ bulkPuts: [unknown] }).report)).toContain(
      'products-enhanced: not known to have been started\n',
    );
  });

  it('puts the failure first and says what to do now', () => {
    const text = summaryOf(failedView().report);
    expect(text.indexOf('PermissionDeniedError')).toBeLessThan(text.indexOf('Tables'));
    expect(text).toContain('cart, returns, products-enhanced deleted');
    expect(text).toContain('orders there before, left in place: It was there before the run.');
    expect(text).toContain('Fix the reported cause');
  });
});

describe('groupWarnings', () => {
  it('says the same of several tables once', () => {
    expect(groupWarnings(['cart: no recovery.', 'Something else: yes.', 'orders: no recovery.'])).toEqual([
      'cart, orders: no recovery.',
      'Something else: yes.',
    ]);
  });
});
