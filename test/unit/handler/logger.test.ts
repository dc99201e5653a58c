import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const LOGGER = new URL('../../../functions/shared/logger.ts', import.meta.url).href;

/** What a function's log line comes out as, in a process of its own. */
async function logged(environment: Readonly<Record<string, string>>) {
  const code = `import(${JSON.stringify(LOGGER)}).then(({ createLogger }) => createLogger('products-migration').info('done'))`;
  return promisify(execFile)(process.execPath, ['-e', code], { env: { ...process.env, ...environment } });
}

describe("a function's log", () => {
  it('goes to standard output, where Lambda takes it from', async () => {
    const { stdout } = await logged({ IS_LOCAL: '' });
    expect(JSON.parse(stdout)).toMatchObject({ message: 'done', service: 'products-migration' });
  });

  it('leaves standard output to the result under sls invoke local', async () => {
    const { stdout, stderr } = await logged({ IS_LOCAL: 'true' });
    expect(stdout).toBe('');
    expect(stderr).toContain('"message":"done"');
  });
});
