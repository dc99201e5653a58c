import { describe, expect, it } from 'vitest';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import { timeStep } from '../../../workflow/cli/report-html/axis.ts';
import { html } from '../../../workflow/cli/report-html/html.ts';
import { rateSeries } from '../../../workflow/cli/report-html/rate-series.ts';
import { renderReport } from '../../../workflow/cli/report-html/render-report.ts';
import { failedView, largeView, reportOf, smallView, startMillis } from './report-fixtures.ts';

describe('html', () => {
  it('escapes text in elements and in attributes', () => {
    expect(html`<p title="${'"a" & \'b\''}">${'<script>'}</p>`.toString()).toBe(
      '<p title="&quot;a&quot; &amp; &#39;b&#39;">&lt;script&gt;</p>',
    );
  });

  it('leaves out nothing-values and takes lists and pieces as they are', () => {
    expect(html`${undefined}${false}${[html`<i>1</i>`, 2]}`.toString()).toBe('<i>1</i>2');
  });
});

const evil = '<script>alert("x")</script>';

/** Everything that a user or a product can put into a report. */
const poisoned: ReportView = largeView({
  source: { table: evil, products: 1, bytes: 1 },
  tables: [{ name: evil, outcome: 'KEPT', remark: evil }],
  failure: { error: evil, cause: evil, state: evil, nextStep: evil },
  warnings: [evil],
  quarantine: [{ productId: evil, code: evil, sentence: evil }],
  quarantineUri: evil,
  driftKeys: { added: [evil] },
  mismatches: { missing: [evil] },
  executionArn: evil,
  reportUri: evil,
  parameters: {
    dryRun: false,
    onFailure: 'rollback',
    maxQuarantined: 0,
    onExisting: 'keep',
    maxConcurrency: 1,
    note: evil,
  },
});

describe('renderReport', () => {
  it('shows whatever a product is called as text', () => {
    const page = renderReport({ ...poisoned, path: [{ ...visit, state: evil }] });
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(10);
  });

  it('needs no network and no script', () => {
    const page = renderReport(largeView());
    expect(page.match(/<script|<link(?! rel="icon" href="data:,")|@import|src=|url\((?!#)/g)).toBeNull();
    expect(page.replaceAll(/xmlns(?::\w+)?="[^"]*"/g, '').match(/https?:\/\//g)).toBeNull();
  });

  it('has a title, a description and a table for each picture, wide and narrow', () => {
    const page = renderReport(largeView());
    expect(page.match(/<svg class="(wide|narrow)" role="img"/g)).toHaveLength(6);
    expect(page.match(/<title id=/g)).toHaveLength(6);
    expect(page.match(/<desc id=/g)).toHaveLength(6);
    expect(page.match(/<details>/g)).toHaveLength(3);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('tells cost once and each month, the earlier figures beside', () => {
    const page = renderReport(largeView());
    expect(page).toContain('Rs 342');
    expect(page).toContain('Rs 80–100');
    expect(page).toContain('88 rupees a dollar');
  });

  it('puts cause and next step of a failure before everything else', () => {
    const page = renderReport(failedView());
    expect(page.indexOf('PermissionDeniedError')).toBeLessThan(page.indexOf('The way through'));
    expect(page).toContain('What failed in MigrateProducts');
    expect(page).toContain('starting again is always safe');
    expect(page).toContain('created, then taken away again');
  });

  it('does without path, shards, backup and verification', () => {
    const report = reportOf({
      status: 'ROLLED_BACK',
      backup: null,
      verification: null,
      tables: [],
      reportUri: null,
      details: { begun: false },
    });
    const page = renderReport({ report, path: [], shards: new Map() });
    expect(page).toContain('Not started');
    expect(page).not.toContain('<svg');
  });

  it('does not grow with the number of shards beyond its tables', () => {
    const { shards, ...rest } = smallView();
    const many = new Map(
      [...shards].map(([state, [one]]) => [
        state,
        Array.from({ length: 1_000 }, (_, shard) => ({ ...one, state, shard })),
      ]),
    ) as ReportView['shards'];
    const page = renderReport({ ...rest, shards: many });
    expect(page).toContain('40 of 1,000 shards are shown.');
  });
});

const visit = { state: 'X', type: 'Task', enteredAt: 0, leftAt: 1_000, outcome: 'done' } as const;

describe('rateSeries', () => {
  it('adds up to the items that were handled', () => {
    for (const { state, intervals } of rateSeries(largeView().shards, startMillis)) {
      const items = intervals.reduce(
        (sum, { from, to, itemsPerSecond }) => sum + (to - from) * itemsPerSecond,
        0,
      );
      const expected = { BackupProducts: 5_000, RehearseBackup: 5_000, MigrateProducts: 25_000 };
      const total = state in expected ? expected[state as keyof typeof expected] : 30_000;
      expect(Math.round(items)).toBe(total);
    }
  });

  it('leaves out a Map that handled nothing', () => {
    const [one] = smallView().shards.get('BackupProducts') ?? [];
    const idle = new Map([
      ['BackupProducts', one === undefined ? [] : [{ ...one, counters: {}, marks: [] }]],
    ] as const);
    expect(rateSeries(idle, startMillis)).toEqual([]);
  });
});

describe('timeStep', () => {
  it.each([
    [4.2, 8, 1],
    [60, 8, 10],
    [90, 3, 30],
    [7_000, 8, 900],
    [0.3, 4, 0.1],
  ])('cuts %d seconds into at most %d parts of %d', (seconds, ticks, step) => {
    expect(timeStep(seconds, ticks)).toBe(step);
  });
});
