import picocolors from 'picocolors';

/** Where a command writes. With `--json`, standard output carries the one document and everything else goes to standard error. */
export interface Terminal {
  readonly json: boolean;
  /** Where progress and prose go. */
  readonly stream: NodeJS.WriteStream;
  /** A terminal whose lines can be redrawn; otherwise plain lines are written. */
  readonly isLive: boolean;
  /** Columns; 80 where it is no terminal. */
  readonly width: number;
  readonly colors: ReturnType<typeof picocolors.createColors>;
  /** A line of prose. */
  readonly say: (text?: string) => void;
  /** A line to standard error. */
  readonly complain: (text: string) => void;
  /** The one JSON document of `--json`. */
  readonly document: (value: unknown) => void;
}

/** The process's own terminal. Colours only where `NO_COLOR` and the like allow them. */
export function processTerminal(options: { readonly json?: boolean | undefined } = {}): Terminal {
  const json = options.json === true;
  const stream = json ? process.stderr : process.stdout;
  const isLive = stream.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined;
  return {
    json,
    stream,
    isLive,
    width: stream.columns || 80,
    colors: picocolors.createColors(stream.isTTY && picocolors.isColorSupported),
    say: (text = '') => void stream.write(`${text}\n`),
    complain: (text) => void process.stderr.write(`${text}\n`),
    document: (value) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`),
  };
}
