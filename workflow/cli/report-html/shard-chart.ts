import type { Shard, ShardState } from '../../../functions/shared/ledger/shard.ts';
import { count, duration } from '../../../functions/shared/format.ts';
import { itemsOf } from '../progress.ts';
import type { ShardsByState } from '../run-record.ts';
import { timeAxis, type Timeline, wideMargins } from './axis.ts';
import type { Chart } from './chart.ts';
import { html } from '../../../functions/shared/runs/page/html.ts';
import { bar, type Canvas, type Plot } from './plot.ts';
import { stateColor } from './state-colors.ts';

const maxRows = 40;

interface Bar {
  readonly row: number;
  readonly state: ShardState;
  readonly from: number;
  readonly to: number;
}

/** When each shard was worked on, with a row for each shard and a colour for each Map. */
export function shardChart(shards: ShardsByState, timeline: Timeline): Chart {
  const rows = shownShards(shards);
  const bars = barsOf(shards, rows, timeline.startMillis);
  const total = new Set([...shards.values()].flat().map(({ shard }) => shard)).size;
  const shown = total > rows.length ? `${rows.length} of ${count(total)} shards are shown.` : '';
  return {
    id: 'shards',
    title: 'When each shard was worked on',
    description: `A row for each shard, with a bar for each state that worked on it. ${shown}`.trim(),
    height: () => rows.length * rowHeight(rows) + 34,
    plot: (canvas) => plotOf(bars, rows, timeline, canvas),
    table: html`<table><thead><tr><th scope="col">State</th><th scope="col" class="number">Shard</th><th scope="col" class="number">Began after</th><th scope="col" class="number">Lasted</th><th scope="col" class="number">Calls</th><th scope="col" class="number">Items</th><th scope="col">Finished</th></tr></thead>
      <tbody>${[...shards].map(([state, own]) => own.map((shard) => shardRow(state, shard, timeline.startMillis)))}</tbody></table>`,
  };
}

/**
 * At most forty shards, evenly picked. The picture should show one that lags, and a thousand rows would show nothing.
 */
function shownShards(shards: ShardsByState): readonly number[] {
  const all = [...new Set([...shards.values()].flat().map(({ shard }) => shard))].toSorted((a, b) => a - b);
  const step = Math.max(1, all.length / maxRows);
  return Array.from(
    { length: Math.min(all.length, maxRows) },
    (_, index) => all[Math.floor(index * step)] ?? 0,
  );
}

function barsOf(shards: ShardsByState, rows: readonly number[], startMillis: number): readonly Bar[] {
  const rowByShard = new Map(rows.map((shard, row) => [shard, row]));
  return [...shards].flatMap(([state, own]) =>
    own.flatMap(({ shard, startedAt, updatedAt }) => {
      const row = rowByShard.get(shard);
      const [from, to] = [(startedAt - startMillis) / 1000, (updatedAt - startMillis) / 1000];
      return row === undefined ? [] : [{ row, state, from, to }];
    }),
  );
}

const rowHeight = (rows: readonly number[]): number => (rows.length > 20 ? 13 : rows.length > 8 ? 17 : 21);

function plotOf(bars: readonly Bar[], rows: readonly number[], timeline: Timeline, canvas: Canvas): Plot {
  const height = Math.min(13, rowHeight(rows) - 4);
  const every = Math.ceil(rows.length / 20);
  return {
    margins: { ...(canvas.isNarrow ? { left: 30, right: 34 } : wideMargins), top: 4, bottom: 26 },
    x: timeAxis(timeline, canvas),
    y: { kind: 'rows', names: rows.map(String), every, color: 'var(--faint)', fontSize: 12 },
    marks: ({ x, y }) =>
      bars.map(({ row, state, from, to }) => {
        // Wide enough to be visible.
        const width = Math.max(2, x(to) - x(from));
        const tooltip = `${state}, shard ${rows[row] ?? 0}: ${duration(to - from)}, from ${duration(from)} to ${duration(to)}`;
        return bar(
          { x: x(from), y: y(row) - height / 2, width, height },
          { fill: stateColor(state), tooltip },
        );
      }),
  };
}

function shardRow(state: ShardState, shard: Shard, startMillis: number) {
  const { startedAt, updatedAt, turns, done } = shard;
  return html`<tr><td>${state}</td><td class="number">${shard.shard}</td><td class="number">${duration((startedAt - startMillis) / 1000)}</td><td class="number">${duration((updatedAt - startedAt) / 1000)}</td><td class="number">${count(turns)}</td><td class="number">${count(itemsOf(state, [shard]))}</td><td>${done ? 'yes' : 'no'}</td></tr>`;
}
