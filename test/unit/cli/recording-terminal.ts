import { processTerminal, type Terminal } from '../../../workflow/cli/terminal.ts';

/** What a terminal was written, by the very writer that the commands use. */
export interface RecordingTerminal {
  readonly terminal: Terminal;
  /** Its lines so far. */
  readonly lines: readonly string[];
  readonly text: () => string;
}

/** A terminal that is none: what is written is kept. */
export function recordingTerminal({ isTTY = false, json = false } = {}): RecordingTerminal {
  const lines: string[] = [];
  const written: string[] = [];
  const write = (text: string): boolean => {
    written.push(text);
    lines.push(...text.replace(/\n$/, '').split('\n'));
    return true;
  };
  const stream = { isTTY, columns: 80, write } as unknown as NodeJS.WriteStream;
  const terminal = processTerminal({ json }, { stdout: stream, stderr: stream, hasColors: true });
  return { terminal, lines, text: () => written.join('') };
}
