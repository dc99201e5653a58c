import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './process-alive.ts';

/** A lock that processes take by making a folder. */
export interface FolderLock {
  readonly path: string;
  /** How long to wait for its holder. */
  readonly timeoutSeconds: number;
}

const POLL_MILLIS = 100;
/** Between making the folder and writing who made it. */
const OWNER_GRACE_MILLIS = 5000;

/**
 * Runs `task` while no other process holds the lock. The lock of a process that no longer lives is taken over.
 *
 * @throws Error when the lock does not become free in time
 */
export async function withFolderLock<T>(lock: FolderLock, task: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + lock.timeoutSeconds * 1000;
  while (!(await tryTake(lock.path))) {
    if (await isAbandoned(lock.path)) await rm(lock.path, { recursive: true, force: true });
    if (Date.now() > deadline)
      throw new Error(`Another process holds ${lock.path}; if none runs, remove that folder.`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
  }
  try {
    return await task();
  } finally {
    await rm(lock.path, { recursive: true, force: true });
  }
}

async function tryTake(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    await writeFile(join(path, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const pid = await readFile(join(path, 'pid'), 'utf8').catch(() => '');
  if (pid !== '') return !isAlive(Number(pid));
  const made = await stat(path).catch(() => undefined);
  return made !== undefined && Date.now() - made.mtimeMs > OWNER_GRACE_MILLIS;
}
