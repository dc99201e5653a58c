import { existsSync } from 'node:fs';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './process-alive.ts';

const KEPT_PACKAGES = 3;
const KEPT_MILLIS = 3_600_000;
/** Begins the name of a file in a package; the number of a process that uses the package follows. */
const USED_BY = 'used-by-';

/**
 * Notes in a package that this process uses it: a worker that is started hours later still loads its code from there.
 *
 * @returns whether there is such a package
 */
export async function usePackage(folder: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  try {
    await writeFile(join(folder, `${USED_BY}${process.pid}`), '');
    for (const mark of await marksIn(folder))
      if (!isInUse(mark)) await rm(join(folder, mark), { force: true });
  } catch {
    // A package that cannot be written to is used as it is.
  }
  return existsSync(folder);
}

/** Keeps the newest few, those of the last hour, and whatever a process still uses. */
export async function removeOldPackages(packages: string): Promise<void> {
  const paths = (await readdir(packages)).map((name) => join(packages, name));
  const dated = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path)).mtimeMs })));
  const newest = dated.toSorted((a, b) => b.at - a.at);
  const old = newest.slice(KEPT_PACKAGES).filter(({ at }) => at < Date.now() - KEPT_MILLIS);
  for (const { path } of old)
    if (!(await marksIn(path)).some(isInUse)) await rm(path, { recursive: true, force: true });
}

const marksIn = async (folder: string): Promise<readonly string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith(USED_BY));

const isInUse = (mark: string): boolean => isAlive(Number(mark.slice(USED_BY.length)));
