import { join } from 'node:path';
import type { Command } from 'commander';
import { printableJson, printableLines } from '../../functions/shared/printable.ts';
import type { Tone } from '../../functions/shared/runs/outcome.ts';
import { FAILED, INTERRUPTED } from './exit-codes.ts';
import { type Colors, ownColors } from './own-colors.ts';

/**
 * Where a command writes, and the only place that does. With `--json`, standard output carries the one document and
 * everything else goes to standard error. Control characters that stand in a text are written as `\u001b` and the like;
 * line feeds and our own colours are kept, so a text of foreign origin must come as one line (`printable`).
 */
export interface Terminal {
  readonly json: boolean;
  /** Folder on this machine that gets a folder of each run, with its page. */
  readonly out: string;
  /** Where progress and prose go. */
  readonly stream: NodeJS.WriteStream;
  /** A terminal whose lines can be redrawn; otherwise plain lines are written. */
  readonly isLive: boolean;
  /** Columns; 80 where it is no terminal. */
  readonly width: number;
  readonly colors: Colors;
  /** Before a line: how good the news is. */
  readonly signs: Readonly<Record<Tone, string>>;
  /** A line of prose. */
  readonly say: (text?: string) => void;
  /** A line to standard error. */
  readonly complain: (text: string) => void;
  /** The one JSON document of `--json`. */
  readonly document: (value: unknown) => void;
  /** A text as `say` would write it, for what writes to the stream itself. */
  readonly reveal: (text: string) => string;
  /** Set by what redraws its lines again and again, as long as it does: writes a line above them. */
  above?: ((line: string) => void) | undefined;
}

const RUNS_FOLDER = join('.local', 'runs');

/** Where a terminal's words go. */
export interface TerminalStreams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  /** Default: where terminal and environment (`NO_COLOR`, `TERM`) allow colours. */
  readonly hasColors?: boolean;
}

/** The process's own terminal. Colours only where `NO_COLOR` and the like allow them. */
export function processTerminal(
  options: { readonly json?: boolean | undefined; readonly out?: string | undefined } = {},
  { stdout, stderr, hasColors }: TerminalStreams = process,
): Terminal {
  const json = options.json === true;
  const stream = json ? stderr : stdout;
  const isLive = stream.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined;
  const { colors, reveal } = ownColors(stream.isTTY && (hasColors ?? stream.hasColors()));
  const terminal: Terminal = {
    json,
    out: options.out ?? RUNS_FOLDER,
    stream,
    isLive,
    width: stream.columns || 80,
    colors,
    signs: { good: colors.green('✔'), notice: colors.yellow('▲'), bad: colors.red('✖') },
    say: (text = '') => void stream.write(`${reveal(text)}\n`),
    complain(text) {
      const isSameScreen = isLive && stderr.isTTY;
      if (isSameScreen && terminal.above !== undefined) terminal.above(reveal(text));
      // A line that is written over is cleared first: its end would stand behind a shorter text.
      else stderr.write(`${isSameScreen ? CLEAR_LINE : ''}${reveal(text)}\n`);
    },
    document: (value) => void stdout.write(`${printableJson(value)}\n`),
    reveal,
  };
  return terminal;
}

const CLEAR_LINE = '\r\u001b[K';

/**
 * Ends the command as Ctrl-C does once its output goes nowhere, because the reader has gone, as `head` does, or the disk
 * is full: nobody would see how it goes on. What the command has started on AWS goes on without it.
 */
export function endOnLostOutput(): void {
  for (const stream of [process.stdout, process.stderr])
    if (stream.listenerCount('error', onWriteError) === 0) stream.on('error', onWriteError);
}

let isOutputLost = false;

function onWriteError(error: NodeJS.ErrnoException): void {
  // Every further line fails as well, and a second Ctrl-C would end the command at once.
  if (isOutputLost) return;
  isOutputLost = true;
  const isGone = error.code === 'EPIPE';
  if (!isGone)
    process.stderr.write(
      `The output cannot be written (${error.message}), so the command ends here. What it has started on AWS goes on.\n`,
    );
  if (!process.emit('SIGINT')) process.exit(isGone ? INTERRUPTED : FAILED);
}

/** Lets a command's own help and complaints, which repeat what was typed, go the same way. */
export function escapeOutput(command: Command): void {
  command.configureOutput({
    writeOut: (text) => void process.stdout.write(printableLines(text)),
    writeErr: (text) => void process.stderr.write(printableLines(text)),
  });
}
