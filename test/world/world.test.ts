import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { undocumentedFailures } from '../support/machine-rows.ts';
import { mutated } from './mutate.ts';
import { MUTATIONS } from './mutations.ts';
import type { Worlds } from './run-worlds.ts';

const run = promisify(execFile);
const MAIN = join(import.meta.dirname, 'main.ts');

/** In a process of its own, because a world makes gzip synchronous for all. */
async function world(...options: readonly string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [MAIN, ...options], { maxBuffer: 2 ** 28 }).catch(
    (error: { readonly stdout: string }) => error,
  );
  return stdout;
}

/** As many as there is time for in every `npm test`. `npm run test:world` runs more. */
const WORLDS = 4_000;

describe('a world', () => {
  it('keeps every promise, whatever goes wrong and whoever acts', async () => {
    const lines = (await world('--runs', String(WORLDS), '--json')).trimEnd().split('\n');
    const worlds = JSON.parse(lines.at(-1) ?? '{}') as Worlds;
    const { runs, violations, failures } = worlds;
    expect({ runs, violations, failures }).toEqual({ runs: WORLDS, violations: 0, failures: [] });
    // What an operator sees a state fail with is what the documents tell.
    const stateFailures = Object.keys(worlds.stateFailures);
    expect(stateFailures).toContain('migrate SealBackup TooManyQuarantinedError');
    expect(undocumentedFailures(stateFailures)).toEqual([]);
  });

  it('of the same seed is the same, event for event', async () => {
    const [one, other] = await Promise.all([
      world('--seed', '7', '--trace'),
      world('--seed', '7', '--trace'),
    ]);
    expect(one.length).toBeGreaterThan(10_000);
    expect(other).toBe(one);
  });
});

describe('the fixes that worlds are tried without', () => {
  it.each(MUTATIONS)('are in the source once: $name', (mutation) => {
    const source = readFileSync(join('functions', mutation.file), 'utf8');
    expect(mutated(source, mutation)).not.toBe(source);
  });
});
