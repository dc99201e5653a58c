import { describe, expect, it } from 'vitest';
import { breakages } from '../../../workflow/cli/breakages.ts';
import { runLocally } from '../../../workflow/cli/local-run.ts';
import { createFaults } from '../../../workflow/local/gateway/faults.ts';
import { recordingTerminal } from './recording-terminal.ts';

describe('npm start', () => {
  it.each([
    [{ products: 5, input: 'x.json' }, 'not both'],
    [
      { break: 'everything' },
      'There is no way to break "everything". Say --break with one of: product, backup, migrate.',
    ],
    [{ executionInput: '{' }, '--execution-input is not JSON'],
  ])('refuses %j before it starts anything', async (options, sentence) => {
    const { terminal, lines } = recordingTerminal();
    await expect(runLocally(options, terminal)).rejects.toThrow(sentence);
    expect(lines).toEqual([]);
  });
});

describe('what is broken on purpose', () => {
  it.each(Object.entries(breakages))('%s tells its story and does something', (_, breakage) => {
    const faults = createFaults();
    breakage.inject?.(faults);
    expect(breakage.story).toMatch(/^[A-Z].*\.$/);
    expect(breakage.product ?? breakage.inject).toBeDefined();
  });
});
