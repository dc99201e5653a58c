import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import { count, counted, duration } from './format.ts';
import type { Progress, StageProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Shows progress during a run. */
export interface ProgressView {
  show(progress: Progress): void;
  /** Leaves the terminal as it was; what was shown stays. */
  end(): void;
}

/** Bars where lines can be redrawn, plain lines elsewhere. */
export function progressView(terminal: Terminal, now: () => number = Date.now): ProgressView {
  return terminal.isLive ? barsView(terminal) : linesView(terminal, now);
}

/** Rate, and time taken or left: `4,120/s  3.1 s left`. */
export function pace(stage: StageProgress): string {
  if (stage.isDone) return `done in ${duration(stage.seconds)}`;
  const rate = `${count(stage.itemsPerSecond)}/s`;
  return stage.secondsLeft === undefined ? rate : `${rate}, ${duration(stage.secondsLeft)} left`;
}

/** `3,000 of 5,000`, or `3,000` without a total. */
function amount({ items, total, isDone }: StageProgress): string {
  return isDone || total <= items ? count(items) : `${count(items)} of ${count(total)}`;
}

/** The line under the bars. */
function statusLine({ state, throttles, quarantined }: Progress): string {
  const throttled = throttles > 0 ? `, throttled ${counted(throttles, 'time')}` : '';
  const set = quarantined > 0 ? `, ${count(quarantined)} in quarantine` : '';
  return `${state ?? 'starting'}${throttled}${set}`;
}

/** One line that is written over: `12 of 40 files`. Nothing where lines cannot be redrawn. */
export function countingLine(
  { isLive, stream, colors, reveal }: Terminal,
  noun: string,
): (done: number, total: number) => void {
  return (done, total) => {
    const line = colors.dim(`${count(done)} of ${counted(total, noun)}`);
    if (isLive) stream.write(`\r${reveal(line)}${done === total ? '\n' : ''}`);
  };
}

const lineEveryMillis = 5_000;

/** As many states as the longest loop has: Drain, SettlePending and WaitForQuiet. */
const LOOP_STATES = 3;

interface Shown {
  /** The states that were said last. */
  recent: readonly (string | undefined)[];
  readonly finished: Set<string>;
  lineAt: number;
}

/** Whether a state is to be said: a loop's states are not said at every turn. */
function isNews(shown: Shown, state: string | undefined): boolean {
  if (shown.recent.includes(state)) return false;
  shown.recent = [...shown.recent, state].slice(-LOOP_STATES);
  return true;
}

/** A line for each state that begins, for each Map that ends, and every five seconds for the current Map. */
function linesView(terminal: Terminal, now: () => number): ProgressView {
  const shown: Shown = { recent: [], finished: new Set(), lineAt: 0 };
  const line = (text: string): void => {
    shown.lineAt = now();
    terminal.say(`${new Date(now()).toISOString().slice(11, 19)}  ${text}`);
  };
  const stageLine = (stage: StageProgress): void =>
    line(
      `${stage.state.padEnd(16)} ${amount(stage)} ${stage.total === 1 ? 'item' : 'items'}, ${pace(stage)}`,
    );
  const show = (progress: Progress): void => {
    const ended = progress.stages.filter(({ state, isDone }) => isDone && !shown.finished.has(state));
    for (const stage of ended) {
      shown.finished.add(stage.state);
      stageLine(stage);
    }
    if (isNews(shown, progress.state)) line(statusLine(progress));
    const current = progress.stages.find(({ state, isDone }) => !isDone && state === progress.state);
    if (current !== undefined && now() - shown.lineAt >= lineEveryMillis) stageLine(current);
  };
  return { show, end: () => undefined };
}

type Line = (fraction: number) => string;

/** cli-progress with one line of text for each bar, written by us. */
function createMultiBar(terminal: Terminal): MultiBar {
  return new cliProgress.MultiBar({
    stream: terminal.stream,
    hideCursor: true,
    gracefulExit: false,
    fps: 8,
    format: (_options, params, payload: { readonly line: Line }) =>
      terminal.reveal(payload.line(params.total === 0 ? 0 : params.value / params.total)),
  });
}

/** `━━━━━────`. */
function drawBar({ colors, width }: Terminal, fraction: number): string {
  const length = Math.max(10, Math.min(30, width - 66));
  const filled = Math.round(length * Math.min(1, fraction));
  return colors.cyan('━'.repeat(filled)) + colors.dim('─'.repeat(length - filled));
}

/** Sign, name, bar, items and pace of a Map; one that was left unfinished is marked as failed. */
function stageText(terminal: Terminal, stage: StageProgress, current: string | undefined): Line {
  const { colors, signs } = terminal;
  const isOver = !stage.isDone && current !== undefined && current !== stage.state;
  const mark = stage.isDone ? signs.good : isOver ? signs.bad : colors.cyan('●');
  const text = `${amount(stage).padEnd(18)} ${isOver ? '' : colors.dim(pace(stage))}`;
  return (fraction) => `  ${mark} ${stage.state.padEnd(16)} ${drawBar(terminal, fraction)} ${text}`;
}

/** The current state on top, a bar a Map below. */
function barsView(terminal: Terminal): ProgressView {
  const bars = new Map<string, SingleBar>();
  const multi = createMultiBar(terminal);
  const put = (name: string, of: { readonly total: number; readonly value: number }, line: Line): void => {
    const existing = bars.get(name);
    if (existing === undefined) bars.set(name, multi.create(of.total, of.value, { line }));
    existing?.setTotal(of.total);
    existing?.update(of.value, { line });
  };
  const show = (progress: Progress): void => {
    put('', { total: 1, value: 1 }, () => `  ${terminal.colors.bold(statusLine(progress))}`);
    for (const stage of progress.stages) {
      const total = Math.max(1, stage.total);
      const value = stage.isDone ? total : stage.items;
      put(stage.state, { total, value }, stageText(terminal, stage, progress.state));
    }
    multi.update();
  };
  return { show, end: () => multi.stop() };
}
