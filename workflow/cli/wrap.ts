import { COMMAND_IN_TEXT } from '../../functions/shared/commands.ts';
import type { Terminal } from './terminal.ts';

/** A command to paste counts as one word. */
const WORD = new RegExp(`(?:${COMMAND_IN_TEXT}|[^ ])+`, 'g');

/** Breaks text at spaces into lines of at most `width`, each but the first indented; a long word stays whole. */
export function wrap(
  text: string,
  { width, indent }: { readonly width: number; readonly indent: number },
): string {
  const lines: string[] = [];
  for (const [word] of text.matchAll(WORD)) {
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + word.length <= width - indent)
      lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Wrapped where there is a terminal; whole in a file, for grep. */
export function fit({ isLive, width }: Pick<Terminal, 'isLive' | 'width'>, text: string, indent = 0): string {
  return isLive ? wrap(text, { width, indent }) : text;
}
