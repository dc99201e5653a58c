import cliProgress, { type MultiBar, type SingleBar } from 'cli-progress';
import { shorten } from '../../functions/shared/text.ts';
import { count, counted, duration } from '../../functions/shared/format.ts';
import type { Progress, StageProgress } from './progress.ts';
import type { Terminal } from './terminal.ts';
import { fit } from './wrap.ts';

/** Shows progress during a run. */
export interface ProgressView {
  show(progress: Progress): void;
  /** Leaves the terminal as it was; what was shown stays. */
  end(): void;
}

/** Bars where lines can be redrawn, plain lines elsewhere. */
export function progressView(terminal: Terminal, now: () => number = Date.now): ProgressView {
  return terminal.isLive ? barsView(terminal, now) : linesView(terminal, now);
}

/** Rate, and time taken or left: `4,120/s  3.1 s left`. */
export function pace(stage: StageProgress): string {
  if (stage.isDone) return `done in ${duration(stage.seconds)}`;
  const rate = stage.itemsPerSecond === 0 ? '' : `${count(stage.itemsPerSecond)}/s`;
  const left = stage.secondsLeft === undefined ? '' : `${duration(stage.secondsLeft)} left`;
  return [rate, left].filter((part) => part !== '').join(', ');
}

/** `3,000 of 5,000`, or `3,000` without a total. */
function amount({ items, itemsNow, total, isDone }: StageProgress): string {
  return isDone || total <= items ? count(items) : `${count(itemsNow)} of ${count(total)}`;
}

