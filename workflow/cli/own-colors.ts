import { randomInt } from 'node:crypto';
import { printableLines } from '../../functions/shared/printable.ts';
import picocolors from 'picocolors';

export type Colors = ReturnType<typeof picocolors.createColors>;

/** Colours, and what tells them from colours that stand in somebody else's text. */
export interface OwnColors {
  readonly colors: Colors;
  /** Makes a text fit to be written: our colours and line feeds as they are, everything else escaped. */
  readonly reveal: (text: string) => string;
}

/** A parameter that no terminal knows and nobody can guess: a colour without it is not ours. */
const SIGNATURES = { from: 100_000, to: 2 ** 31 } as const;

/** Every code carries a signature, as `ESC[31;<signature>m`, until it is written. Its width is that of any colour: none. */
export function ownColors(isEnabled: boolean): OwnColors {
  const plain = picocolors.createColors(isEnabled);
  const signature = randomInt(SIGNATURES.from, SIGNATURES.to);
  const sign = (code: string): string => code.replace(/m$/, `;${signature}m`);
  const signed = Object.entries(plain).map(([name, paint]) => {
    if (typeof paint !== 'function') return [name, paint] as const;
    const [open = '', close = ''] = paint('\0').split('\0');
    return [name, (text: unknown) => `${sign(open)}${String(text)}${sign(close)}`] as const;
  });
  const own = new RegExp(`(\\u001b\\[\\d+);${signature}m`);
  return {
    colors: Object.fromEntries(signed) as unknown as Colors,
    // With a group in the pattern, every second part is a colour.
    reveal: (text) =>
      text
        .split(own)
        .map((part, index) => (index % 2 === 1 ? `${part}m` : printableLines(part)))
        .join(''),
  };
}
