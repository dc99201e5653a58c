import { describe, expect, it } from 'vitest';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import { afterwards, type ShopOptions } from '../../../workflow/cli/local-afterwards.ts';

/** The last command that `npm start` advises after such a report. */
function migrateCommand(report: object, options: ShopOptions = {}): string | undefined {
  const view = { report: { nextStep: 'Something', failure: null, ...report } } as unknown as ReportView;
  const { nextStep } = afterwards(view, options).report;
  return nextStep?.split('\n').findLast((line) => line.startsWith('npm run migrate'));
}

const quarantined = { rehearsal: { quarantined: 2 }, parameters: { maxQuarantined: 0 } };
const failed = (error: string) => ({ failure: { error, cause: 'It failed.' } });

describe('the migration that npm start advises for a shop that stays', () => {
  it.each([
    ['a dry run', { status: 'PLANNED' }, { dryRun: true }, ''],
    [
      'a run that failed',
      failed('PermissionDeniedError'),
      { onExisting: 'replace' },
      ' --on-existing replace',
    ],
    [
      'products in quarantine',
      { ...failed('TooManyQuarantinedError'), ...quarantined },
      {},
      ' --max-quarantined 2',
    ],
    ['a dry run with products in quarantine', quarantined, { dryRun: true }, ' --max-quarantined 2'],
    ['an empty shop', failed('SourceTableEmptyError'), { products: 0 }, ' --allow-empty'],
  ] as const)('after %s does not stop where that one did', (_, report, options, words) => {
    expect(migrateCommand(report, options as ShopOptions)).toBe(`npm run migrate -- --stage local${words}`);
  });
});
