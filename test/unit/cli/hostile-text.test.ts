import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  printable,
  printableAll,
  printableJson,
  printableLines,
} from '../../../functions/shared/printable.ts';
import type { Report } from '../../../functions/shared/runs/report.ts';
import type { ReportView } from '../../../workflow/cli/collect-report.ts';
import type { SyncReportView } from '../../../workflow/cli/sync/collect-sync.ts';
import { sayChecks } from '../../../workflow/cli/connection-check.ts';
import { sayPlan } from '../../../workflow/cli/plan-summary.ts';
import { tableText } from '../../../workflow/cli/plain-table.ts';
import { renderReport } from '../../../workflow/cli/report-html/render-report.ts';
import { renderSyncReport } from '../../../workflow/cli/report-html/render-sync-report.ts';
import { createChecklist } from '../../../workflow/cli/smoke/checklist.ts';
import { printSummary } from '../../../workflow/cli/summary.ts';
import { recordingTerminal } from './recording-terminal.ts';
import { saySync } from '../../../workflow/cli/sync/finish-sync.ts';
import * as fixtures from './report-fixtures.ts';
import { syncReportOf, syncViewOf } from './sync-fixtures.ts';
import { expectHarmless, HOSTILE, hostileTexts } from '../../support/hostile-texts.ts';

const plan = {
  segments: [0],
  shards: [0],
  workers: 1,
  itemsPerFile: 4_000,
  readUnitsPerSecond: 0,
  writeUnitsPerSecond: 0,
  estimatedProducts: 5,
  estimatedBytes: 5_000,
  estimate: { seconds: 1, dollars: 1 },
  warnings: [],
};

/** A report in which every text that comes from data, from a person or from a service is this one. */
function hostileReport(text: string): Report {
  const keys = [text, `${text} / ${text}`];
  return fixtures.reportOf({
    status: 'ROLLED_BACK',
    source: { table: text, products: 1, bytes: 1 },
    backup: { backupId: text, uri: text, files: 1, items: 1 },
    tables: [
      { name: text, outcome: 'DELETED', remark: text },
      { name: text, outcome: 'KEPT', remark: text },
    ],
    migrated: { ...fixtures.reportOf().migrated, quarantined: 2 },
    failure: { error: text, cause: text, state: text, nextStep: text },
    warnings: [text, `cart: ${text}`, `orders: ${text}`],
    quarantine: [{ productId: text, code: text, sentence: text }],
    quarantineUri: text,
    mismatches: { missing: keys, different: keys, extra: keys, changedSince: keys, keptChanged: keys },
    driftKeys: { added: keys, changed: keys, removed: keys },
    executionArn: text,
    reportUri: text,
    parameters: {
      dryRun: false,
      onFailure: 'rollback',
      maxQuarantined: 0,
      onExisting: 'keep',
      maxConcurrency: 1,
      note: text,
    },
    rehearsal: { products: 1, metadata: 1, variants: 1, quarantined: 2, targetBytes: 1 },
  });
}

const hostileView = (text: string): ReportView => ({
  stage: text,
  machine: { StartAt: text, States: { [text]: { Type: text } } },
  report: hostileReport(text),
  path: [
    {
      state: text,
      type: 'Task',
      enteredAt: fixtures.startMillis,
      leftAt: fixtures.startMillis + 5,
      outcome: 'failed',
    },
  ],
  shards: new Map(),
});

/** The same of a sync. */
function hostileSync(text: string): SyncReportView {
  const keys = { count: 2, keys: [text, text], reasons: [text, text] };
  return syncViewOf(
    syncReportOf({
      runId: text,
      source: { table: text },
      follows: { runId: text, tables: [text] },
      streamArn: text,
      mappingId: text,
      gap: { at: 0, reason: text },
      pending: keys,
      conflicts: keys,
      quarantined: keys,
      differing: keys,
      checks: [{ what: text, ok: false, sentence: text }],
      freeze: { policy: text, freeze: text, cutOver: text, undo: text },
      summary: text,
      nextStep: text,
      warnings: [text],
      reportUri: text,
    }),
    { failure: { error: text, cause: text, state: text } },
  );
}

const cases = { numRuns: 60 };

