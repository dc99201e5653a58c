import picocolors from 'picocolors';
import type { Terminal } from '../../../workflow/cli/terminal.ts';

/** A terminal that is none: its lines are kept. */
export function recordingTerminal(): { readonly terminal: Terminal; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const say = (text = ''): void => void lines.push(...text.split('\n'));
  const terminal: Terminal = {
    json: false,
    stream: process.stdout,
    isLive: false,
    width: 80,
    colors: picocolors.createColors(false),
    say,
    complain: say,
    document: (value) => say(JSON.stringify(value)),
  };
  return { terminal, lines };
}
