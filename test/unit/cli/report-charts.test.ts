import { describe, expect, it } from 'vitest';
import { withoutAwayTime } from '../../../workflow/cli/report-html/away-time.ts';
import { timelineOf, timeStep } from '../../../workflow/cli/report-html/axis.ts';
import { chartFigure } from '../../../workflow/cli/report-html/chart.ts';
import { pathChart } from '../../../workflow/cli/report-html/path-chart.ts';
import { rateChart } from '../../../workflow/cli/report-html/rate-chart.ts';
import { rateSeries } from '../../../workflow/cli/report-html/rate-series.ts';
import { stateColor } from '../../../workflow/cli/report-html/state-colors.ts';
import { failedView, largeView, reportOf, smallView, startMillis } from './report-fixtures.ts';

describe('timelineOf', () => {
  it('holds the whole way and every worker, so that all pictures begin and end together', () => {
    expect(timelineOf(failedView())).toEqual({ startMillis, seconds: 82 });
  });

  it('begins with the workers of a run that was resumed', () => {
    const later = smallView().path.map((one) => ({
      ...one,
      enteredAt: one.enteredAt + 60_000,
      leftAt: one.leftAt + 60_000,
    }));
    const { startMillis: start, seconds } = timelineOf({ ...smallView(), path: later });
    expect(start).toBe(startMillis + 500);
    expect(seconds).toBeCloseTo(63.7);
  });

  it('has a length when nothing is known', () => {
    expect(timelineOf({ report: reportOf(), path: [], shards: new Map() }).seconds).toBeGreaterThan(0);
  });
});

describe('pathChart', () => {
  it('draws a loop in one row for each of its states, however often it turns', () => {
    const states = Array.from({ length: 40 }, () => ['SettlePending', 'Drain', 'WaitForQuiet']).flat();
    const path = [...states, 'BeginSwitching'].map((state, index) => ({
      state,
      type: 'Task',
      enteredAt: startMillis + index * 1_000,
      leftAt: startMillis + index * 1_000 + 1_000,
      outcome: 'done' as const,
    }));
    const { plot, description } = pathChart(path, { startMillis, seconds: 121 });
    expect(plot({ isNarrow: false, width: 700 }).y).toMatchObject({
      names: ['SettlePending', 'Drain', 'WaitForQuiet', 'BeginSwitching'],
    });
    expect(description).toBe('The execution took 2 min 1 s, the longest part in SettlePending (40 s).');
  });
});

describe('pathChart of a long way', () => {
  it('draws its first rows, and says how long all of it was and what failed', () => {
    const path = Array.from({ length: 36 }, (_, index) => ({
      state: `State${index}`,
      type: 'Task',
      enteredAt: startMillis + index * 1_000,
      leftAt: startMillis + index * 1_000 + (index === 34 ? 3_000 : 1_000),
      outcome: index === 35 ? ('failed' as const) : ('done' as const),
    }));
    const { plot, description } = pathChart(path, { startMillis, seconds: 37 });
    expect(plot({ isNarrow: false, width: 700 }).y).toHaveProperty('names.length', 30);
    expect(description).toBe(
      'The execution took 37 s, the longest part in State34 (3.0 s); State35 failed. The first 30 of 36 rows are shown.',
    );
  });
});

describe('rateChart', () => {
  it('has one row in its table for as long as a Map keeps its rate', () => {
    const intervals = [200, 200.2, 90].map((itemsPerSecond, index) => ({
      from: index,
      to: index + 1,
      itemsPerSecond,
    }));
    const { table } = rateChart([{ state: 'BackupProducts', intervals }], { startMillis, seconds: 3 });
    const rows = String(table).match(/<td class="number">.*?(?=<\/tr>)/g) ?? [];
    expect(
      rows.map((row) =>
        row
          .replace(/<[^>]*>/g, ' ')
          .trim()
          .split(/ {2,}/),
      ),
    ).toEqual([
      ['0.0 s', '2.0 s', '200'],
      ['2.0 s', '3.0 s', '90'],
    ]);
  });
});

describe('the rate of a slow Map', () => {
  it('is not said to be 0', () => {
    const intervals = [0.25, 9.44, 12.3].map((itemsPerSecond, index) => ({
      from: index,
      to: index + 1,
      itemsPerSecond,
    }));
    const of = (count: number) =>
      rateChart([{ state: 'MigrateProducts', intervals: intervals.slice(0, count) }], {
        startMillis,
        seconds: 3,
      });
    expect([1, 2, 3].map((count) => of(count).description)).toEqual([
      'MigrateProducts reached 0.25 a second.',
      'MigrateProducts reached 9.4 a second.',
      'MigrateProducts reached 12 a second.',
    ]);
    expect(String(of(1).table)).toContain('<td class="number">0.25</td></tr>');
  });
});

describe('stateColor', () => {
  it('tells the passes of one run apart', () => {
    const states = [
      'BackupProducts',
      'TransformProducts',
      'MigrateProducts',
      'VerifyMigration',
      'CompareByKey',
      'RollBack',
    ];
    expect(new Set(states.map(stateColor)).size).toBe(states.length);
  });
});

describe('rateSeries', () => {
  it('adds up to the items that were handled', () => {
    for (const { state, intervals } of rateSeries(largeView().shards, startMillis)) {
      const items = intervals.reduce(
        (sum, { from, to, itemsPerSecond }) => sum + (to - from) * itemsPerSecond,
        0,
      );
      const expected = { BackupProducts: 5_000, TransformProducts: 5_000, MigrateProducts: 25_000 };
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

describe('withoutAwayTime', () => {
  it('closes the days in which a run was held, and keeps a band that says how long that was', () => {
    const DAY = 86_400_000;
    const view = smallView();
    const end = Math.max(...view.path.map(({ leftAt }) => leftAt));
    const held = {
      state: 'Held',
      type: 'Away',
      enteredAt: end,
      leftAt: end + DAY,
      outcome: 'done',
      awaySeconds: 86_400,
    } as const;
    const back = {
      state: 'RollBack',
      type: 'Task',
      enteredAt: end + DAY,
      leftAt: end + DAY + 2_000,
      outcome: 'done',
    } as const;
    const closed = withoutAwayTime({ ...view, path: [...view.path, held, back] });
    expect(closed.path.at(-2)).toMatchObject({ enteredAt: end, leftAt: end, awaySeconds: 86_400 });
    expect(closed.path.at(-1)).toMatchObject({ enteredAt: end, leftAt: end + 2_000 });
    expect(timelineOf(closed).seconds).toBeCloseTo(timelineOf(view).seconds + 2, 6);
    const again = { ...back, enteredAt: back.leftAt, leftAt: back.leftAt + 1_000 };
    const before = { ...back, enteredAt: end - 1_000, leftAt: end };
    const chart = pathChart([before, ...closed.path.slice(-2), again], timelineOf(closed));
    expect(chart.plot({ isNarrow: false, width: 700 }).y).toMatchObject({
      names: ['RollBack', 'Held', 'RollBack'],
    });
    expect(chartFigure(chart).toString()).toContain('Held for 24 h');
    const { table } = pathChart(closed.path, timelineOf(closed));
    expect(table.toString()).toMatch(
      /<td>Held<\/td><td>Away<\/td><td[^>]*>[^<]*<\/td><td class="number">24 h<\/td>/,
    );
  });

  it('leaves a run alone that one execution has worked on', () => {
    const view = smallView();
    expect(withoutAwayTime(view)).toBe(view);
  });
});
