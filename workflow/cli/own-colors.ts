import { randomInt } from 'node:crypto';
import { styleText } from 'node:util';
import { printableLines } from '../../functions/shared/printable.ts';

const STYLES = ['bold', 'dim', 'red', 'green', 'yellow', 'cyan'] as const;

/** Paints a text. Where colours are off, it gives the text back. */
export type Colors = Readonly<Record<(typeof STYLES)[number], (text: string) => string>>;

/** Colours, and what tells them from colours that stand in somebody else's text. */
export interface OwnColors {
  readonly colors: Colors;
  /** Makes a text fit to be written: our colours and line feeds as they are, everything else escaped. */
  readonly reveal: (text: string) => string;
}

/** A parameter that no terminal knows and nobody can guess: a colour without it is not ours. */
const SIGNATURES = { from: 100_000, to: 2 ** 31 } as const;

/**
 * Every code carries a signature, as `ESC[<signature>;31m`, until it is written. Its width is that of any colour: none. The
 * signature comes first, because cli-table3 goes by the first number: it would take ours for a colour that nobody ends,
 * and end it once more, without a signature.
 */
export function ownColors(isEnabled: boolean): OwnColors {
  const signature = randomInt(SIGNATURES.from, SIGNATURES.to);
  const sign = (code: string): string => code.replace('[', `[${signature};`);
  const paint = (style: (typeof STYLES)[number]) => {
    // Whether the stream takes colours is the caller's to say.
    const [open = '', close = ''] = styleText(style, '\0', { validateStream: false }).split('\0');
    return (text: string): string => (isEnabled ? `${sign(open)}${text}${sign(close)}` : text);
  };
  const own = new RegExp(`\\u001b\\[${signature};(\\d+m)`);
  return {
    colors: Object.fromEntries(STYLES.map((style) => [style, paint(style)])) as Colors,
    // With a group in the pattern, every second part is a colour.
    reveal: (text) =>
      text
        .split(own)
        .map((part, index) => (index % 2 === 1 ? `\u001b[${part}` : printableLines(part)))
        .join(''),
  };
}
