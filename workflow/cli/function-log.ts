import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { printable } from '../../functions/shared/printable.ts';
import type { Terminal } from './terminal.ts';

/**
 * The log of the functions of an embedded AWS, which never fails. That it cannot be written is a warning: nothing else
 * needs it.
 */
export async function openFunctionLog(
  path: string,
  { complain }: Pick<Terminal, 'complain'>,
): Promise<Writable> {
  const warn = (what: string, { message }: Error): void =>
    complain(printable(`Warning: ${what} of the functions (${message}).`));
  try {
    await mkdir(dirname(path), { recursive: true });
    const log = createWriteStream(path, { flags: 'a' });
    await once(log, 'open');
    log.on('error', (error) => warn('there is no more log', error));
    return new Writable({
      write: (chunk, _encoding, done) => void log.write(chunk, () => done()),
      final: (done) => void log.end(() => done()),
    });
  } catch (error) {
    warn('there is no log', error as Error);
    return new Writable({ write: (_chunk, _encoding, done) => done() });
  }
}
