import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runKey } from '../../../functions/shared/ledger/ledger-table.ts';
import { updateIf } from '../../../functions/shared/ledger/store.ts';
import { publishPage } from '../../../functions/shared/runs/publish-page.ts';
import { reportPage } from '../../../functions/shared/runs/page/report-page.ts';
import { MAX_LISTED, runsPage } from '../../../functions/shared/runs/page/runs-page.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { failedView, largeView } from '../cli/report-fixtures.ts';
import type { Bench } from '../files/backup-bench.ts';
import { sizedProducts } from '../migrate/migrate-bench.ts';
import { commitBench, driveRun } from './commit-bench.ts';

const PAGE = 'runs/run-1/report.html';
const LIST = 'runs/index.html';
const MAX_BYTES = 100_000;

let bench: Bench;
let report: Report;

beforeEach(async () => {
  const begun = await commitBench(sizedProducts(4));
  bench = begun.bench;
  report = await driveRun(bench, begun.run);
});
afterEach(() => bench.stop());

const text = (key: string): string => bench.objects.bodies.get(key)?.toString() ?? '';

describe('the last function', () => {
  it('writes the report as a page and lists the run, beside report.json', () => {
    expect(text(PAGE)).toContain('<title>Succeeded: run-1</title>');
    expect(text(PAGE)).toContain('4 products migrated');
    expect(text(LIST)).toContain('<a href="run-1/report.html">');
    expect(text(LIST)).toContain('<span class="pill good">succeeded</span>');
    expect(JSON.parse(text('runs/run-1/report.json'))).toEqual(report);
  });

  it('lists how long a run has been worked on, without the days between two executions', async () => {
    const { ledger } = bench.runtime;
    const first = { executionArn: 'arn:first', status: 'HELD' } as const;
    const times = { startedAt: '2025-12-01T00:00:00.000Z', finishedAt: '2025-12-01T00:20:00.000Z' };
    const { finishedAt: executionStartTime, finishedAt } = report;
    await updateIf(ledger, runKey('run-1'), {
      set: { startedAt: times.startedAt, attempts: [{ ...first, ...times }], executionStartTime, finishedAt },
    });
    await publishPage(bench.runtime, report);
    expect(text(LIST)).toMatch(/<td class="number">20 min/);
  });

  it('writes the same page again without a change', async () => {
    const before = text(PAGE);
    await publishPage(bench.runtime, report);
    expect(text(PAGE)).toBe(before);
  });

  it('leaves the page of a run that has moved on', async () => {
    await publishPage(bench.runtime, { ...report, status: 'HELD' });
    expect(text(PAGE)).toContain('<title>Succeeded: run-1</title>');
  });

  it('does not overwrite a page that somebody else has written meanwhile', async () => {
    const changed = { ...report, warnings: ['Look at this.'] };
    let isFirst = true;
    bench.objects.beforePut = (key) => {
      if (key !== PAGE || !isFirst) return;
      isFirst = false;
      bench.objects.bodies.set(PAGE, Buffer.from('newer'));
    };
    await publishPage(bench.runtime, changed);
    expect(isFirst).toBe(false);
    expect(text(PAGE)).toContain('Look at this.');
  });

  it('says nothing more of a page that cannot be written than a line in its log', async () => {
    bench.objects.beforePut = (key) => {
      if (key.endsWith('.html')) throw new Error('no such permission');
    };
    await expect(
      publishPage(bench.runtime, { ...report, warnings: ['Look again.'] }),
    ).resolves.toBeUndefined();
    expect(text(PAGE)).not.toContain('Look again.');
  });
});

describe('the page in the bucket', () => {
  it.each([
    ['succeeded', largeView().report],
    ['was rolled back', failedView().report],
  ])('of a run that %s is small, whole and without pictures that need more than the report', (_, shown) => {
    const page = reportPage({ report: shown, stage: 'prod' });
    expect(Buffer.byteLength(page)).toBeLessThan(MAX_BYTES);
    expect(page).toContain(shown.runId);
    expect(page).toContain('id="cost-heading"');
    expect(page).not.toContain('<svg');
    expect(page).not.toContain('<script');
  });
});

describe('the list of runs', () => {
  const run = {
    runId: 'run-1',
    kind: 'migrate',
    startedAt: '2026-03-01T12:00:00.000Z',
    parameters: largeView().report.parameters,
  } as const;
  const listed = (change: object, stage = 'prod'): string => {
    const { parameters } = run;
    if (parameters === undefined) throw new Error('The fixture has parameters.');
    return runsPage({
      runs: [{ ...run, parameters, status: 'SUCCEEDED', ...change }],
      bucket: 'products-migration-prod-123456789012-ap-southeast-2',
      stage,
    });
  };

  it('leads to each page, in the folder and in the AWS console', () => {
    const page = listed({ durationSeconds: 60 });
    expect(page).toContain('<a href="run-1/report.html">');
    expect(page).toContain(
      '/s3/object/products-migration-prod-123456789012-ap-southeast-2?region=ap-southeast-2&amp;prefix=runs%2Frun-1%2Freport.html',
    );
    expect(page).toContain('>1 min<');
    expect(listed({}, 'local')).not.toContain('https://');
  });

  it('says that it does not list all of more runs than it has room for', () => {
    const { parameters } = largeView().report;
    if (parameters === undefined) throw new Error('The fixture has parameters.');
    const pageOf = (length: number): string => {
      const runs = Array.from({ length }, () => ({ ...run, parameters, status: 'SUCCEEDED' }));
      return runsPage({ runs, bucket: 'b', stage: 'prod' });
    };
    expect(pageOf(MAX_LISTED)).toContain('The newest 100 are listed.');
    expect(pageOf(MAX_LISTED - 1)).not.toContain('are listed');
  });

  it('has no link to a run that goes on, and shows a hostile note as text', () => {
    const page = listed({ status: 'ROLLING_BACK', parameters: { ...run.parameters, note: '<script>' } });
    expect(page).toContain('rolling back');
    expect(page).not.toContain('<a href');
    expect(page).toContain('&lt;script&gt;');
  });
});
