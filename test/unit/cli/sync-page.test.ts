import { describe, expect, it } from 'vitest';
import { lagChart } from '../../../workflow/cli/report-html/lag-chart.ts';
import { renderSyncReport } from '../../../workflow/cli/report-html/render-sync-report.ts';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import {
  checkedReportOf,
  comparedOf,
  compareReportOf,
  minuteOf,
  syncReportOf,
  syncViewOf,
} from './sync-fixtures.ts';

const evil = '<script>alert("x")</script>';

describe('the page of a sync', () => {
  it('has the summary as its headline and the figures that matter first', () => {
    const page = renderSyncReport(syncViewOf());
    expect(page).toContain('<h1>products-enhanced follows every change of table products.</h1>');
    const tiles = [...page.matchAll(/<dt>([^<]+)<\/dt><dd>([^<]+)</g)]
      .slice(0, 6)
      .map(([, dt, dd]) => [dt, dd]);
    expect(tiles).toEqual([
      ['Changes followed', '3,000'],
      ['Longest lag', '2.5 s'],
      ['Pending', '0'],
      ['Conflicts', '0'],
      ['Repaired', '7'],
      ['Last compare', '0 differ'],
    ]);
  });

  it('says since when it goes on, and when it was looked at', () => {
    const times = (page: string): string | undefined =>
      /<div class="crumb">(.*)<\/div>/.exec(page)?.[1]?.replaceAll(/<[^>]*>/g, '');
    const open = times(renderSyncReport(syncViewOf()));
    expect(open).toMatch(/since 2026-03-01 13:00:00, as of 2026-03-01 14:05:30 UTC$/);
    const ended = syncReportOf({ status: 'SWITCHED', finishedAt: '2026-03-01T15:00:00.000Z' });
    expect(times(renderSyncReport(syncViewOf(ended)))).toMatch(
      /2026-03-01 13:00:00 – 2026-03-01 15:00:00 UTC$/,
    );
  });

  it('does not say of a compare that all was repaired where something still differs', () => {
    const page = renderSyncReport(syncViewOf(syncReportOf({ compared: comparedOf({ differing: 1 }) })));
    expect(page).toContain('What differed was repaired, but for what still differs.');
    expect(page).toContain('<dd>1 differs<');
    expect(renderSyncReport(syncViewOf())).toContain('What differed was repaired.');
  });

  it('draws the lag for a wide page and for a phone, and has it as a table', () => {
    const page = renderSyncReport(syncViewOf());
    expect(page.match(/<svg class="(wide|narrow)" role="img"/g)).toHaveLength(2);
    expect(page).toContain(
      'The last 3 minutes with changes, from 2026-03-01 13:40 to 2026-03-01 14:05 UTC: the longest lag in them was 2.5 s.',
    );
    expect(page).toMatch(/<td>2026-03-01 14:05<\/td><td class="number">600<\/td>/);
  });

  it('says what failed before everything else', () => {
    const failure = { error: 'SyncRefusedError', cause: 'A writer is not frozen.' };
    const page = renderSyncReport(syncViewOf(syncReportOf(), { failure }));
    expect(page).toContain('<main class="bad">');
    expect(page.indexOf('A writer is not frozen.')).toBeLessThan(page.indexOf('id="lag-heading"'));
  });

  it('lists checks, steps and commands of a cut over that was only checked', () => {
    const page = renderSyncReport(syncViewOf(checkedReportOf(false)));
    expect(page).toContain('2 keys wait to be reconciled (id 7, id 8).');
    expect(page).toContain('<code class="command">npm run cutover -- --stage prod --frozen</code>');
    expect(page).toContain('delete-resource-policy');
    expect(renderSyncReport(syncViewOf())).not.toContain('How to freeze');
  });

  it('names gap, keys, warnings and the next step', () => {
    const page = renderSyncReport(
      syncViewOf(
        syncReportOf({
          gap: { at: Date.parse('2026-03-01T13:30:00Z'), reason: 'The stream was trimmed.' },
          pending: { count: 1, keys: ['id 7'], reasons: ['It changed at every look.'] },
          conflicts: { count: 1, keys: ['PRODUCT#8 / METADATA'], reasons: ['It changed at every look.'] },
          quarantined: { count: 1, keys: ['id 9'], reasons: ['It changed at every look.'] },
          warnings: ['The stream has another reader.'],
        }),
      ),
    );
    for (const text of [
      'The stream was trimmed.',
      'id 7</code> It changed at every look.',
      'PRODUCT#8 / METADATA',
      'id 9',
      'The stream has another reader.',
      '<span>Watch it:</span><code class="command">npm run sync -- --stage prod</code>',
    ])
      expect(page).toContain(text);
    expect(page.match(/Watch it:/g)).toHaveLength(1);
  });

  it('tells a check that failed from the others without its colour', () => {
    const names = (isReady: boolean): readonly string[] => {
      const page = renderSyncReport(syncViewOf(checkedReportOf(isReady)));
      return [...page.matchAll(/<td><span class="pill \w+">([^<]*)/g)].map(([, name = '']) => name);
    };
    expect(names(false)).toEqual(['mapping', 'pending: in the way']);
    expect(names(true)).toEqual(['mapping', 'pending']);
  });

  it('does not say of a compare, or of a sync that has ended, that it follows anything', () => {
    const ended = syncReportOf({ status: 'SWITCHED', finishedAt: '2026-03-01T15:00:00.000Z' });
    expect(renderSyncReport(syncViewOf())).toContain('>What it follows</a>');
    expect(renderSyncReport(syncViewOf(ended))).toContain('>What it followed</a>');
    expect(renderSyncReport(syncViewOf(compareReportOf()))).toContain('>What was compared</a>');
  });

  it('speaks of a compare without a sync as one, without lag', () => {
    const page = renderSyncReport(syncViewOf(compareReportOf()));
    expect(page).toContain('<span>Compare</span>');
    expect(page).not.toContain('lag-heading');
    expect(page).toContain('What differed was only named.');
  });

  it('names some keys of each kind that a compare without a sync has found', () => {
    const compared = comparedOf({ repairs: false, differing: 3, foreign: 1 });
    const keys = {
      repaired: [],
      conflicts: [],
      quarantined: [],
      expired: [],
      differing: ['id 7'],
      foreign: ['BANNER / 1'],
    };
    const result = { run: {} as Run, compared, keys };
    const page = renderSyncReport(syncViewOf(compareReportOf({ compared }), { result }));
    expect(page).toContain('Different (3)</dt><dd><code>id 7</code>');
    expect(page).toContain('Of no source item (1)</dt><dd><code>BANNER / 1</code>');
    expect(page).not.toContain('Repaired (');
  });

  it('says so where nothing was followed yet', () => {
    const page = renderSyncReport(syncViewOf(syncReportOf({ minutes: [], compared: null })));
    expect(page).toMatch(
      /<h2 id="lag-heading">.*<\/h2>\s*<p class="lead">No change has been followed yet\.<\/p><\/section>/,
    );
    expect(page).toContain('Source and target have not been compared yet.');
    expect(page).not.toContain('<svg');
  });

  it('shows whatever a product is called as text, and needs no network and no script', () => {
    const keys = { count: 1, keys: [evil], reasons: [evil] };
    const { checks = [] } = checkedReportOf(false);
    const page = renderSyncReport(
      syncViewOf(
        syncReportOf({
          source: { table: evil },
          follows: { runId: evil, tables: [evil] },
          streamArn: evil,
          mappingId: evil,
          gap: { at: 0, reason: evil },
          pending: keys,
          conflicts: keys,
          quarantined: keys,
          differing: keys,
          checks: checks.map((check) => ({ ...check, sentence: evil })),
          freeze: { policy: evil, freeze: evil, cutOver: evil, undo: evil },
          summary: evil,
          nextStep: evil,
          warnings: [evil],
          reportUri: evil,
        }),
        { failure: { error: evil, cause: evil, state: evil } },
      ),
    );
    expect(page).not.toContain('<script');
    expect(page.match(/&lt;script&gt;/g)?.length).toBeGreaterThan(15);
    expect(page.replaceAll(/xmlns(?::\w+)?="[^"]*"/g, '').match(/https?:\/\/|src=|url\(/g)).toBeNull();
  });

  it('uses each id once', () => {
    const page = renderSyncReport(syncViewOf(checkedReportOf(true)));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe('the chart of the lag', () => {
  it('leaves out the time without changes instead of drawing a lag of nothing', () => {
    const chart = lagChart([
      minuteOf('2026-03-01T13:00'),
      minuteOf('2026-03-01T13:01'),
      minuteOf('2026-03-01T13:10'),
    ]);
    const { marks } = chart.plot({ width: 860, isNarrow: false });
    const drawn = marks({ x: (at) => at, y: (at) => at }).join('');
    // Two stretches of two lines each. The first one lasts two minutes.
    expect(drawn.match(/fill-opacity/g)).toHaveLength(4);
    expect(drawn).toContain('M0,0 L0,1.4 L60,1.4 L60,1.4 L120,1.4 L120,0');
    expect(drawn).toContain('M600,0 L600,0.21');
  });

  it('has an axis that fits a lag below a second, and one of minutes', () => {
    const ends = [0.4, 200].map((maxLagSeconds) => {
      const { y } = lagChart([minuteOf('2026-03-01T13:00', { maxLagSeconds })]).plot({
        width: 860,
        isNarrow: false,
      });
      return y.kind === 'values' ? [y.end, y.ticks.at(-1)?.label] : [];
    });
    expect(ends).toEqual([
      [0.5, '500 ms'],
      [240, '4 min'],
    ]);
  });
});
