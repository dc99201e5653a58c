import { once } from 'node:events';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFunctionLog } from '../../../workflow/cli/function-log.ts';

async function opened(path: string) {
  const warnings: string[] = [];
  const log = await openFunctionLog(path, { complain: (text) => void warnings.push(text) });
  return { log, warnings };
}

describe('the log of the functions', () => {
  it('is made with its folder', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'log-')), 'logs', 'functions.log');
    const { log, warnings } = await opened(path);
    log.end('rollBack: done');
    await once(log, 'close');
    expect(await readFile(path, 'utf8')).toBe('rollBack: done');
    expect(warnings).toEqual([]);
  });

  it('is left out with a warning where its folder cannot be written', async () => {
    const { log, warnings } = await opened('/dev/null/logs/functions.log');
    log.end('rollBack: done');
    await once(log, 'close');
    expect(warnings).toEqual([
      "Warning: there is no log of the functions (ENOTDIR: not a directory, mkdir '/dev/null/logs').",
    ]);
  });

  it('ends with one warning when the disk is full', async () => {
    const { log, warnings } = await opened('/dev/full');
    log.write('rollBack: begun');
    log.end('rollBack: done');
    await once(log, 'close');
    await expect
      .poll(() => warnings)
      .toEqual(['Warning: there is no more log of the functions (ENOSPC: no space left on device, write).']);
  });
});
