import type { FreezeCommands, SyncCheck, SyncReport } from '../../../functions/shared/runs/sync-report.ts';
import type { Terminal } from '../terminal.ts';
import { cutOverSteps, freezeSteps } from '../../../functions/shared/runs/cutover-guide.ts';

/** What an operator reads before a cut over: checks, steps, and how to freeze the source. Nothing in it is wrapped. */
export function sayCutOver(terminal: Terminal, report: SyncReport, { checks, freeze }: CutOverFacts): void {
  sayPart(
    terminal,
    'Checks',
    checks.map(({ ok, sentence }) => `${terminal.signs[ok ? 'good' : 'bad']} ${sentence}`),
  );
  sayPart(terminal, 'What a cut over does', cutOverSteps(report).map(numbered));
  if (freeze === undefined) return;
  const steps = freezeSteps(report, freeze).flatMap(({ text, command }, index) => [
    numbered(text, index),
    ...(command === undefined ? [] : [`   ${terminal.colors.cyan(command)}`]),
  ]);
  sayPart(terminal, `How to freeze ${report.source.table}`, steps);
}

interface CutOverFacts {
  readonly checks: readonly SyncCheck[];
  readonly freeze: FreezeCommands | undefined;
}

const numbered = (text: string, index: number): string => `${index + 1}. ${text}`;

function sayPart({ colors, say }: Terminal, heading: string, lines: readonly string[]): void {
  say(colors.bold(heading));
  for (const line of lines) say(`  ${line}`);
  say();
}
