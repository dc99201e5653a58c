import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { openFunctionsLog } from '../../../workflow/cli/functions-log.ts';
import { recordingTerminal } from './recording-terminal.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-'));
});

afterAll(() => rm(folder, { recursive: true }));

it('the log of the functions has all that they wrote once it has ended', async () => {
  const { terminal, lines } = recordingTerminal();
  const log = await openFunctionsLog(join(folder, 'new', 'functions.log'), terminal);
  log.write('beginRun: a\n');
  log.write('beginRun: b\n');
  await log.end();
  expect(await readFile(join(folder, 'new', 'functions.log'), 'utf8')).toBe('beginRun: a\nbeginRun: b\n');
  expect(lines).toEqual([]);
});

it('a log that cannot be opened is a warning', async () => {
  const { terminal, lines } = recordingTerminal();
  const log = await openFunctionsLog(folder, terminal);
  log.write('a');
  await log.end();
  expect(lines).toEqual([expect.stringMatching(/^Warning: there is no log of the functions \(EISDIR/)]);
});

it.runIf(process.platform === 'linux')('a log that cannot be written any more is one warning', async () => {
  const { terminal, lines } = recordingTerminal();
  const path = join(folder, 'full.log');
  // Every write to it says that the disk is full.
  await symlink('/dev/full', path);
  const log = await openFunctionsLog(path, terminal);
  log.write('a');
  await vi.waitFor(() => expect(lines).toHaveLength(1));
  log.write('b');
  await log.end();
  expect(lines).toEqual([expect.stringContaining('log of the functions cannot be written any more (ENOSPC')]);
});
