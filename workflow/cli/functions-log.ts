import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { finished } from 'node:stream/promises';
import { printable } from '../../functions/shared/printable.ts';
import type { Terminal } from './terminal.ts';

/** Where the functions of an embedded AWS write to. Nothing ends because it cannot be written. */
export interface FunctionsLog {
  write(text: string): void;
  end(): Promise<void>;
}

/** A file that is appended to. Where it cannot be opened, or written any more, a warning says so. */
export async function openFunctionsLog(
  path: string,
  terminal: Pick<Terminal, 'complain'>,
): Promise<FunctionsLog> {
  const warn = (what: string, error: unknown): void =>
    terminal.complain(printable(`Warning: ${what} (${(error as Error).message}).`));
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = createWriteStream(path, { flags: 'a' });
    await once(file, 'open');
    file.on('error', (error) => warn('the log of the functions cannot be written any more', error));
    return {
      write: (text) => void (file.errored === null && file.write(text)),
      end: async () => {
        if (file.errored === null) await finished(file.end()).catch(() => undefined);
      },
    };
  } catch (error) {
    warn('there is no log of the functions', error);
    return { write: () => undefined, end: async () => undefined };
  }
}
