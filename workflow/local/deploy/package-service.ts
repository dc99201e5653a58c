import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { REGION, STAGE } from '../account.ts';
import { hashSources } from './hash-sources.ts';
import { withFolderLock } from './folder-lock.ts';
import { removeOldPackages, usePackage } from './kept-packages.ts';

/** What `sls package` said when it failed, in its own lines. */
export class PackagingError extends Error {
  override readonly name = 'PackagingError';
}

/** Which service to package, and how long that may take. */
export interface PackageOptions {
  /** Folder of serverless.yml; the working directory by default. */
  readonly serviceDir?: string;
  readonly timeoutSeconds?: number;
}

const DEFAULT_TIMEOUT_SECONDS = 180;
/** How long it may continue to print after the first word of an error. */
const LAST_WORDS_MILLIS = 1000;
const MAX_WORDS = 4000;

/**
 * Compiles the service with `sls package` into a folder under `.local/packages/` named after the sources' content, and returns
 * that folder. Unchanged sources are not compiled again. One process compiles at a time: two at once in one checkout
 * spoil each other's work.
 *
 * @throws Error with the compiler's last words, or when it takes too long
 */
export async function packageService(options: PackageOptions = {}): Promise<string> {
  const { serviceDir = process.cwd(), timeoutSeconds = DEFAULT_TIMEOUT_SECONDS } = options;
  if (!existsSync(join(serviceDir, 'serverless.yml')))
    throw new Error(`There is no serverless.yml in ${serviceDir}.`);
  const packages = join(serviceDir, '.local', 'packages');
  const folder = join(packages, await hashSources(serviceDir));
  if (await usePackage(folder)) return folder;
  await mkdir(packages, { recursive: true });
  await withFolderLock(
    { path: join(serviceDir, '.local', 'package.lock'), timeoutSeconds: timeoutSeconds * 2 },
    async () => {
      if (await usePackage(folder)) return;
      const scratch = `${folder}-${randomUUID()}`;
      try {
        await runPackage(serviceDir, scratch, timeoutSeconds);
        await rename(scratch, folder);
        await usePackage(folder);
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
      await removeOldPackages(packages);
    },
  );
  return folder;
}

async function runPackage(serviceDir: string, target: string, timeoutSeconds: number): Promise<void> {
  const serverless = createRequire(import.meta.url).resolve('serverless/bin/serverless');
  const args = [serverless, 'package', '--stage', STAGE, '--region', REGION, '--package', target];
  const child = spawn(process.execPath, args, {
    cwd: serviceDir,
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', NODE_OPTIONS: '' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutSeconds * 1000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  let failed: NodeJS.Timeout | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      // After a failed compilation it prints the error and never ends, because its compiler keeps running.
      if (/^Error:/m.test(output)) failed ??= setTimeout(() => child.kill('SIGKILL'), LAST_WORDS_MILLIS);
    });
  }
  const [code] = await once(child, 'exit');
  clearTimeout(failed);
  if (code === 0) return;
  if (code === null && failed === undefined)
    throw new Error(`sls package did not end within ${timeoutSeconds} s.`);
  throw new PackagingError(`sls package failed:\n${output.trim().slice(-MAX_WORDS)}`);
}
