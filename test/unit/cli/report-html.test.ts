import { describe, expect, it } from 'vitest';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import { isCosted } from '../../../functions/shared/cost/cost.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { LINKS } from '../../../workflow/local/console/links.ts';
import { renderReport } from '../../../workflow/cli/report-html/render-report.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import { NOTHING_MIGRATED } from '../../../functions/shared/runs/reported-counts.ts';
import { bulkPut, failedView, largeView, reportOf, restoreView, smallView } from './report-fixtures.ts';

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

/** A tile's figure and note, by its label. */
function tile(page: string, label: string): string | undefined {
  const found = new RegExp(`<dt>${label}</dt><dd>(.*?)<small>(.*?)</small>`).exec(page);
  return found === null ? undefined : `${found[1]}, ${found[2]}`;
}

const restoreRefused: ReportView = {
  stage: 'prod',
  path: [],
  shards: new Map(),
  report: reportOf({
    kind: 'restore',
    status: 'REFUSED',
    backup: null,
    verification: null,
    tables: [],
  }),
};

function restoreFailed(): ReportView {
  const { restored: _, ...rest } = restoreView({ verification: null, status: 'ROLLED_BACK' }).report;
  return { ...restoreView(), report: { ...rest, cost: { ...largeView().report.cost, estimated: {} } } };
}

const visit = { state: 'X', type: 'Task', enteredAt: 0, leftAt: 1_000, outcome: 'done' } as const;

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