describe('a text that a terminal or a browser would obey', () => {
  it('is shown with its code instead, in one line, and stays the same when that is done twice', () => {
    expect(printable('a\u001b[31mb\nc\u202ed\u0000\u009b\u2028\ud83d\u{e0041}\t🧵👩‍👩‍👧 हल्दी')).toBe(
      'a\\u001b[31mb\\nc\\u202ed\\u0000\\u009b\\u2028\\ud83d\\u{e0041}\\t🧵👩‍👩‍👧 हल्दी',
    );
    fc.assert(
      fc.property(hostileTexts, (text) => {
        expectHarmless(printable(text));
        expect(printable(text)).not.toContain('\n');
        expect(printable(printable(text))).toBe(printable(text));
        expect(printableLines(text).split('\n').map(printable).join('\n')).toBe(printableLines(text));
      }),
    );
  });

  it('is escaped in JSON, which says the same as before', () => {
    fc.assert(
      fc.property(fc.dictionary(hostileTexts, fc.array(hostileTexts)), (value) => {
        const text = printableJson(value);
        expectHarmless(text);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('is escaped everywhere in a value, in the names and in what a map holds', () => {
    const value = printableAll({ '\n': ['\u202e', 1, null, new Map([['\u001b', { a: '\r' }]])] });
    expect(value).toEqual({ '\\n': ['\\u202e', 1, null, new Map([['\\u001b', { a: '\\r' }]])] });
  });
});

describe('the terminal', () => {
  it('writes our own colours and nobody else’s', () => {
    const { terminal, text } = recordingTerminal({ isTTY: true });
    terminal.say(`${terminal.colors.red('ours')} \u001b[31mtheirs\u001b[39m\u202e`);
    expect(text()).toBe('\u001b[31mours\u001b[39m \\u001b[31mtheirs\\u001b[39m\\u202e\n');
  });

  it('writes a painted cell of a table as its text and two colours', () => {
    const { terminal, text } = recordingTerminal({ isTTY: true });
    const { green } = terminal.colors;
    terminal.say(tableText(terminal, [{ name: 'Status', paint: green }, { name: 'Items' }], [['HELD', '1']]));
    expect(text()).toBe(
      '  \u001b[2mStatus\u001b[22m  \u001b[2mItems\u001b[22m\n  \u001b[32mHELD\u001b[39m    1\n',
    );
  });

  it('writes no colour at all when there is no terminal', () => {
    const { terminal, text } = recordingTerminal();
    terminal.say(terminal.colors.red('plain'));
    expect(text()).toBe('plain\n');
  });

  it.each([true, false])(
    'is never obeyed, whatever a report, a plan, a check or a list says (colours: %s)',
    (isTTY) => {
      fc.assert(
        fc.property(hostileTexts, (text) => {
          const recorded = recordingTerminal({ isTTY });
          const { terminal } = recorded;
          const report = hostileReport(text);
          printSummary(terminal, report);
          saySync(terminal, hostileSync(text));
          sayPlan(terminal, { plan, region: 'ap-southeast-2', rupeesPerDollar: 88, report });
          sayChecks({ checks: [{ name: text, outcome: 'stop', sentence: text }] }, terminal);
          terminal.say(tableText(terminal, [{ name: 'Note', paint: terminal.colors.red }], [[text]]));
          terminal.complain(text);
          terminal.document({ [text]: text });
          expectHarmless(recorded.text(), { isTTY });
        }),
        cases,
      );
    },
  );

  it('gets as many lines as it would for a harmless text', () => {
    const linesFor = (text: string): number => {
      const { terminal, lines } = recordingTerminal();
      // What to do now is a text of our own that has lines.
      const report = { ...hostileReport(text), nextStep: 'x' };
      printSummary(terminal, report);
      const sync = hostileSync(text);
      saySync(terminal, { ...sync, report: { ...sync.report, nextStep: 'x' } });
      sayChecks({ checks: [{ name: text, outcome: 'stop', sentence: text }] }, terminal);
      terminal.say(tableText(terminal, [{ name: 'Note' }], [[text]]));
      return lines.length;
    };
    const split = HOSTILE.filter((text) => linesFor(`x${text}`) !== linesFor('x'));
    expect(split).toEqual([]);
  });

  it('shows what a step of the smoke test came upon in one line', async () => {
    const recorded = recordingTerminal({ isTTY: true });
    const list = createChecklist(recorded.terminal, {});
    await list.always('step', () => Promise.reject(new Error(`\u001b[2Jgone\nfaked: ${HOSTILE.join('')}`)));
    expectHarmless(recorded.text(), { isTTY: true });
    expect(recorded.lines).toHaveLength(2);
  });
});

describe('the page', () => {
  it('is never obeyed either: not in its title, its tables or its pictures', () => {
    fc.assert(
      fc.property(hostileTexts, (text) => {
        const page = renderReport(hostileView(text));
        expectHarmless(page);
        expect(page).not.toMatch(/<(?:script|img|b onclick)/i);
        const syncPage = renderSyncReport(hostileSync(text));
        expectHarmless(syncPage);
        expect(syncPage).not.toMatch(/<(?:script|img|b onclick)/i);
      }),
      cases,
    );
  });

  it('has a hostile run id as text in its title', () => {
    const report = fixtures.reportOf({ runId: '</title><script>alert(1)</script>\u202e' });
    const page = renderReport({ report, path: [], shards: new Map(), stage: 'prod' });
    expect(/<title>(.*)<\/title>/.exec(page)?.[1]).toBe(
      'Succeeded: &lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u202e',
    );
  });
});
