import type { Recording } from '../integration/cli/run-command.ts';

/** How a recording is called where it is played. */
export interface CastHead {
  readonly title: string;
  /** Epoch milliseconds. */
  readonly recordedAt: number;
}

const ROWS = 30;

/**
 * A recording as asciicast v2, which asciinema plays: a line of JSON for the terminal, and one for each output.
 *
 * @see https://docs.asciinema.org/manual/asciicast/v2/
 */
export function asciicast({ columns, writes }: Recording, { title, recordedAt }: CastHead): string {
  const header = {
    version: 2,
    width: columns,
    height: ROWS,
    timestamp: Math.floor(recordedAt / 1_000),
    title,
    env: { TERM: 'xterm-256color' },
  };
  // A terminal of the kernel turns line feeds into both characters.
  const events = writes.map(([seconds, text]) => [
    Number(seconds.toFixed(3)),
    'o',
    text.replaceAll('\n', '\r\n'),
  ]);
  return [header, ...events].map((line) => `${JSON.stringify(line)}\n`).join('');
}
