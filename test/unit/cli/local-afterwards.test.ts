import { describe, expect, it } from 'vitest';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import { afterwards, type ShopOptions } from '../../../workflow/cli/local-afterwards.ts';

/** The step that `npm start` advises after such a report. */
function stepAfter(report: object, options: ShopOptions = {}): readonly string[] {
  const whole = { nextStep: 'Something', failure: null, source: { products: 5 }, ...report };
  const { nextStep } = afterwards({ report: whole } as unknown as ReportView, options).report;
  return nextStep?.split('\n') ?? [];
}

/** The last command that `npm start` advises after such a report. */
function migrateCommand(report: object, options: ShopOptions = {}): string | undefined {
  return stepAfter(report, options).findLast((line) => line.startsWith('npm run migrate'));
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

  it('after a refusal is the one that the refusal names, and not the one that was refused', () => {
    const nextStep = 'To allow that much:\nnpm run migrate -- --stage local --max-cost 0.0015';
    const refused = { status: 'REFUSED', ...failed('CostLimitError'), nextStep };
    expect(stepAfter(refused, { products: 5, maxCost: 0.0001 })).toEqual([
      'This command keeps nothing up. For tables that stay, in another terminal:',
      'npm run local -- --products 5',
      'To allow that much:',
      'npm run migrate -- --stage local --max-cost 0.0015',
    ]);
  });

  it('after a refusal that needs the other run is the plain one', () => {
    const nextStep = 'List the runs:\nnpm run runs -- --stage local';
    const refused = { status: 'REFUSED', ...failed('InvalidInputError'), nextStep };
    expect(migrateCommand(refused, { resume: 'r1' })).toBe('npm run migrate -- --stage local');
  });

  it('after products in quarantine leaves none of them behind where all of them are', () => {
    const all = { rehearsal: { quarantined: 5 }, parameters: { maxQuarantined: 0 } };
    const [first = ''] = stepAfter({ ...failed('TooManyQuarantinedError'), ...all });
    expect(first).toMatch(/^Correct what is in quarantine\. This command keeps nothing up\./);
    expect(migrateCommand({ ...failed('TooManyQuarantinedError'), ...all })).toBe(
      'npm run migrate -- --stage local',
    );
  });

  it('after a failure comes behind the cause, because code is packaged when the embedded AWS starts', () => {
    const [first = ''] = stepAfter(failed('TransformError'));
    expect(first).toMatch(/^Fix the reported cause\. This command keeps nothing up\./);
  });
});

describe('what npm start advises after an input that cannot be used', () => {
  it('is its own options, and no command that would start without the mistyped one', () => {
    const nextStep = 'Correct the input. To list the options:\nnpm run migrate -- --help';
    expect(stepAfter({ status: 'REFUSED', ...failed('InvalidInputError'), nextStep })).toEqual([
      'Correct the input, then start again. To list the options:',
      'npm start -- --help',
    ]);
  });
});