describe('renderReport', () => {
  it('shows whatever a product is called as text', () => {
    const page = renderReport({ ...poisoned, path: [{ ...visit, state: evil }] });
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(10);
  });

  it('needs no network and no script', () => {
    const page = renderReport(largeView());
    expect(page.match(/<script|<link(?! rel="icon" href="data:,")|@import|src=|url\((?!#)/g)).toBeNull();
    // A link is followed only by a click, and leads to the AWS console alone.
    const known =
      /xmlns(?::\w+)?="[^"]*"|<a href="https:\/\/ap-southeast-2\.console\.aws\.amazon\.com\/[^"]*"/g;
    expect(page.replaceAll(known, '').match(/https?:\/\//g)).toBeNull();
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

  it('says of a bulk put what DynamoDB has said, and nothing of it where the run used none', () => {
    const page = renderReport(largeView({ bulkPuts: [bulkPut] }))
      .replaceAll(/<[^>]*>/g, ' ')
      .replaceAll(/\s+/g, ' ');
    const section = page.slice(page.indexOf('DynamoDB read the files'));
    for (const fact of [
      'Operation arn:aws:dynamodb:ap-southeast-2:123456789012:table/products-enhanced/bulk-operation/1',
      'Attempt 2',
      'Began 2026-03-01 12:00:10 UTC',
      'Ended 2026-03-01 12:00:20 UTC',
      'Processed 24,995 items',
      'Failed 3',
      'Existed already 7 items of others, left as they were',
      'Charged for 1.5 MB',
      'Report s3://bucket/runs/r/bulk/products-enhanced/2/ 1 object with items that were not written',
    ])
      expect(section).toContain(fact);
    expect(renderReport(largeView())).not.toContain('Bulk put');
  });

  it('does not make up what nobody knows of a bulk put', () => {
    const { table, attempt, processed, failed, alreadyPresent } = bulkPut;
    const unknown = { table, attempt, processed, failed, alreadyPresent };
    const page = renderReport(largeView({ bulkPuts: [unknown] }));
    for (const label of ['Operation', 'Began', 'Ended', 'Charged for'])
      expect(page).toContain(`<dt>${label}</dt><dd>not known</dd>`);
    expect(page).not.toContain('<dt>Report</dt>');
  });

  it('puts cause and next step of a failure before everything else', () => {
    const page = renderReport(failedView());
    expect(page.indexOf('PermissionDeniedError')).toBeLessThan(page.indexOf('id="path-heading"'));
    expect(page).toContain('What failed in MigrateProducts');
    expect(page).toContain('start again, which is always safe:</span>');
    expect(page).toContain('<code class="command">npm run migrate -- --stage prod</code>');
    expect(page).toContain('<span>In the console, start migrate with {}</span>');
    expect(page).toContain('<span class="pill idle">deleted</span>');
  });

  it('leads to execution, backup, quarantine and tables in the AWS console, but for tables that are gone', () => {
    const links = (view: ReportView): readonly string[] =>
      [...renderReport(view).matchAll(/<a href="(https:[^"]*)"/g)].map(([, href = '']) =>
        href.slice(href.indexOf('.com') + 4),
      );
    expect(links(largeView())).toEqual([
      ...['cart', 'orders', 'returns', 'products-enhanced'].map(
        (name) => `/dynamodbv2/home?region=ap-southeast-2#table?name=${name}`,
      ),
      expect.stringMatching(
        /^\/s3\/buckets\/products-migration-prod-.*&amp;prefix=runs%2F.*%2Fquarantine%2F$/,
      ),
      expect.stringMatching(/^\/s3\/buckets\/products-migration-prod-.*&amp;prefix=AWSDynamoDB%2F.*%2F$/),
      expect.stringMatching(/^\/states\/home\?region=ap-southeast-2#\/v2\/executions\/details\/arn:/),
    ]);
    expect(links(failedView()).filter((href) => href.includes('#table'))).toEqual([
      '/dynamodbv2/home?region=ap-southeast-2#table?name=orders',
    ]);
    expect(links({ ...largeView(), stage: 'local' })).toEqual([]);
  });

  it('leads to the same pages of the embedded AWS where it was there, as long as that answers', () => {
    const local = { ...largeView(), stage: 'local' };
    const { report } = local;
    const paths = (localConsole: string | undefined): readonly string[] =>
      [...renderReport({ ...local, localConsole }).matchAll(/<a href="([^#"][^"]*)"/g)].map(
        ([, href = '']) => href,
      );
    expect(paths(undefined)).toEqual([]);
    const [, machine = '', name = ''] = /:execution:([^:]+):([^:]+)$/.exec(report.executionArn ?? '') ?? [];
    const keyOf = (uri = ''): string => uri.replace(/^s3:\/\/[^/]+\//, '');
    const expected = [
      ...['cart', 'orders', 'returns', 'products-enhanced'].map((table) => LINKS.table(table)),
      LINKS.objects(keyOf(report.quarantineUri)),
      LINKS.objects(keyOf(report.backup?.uri)),
      LINKS.execution({ machine: { name: machine }, name }),
    ];
    expect(paths('http://127.0.0.1:4566')).toEqual(expected.map((path) => `http://127.0.0.1:4566${path}`));
    expect(paths('')).toEqual(expected);
  });

  it('says where the run was, when it began and when it ended', () => {
    const page = renderReport(largeView());
    expect(page).toContain('Stage prod in ap-southeast-2, account 123456789012');
    expect(page).toContain('2026-03-01 12:01:00 UTC, after 1 min');
    expect(page).toContain('<time datetime="2026-03-01T12:01:00.000Z" title="End">');
  });

  it('has a link to each of its sections', () => {
    const page = renderReport(failedView());
    const [, nav = ''] = /<nav class="contents"[^>]*>(.*?)<\/nav>/s.exec(page) ?? [];
    const targets = [...nav.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(targets).toEqual([...page.matchAll(/<h2 id="([^"]+)"/g)].map(([, id]) => id));
    expect(targets).toContain('failure-heading');
  });

  it('is calm about a roll back that worked, and not about one that did not', () => {
    expect(renderReport(failedView())).toContain('<main class="notice">');
    expect(renderReport(failedView({ status: 'ROLLBACK_FAILED' }))).toContain('<main class="bad">');
  });

  it('draws the way through the machine, with what failed', () => {
    const page = renderReport(failedView());
    expect(page).toContain('<title>MigrateProducts: Caught error</title>');
    expect(page).toContain('<title>RolledBack: Failed</title>');
    expect(page).toContain('<title>VerifyMigration: Not started</title>');
    expect(page).not.toContain('<title>Held');
    expect(page).toContain('14 s in 2 visits');
  });

  it('tells failed states of the machine from others without their colour', () => {
    const page = renderReport(failedView());
    for (const words of ['! MigrateProducts', '✕ RolledBack', '! Caught error', '✕ Failed'])
      expect(page).toContain(`>${words}<`);
    expect(page).toContain('>BackupProducts<');
    expect(page).toContain('>Succeeded</li>');
  });

  it('has no empty table for products in quarantine that it cannot name', () => {
    const { quarantine: _, ...report } = largeView().report;
    const page = renderReport({ ...largeView(), report });
    expect(page).toContain('1 product could not be transformed; the backup holds it unchanged.');
    expect(page).not.toContain('<th scope="col">Reason</th>');
    expect(renderReport(largeView())).toContain('<th scope="col">Reason</th>');
  });

  it('knows one unit from many', () => {
    const page = renderReport(largeView({ consumed: { readUnits: 1, writeUnits: 2 } }));
    expect(page).toContain('<dd>1 read unit, 2 write units</dd>');
  });

  it('says of a table that is there whether the shop can write to it', () => {
    const tables = [
      { name: 'cart', outcome: 'CREATED', access: 'CLOSED', remark: 'It is empty.' },
      { name: 'orders', outcome: 'CREATED', access: 'OPEN' },
    ] as const;
    const page = renderReport(smallView({ status: 'HELD', tables }));
    expect(page.match(/only the migration can write to it/g)).toHaveLength(1);
    expect(page).toMatch(/<code>cart<.*It is empty\..*only the migration can write to it.*<code>orders</s);
  });

  it('says in a tooltip what each bar stands for', () => {
    const page = renderReport(largeView());
    expect(page).toContain('<title>CreateTables: 13 s, from 21 s to 34 s</title>');
    expect(page).toMatch(/<title>BackupProducts, shard 0: \d/);
  });

  it('does without path, shards, backup and verification', () => {
    const report = reportOf({
      status: 'REFUSED',
      backup: null,
      verification: null,
      tables: [],
      reportUri: null,
    });
    const page = renderReport({ report, path: [], shards: new Map(), stage: 'prod' });
    expect(page).toContain('Refused');
    expect(page).not.toContain('<svg');
  });

  it('counts nothing of a run that never began, because nobody has counted', () => {
    const report = reportOf({ status: 'REFUSED', backup: null, verification: null, tables: [] });
    const page = renderReport({ report, path: [], shards: new Map(), stage: 'prod' });
    expect(page).toContain(`<dt>Source</dt><dd>${report.source.table}</dd>`);
    for (const words of ['Read and written', 'Throttled', 'its backup']) expect(page).not.toContain(words);
  });

  it('counts of a step that was called alone only what the step has counted', () => {
    const alone = { kind: 'manual', verification: null, backup: null, migrated: NOTHING_MIGRATED } as const;
    const of = (step: string, changes: Partial<Report>): string => {
      const report = reportOf({ ...alone, step, ...changes });
      return renderReport({ report, path: [], shards: new Map(), stage: 'prod' });
    };
    const uncounted = { table: 'products', products: 0, bytes: 0 };
    const made = of('createCartTable', { source: uncounted, tables: [{ name: 'cart', outcome: 'CREATED' }] });
    expect(made).toContain('<span>Step createCartTable of the migration of products</span>');
    expect(made).toContain('<dt>Source</dt><dd>products</dd>');
    for (const words of [
      '<dt>Products',
      'Items in place',
      '<dt>Quarantined',
      'verification-heading',
      '<dt>Backup',
    ])
      expect(made).not.toContain(words);
    const { migrated } = smallView().report;
    const filled = of('migrateProductsEnhanced', { source: uncounted, migrated });
    expect(tile(filled, 'Items in place')).toBe('30, 6 METADATA, 24 VARIANT; not verified');
    const saved = of('backupProducts', { backup: smallView().report.backup, tables: [] });
    expect(tile(saved, 'Products')).toBe('6, 6.3 KB');
    expect(saved).toContain('6 items in 1 file');
    expect(saved).not.toContain('tables-heading');
  });

  it('says that the time of a run of several attempts is that of its work', () => {
    const attempts = [
      {
        executionArn: 'a',
        startedAt: '2026-03-01T12:00:00.000Z',
        finishedAt: '2026-03-01T12:00:02.000Z',
        status: 'HELD',
      },
      {
        executionArn: 'b',
        startedAt: '2026-03-03T12:00:00.000Z',
        finishedAt: '2026-03-03T12:00:02.200Z',
        status: 'SUCCEEDED',
      },
    ] as const;
    const resumed = smallView({ finishedAt: '2026-03-03T12:00:02.200Z', attempts });
    expect(renderReport(resumed)).toContain('2026-03-03 12:00:02 UTC, after 4.2 s of work<');
    expect(renderReport(smallView())).toContain('2026-03-01 12:00:04 UTC, after 4.2 s<');
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

describe('the page of a restore', () => {
  it('says what was put where, and what was left alone', () => {
    const page = renderReport(restoreView());
    expect(tile(page, 'In the backup')).toBe('6, 6.3 KB');
    expect(tile(page, 'Written')).toBe('1, 6 verified');
    expect(tile(page, 'Already there')).toBe('4, equal in every attribute');
    expect(tile(page, 'Left as they are')).toBe('1, differs from the backup');
    expect(page).toContain(
      '<code>products-restored-20260301t120000z</code>, it existed before, and only missing items were written',
    );
    expect(page).toContain('0, whose time to live was up when the restore began');
  });

  it('speaks of a new table when it has created it', () => {
    const { restored } = restoreView().report;
    if (restored === undefined) throw new Error('The fixture is a restore.');
    const page = renderReport(restoreView({ restored: { ...restored, mode: 'NEW', written: 6 } }));
    expect(tile(page, 'Written')).toBe('6, 6 verified');
    expect(tile(page, 'Already there')).toBeUndefined();
    expect(page).toContain('new, created by this restore');
  });

  it.each([
    ['that succeeded', restoreView()],
    ['that was rolled back', restoreFailed()],
    ['that was refused', restoreRefused],
  ])('has nothing of a migration on it: one %s', (_, view) => {
    const page = renderReport(view);
    for (const words of [
      'METADATA',
      'every product fits',
      'Drift',
      'Products migration',
      'Each month',
      'onExisting',
    ])
      expect(page).not.toContain(words);
    expect(page).toContain('Restore from a backup');
  });
});

describe('the figures on top', () => {
  it('say what was verified beside what is in place', () => {
    const page = renderReport(smallView());
    expect(tile(page, 'Items in place')).toBe('30, 6 METADATA, 24 VARIANT; 30 verified');
    expect(tile(page, 'Already there')).toBe('0, before the run');
  });

  it('do not speak of what is left of a run that is held, because nothing of it was removed', () => {
    const page = renderReport(failedView({ status: 'HELD' }));
    expect(tile(page, 'Items in place')).toBe('0, its workers have recorded none');
  });

  it('do not call items verified that are not what they should be', () => {
    const { verification } = smallView().report;
    if (verification === null) throw new Error('The fixture was verified.');
    const found = (changes: object): string | undefined =>
      tile(renderReport(smallView({ verification: { ...verification, ...changes } })), 'Items in place');
    expect(found({ different: 2 })).toBe('30, 6 METADATA, 24 VARIANT; 30 found, 2 of them different');
    expect(found({ presentDifferent: 1, changedSince: 3 })).toMatch(/30 found, 4 of them different$/);
  });

  it('say that nothing is left of a run that was rolled back', () => {
    const page = renderReport(failedView());
    expect(tile(page, 'Items in place')).toBe('0, no item of the run is left');
    expect(tile(page, 'Already there')).toBeUndefined();
  });
});

describe('the monthly cost', () => {
  const rehearsal = { products: 6, metadata: 5, variants: 20, quarantined: 1, targetBytes: 9_000 };
  const existed = [{ name: 'cart', outcome: 'EXISTED' }] as const;

  it.each([
    ['of new tables', largeView(), 'Each month, for the new tables'],
    ['of tables that were there', largeView({ tables: existed }), 'Each month, for the tables'],
    [
      'after a dry run',
      largeView({ status: 'PLANNED', tables: [], rehearsal }),
      'Each month, the new tables would cost',
    ],
    ['after a roll back', failedView(), 'Each month, the tables would cost'],
    [
      'after a roll back of new tables',
      failedView({ tables: [{ name: 'cart', outcome: 'DELETED' }] }),
      'Each month, the new tables would cost',
    ],
    [
      'after a roll back that left every table',
      failedView({ tables: existed }),
      'Each month, for the tables',
    ],
  ])('%s is headed by whether there is anything to pay for', (_, view, heading) => {
    expect(renderReport(view)).toContain(`<h3>${heading}</h3>`);
  });

  it('has the figures of earlier scripts for the shop only, which had some', () => {
    const view = largeView();
    const { cost } = view.report;
    if (!isCosted(cost.estimated)) throw new Error('The run has no estimate.');
    const monthly = cost.estimated.monthly.map(({ seedRupees: _earlier, ...one }) => one);
    const other = largeView({ cost: { ...cost, estimated: { ...cost.estimated, monthly } } });
    expect(renderReport(view)).toContain('Earlier scripts');
    expect(renderReport(other)).not.toContain('Earlier scripts');
  });
});