/** `MigrateProducts, step 7 of 9, throttled 3 times`; with `now`, how long the run has gone on as well. */
function statusLine(progress: Progress, now?: number): string {
  const { state, step, startedAt, paused, throttles, quarantined } = progress;
  const parts = [
    state ?? 'starting',
    // First, because the end of the line may not fit.
    paused ?? '',
    step === undefined ? '' : `step ${step.number} of ${step.of}`,
    startedAt === undefined || now === undefined ? '' : soFar(progress, (now - startedAt) / 1_000),
    throttles > 0 ? `throttled ${counted(throttles, 'time')}` : '',
    quarantined > 0 ? `${count(quarantined)} in quarantine` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** A clock that ticks, until the end. */
function soFar({ endedAfter }: Progress, seconds: number): string {
  if (endedAfter !== undefined) return `ended after ${duration(endedAfter)}`;
  return `${duration(Math.floor(seconds)).replace('.0 s', ' s')} so far`;
}

/** A stage as it is this many seconds after it was looked at, if it goes on as it did. */
function after(stage: StageProgress, seconds: number): StageProgress {
  const { isDone, itemsNow, itemsPerSecond, secondsLeft, total } = stage;
  if (isDone || secondsLeft === undefined) return stage;
  return {
    ...stage,
    itemsNow: Math.min(total, Math.round(itemsNow + itemsPerSecond * seconds)),
    secondsLeft: Math.max(0, secondsLeft - seconds),
  };
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
  paused: string | undefined;
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
  const shown: Shown = { recent: [], finished: new Set(), paused: undefined, lineAt: 0 };
  const line = (text: string): void => {
    shown.lineAt = now();
    terminal.say(`${new Date(now()).toISOString().slice(11, 19)}  ${text}`);
  };
  const stageLine = (stage: StageProgress): void =>
    line(
      [`${stage.state.padEnd(16)} ${amount(stage)} ${stage.total === 1 ? 'item' : 'items'}`, pace(stage)]
        .filter((part) => part !== '')
        .join(', '),
    );
  const show = (progress: Progress): void => {
    const ended = progress.stages.filter(({ state, isDone }) => isDone && !shown.finished.has(state));
    for (const stage of ended) {
      shown.finished.add(stage.state);
      stageLine(stage);
    }
    const { paused } = progress;
    if (isNews(shown, progress.state) || paused !== shown.paused) line(statusLine(progress));
    shown.paused = paused;
    const current = progress.stages.find(({ state, isDone }) => !isDone && state === progress.state);
    if (current !== undefined && now() - shown.lineAt >= lineEveryMillis) stageLine(current);
  };
  return { show, end: () => undefined };
}

/** Written anew at every redrawing, so that clocks and bars go on between two looks. */
type Line = () => string;

/** cli-progress with one line of text for each bar, written by us. */
function createMultiBar(terminal: Terminal): MultiBar {
  return new cliProgress.MultiBar({
    stream: terminal.stream,
    hideCursor: true,
    gracefulExit: false,
    fps: 8,
    format: (_options, _params, payload: { readonly line: Line }) => terminal.reveal(payload.line()),
  });
}

/** A line of a bar with its items needs this many columns. */
const WIDE_COLUMNS = 84;
/** One without them needs this many for its bar. What is too long for a terminal would end in its own last letter. */
const BAR_COLUMNS = 56;

/** `━━━━━────`. */
function drawBar({ colors, width }: Terminal, fraction: number): string {
  const length = Math.max(10, Math.min(30, width - 66));
  const filled = Math.round(length * Math.min(1, fraction));
  return colors.cyan('━'.repeat(filled)) + colors.dim('─'.repeat(length - filled));
}

/** Sign, name, bar, items and pace of a Map; one that was left unfinished is marked as failed. */
function stageText(terminal: Terminal, stage: StageProgress, current: string | undefined): string {
  const { colors, signs, width } = terminal;
  const isOver = !stage.isDone && current !== undefined && current !== stage.state;
  const mark = stage.isDone ? signs.good : isOver ? signs.bad : colors.cyan('●');
  const fraction = stage.isDone ? 1 : stage.itemsNow / Math.max(1, stage.total);
  const done =
    width < WIDE_COLUMNS ? `${Math.floor(fraction * 100)} %`.padStart(5) : amount(stage).padEnd(18);
  const speed = isOver ? '' : colors.dim(width < WIDE_COLUMNS ? timeOf(stage) : pace(stage));
  const bar = width < BAR_COLUMNS ? '' : ` ${drawBar(terminal, fraction)}`;
  return `  ${mark} ${stage.state.padEnd(17)}${bar} ${done} ${speed}`;
}

/** What of a stage's pace fits a narrow terminal. */
function timeOf(stage: StageProgress): string {
  if (stage.isDone) return duration(stage.seconds);
  return stage.secondsLeft === undefined ? '' : `${duration(stage.secondsLeft)} left`;
}

/** Shows the cursor, and lets long lines take several rows again. */
const USUAL_TERMINAL = '\u001b[?25h\u001b[?7h';

/** The current state on top, a bar a Map below. */
function barsView(terminal: Terminal, now: () => number): ProgressView {
  const bars = new Map<string, SingleBar>();
  const multi = createMultiBar(terminal);
  // A second Ctrl-C ends the process at once.
  const restore = (): void => void terminal.stream.write(`\n${USUAL_TERMINAL}`);
  const begin = (): void => {
    terminal.above = (line) => {
      multi.log(`${fit(terminal, line)}\n`);
      multi.update();
    };
    process.once('exit', restore);
  };
  const put = (name: string, line: Line): void => {
    if (bars.size === 0) begin();
    const existing = bars.get(name);
    if (existing === undefined) bars.set(name, multi.create(1, 0, { line }));
    existing?.update(0, { line });
  };
  const end = (): void => {
    if (bars.size > 0) multi.stop();
    terminal.above = undefined;
    process.removeListener('exit', restore);
  };
  const show = (progress: Progress): void => {
    const at = now();
    const width = terminal.width - 2;
    put('', () => `  ${terminal.colors.bold(shorten(statusLine(progress, now()), width))}`);
    for (const stage of progress.stages)
      put(stage.state, () => stageText(terminal, after(stage, (now() - at) / 1_000), progress.state));
    multi.update();
  };
  return { show, end };
}
