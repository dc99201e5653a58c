import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Everything that `sls package` reads: a path that does not exist counts as empty. */
const SOURCES = [
  'serverless.yml',
  'functions',
  'workflow/resources',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** Tests of a migration, which no function imports. */
const TESTS = /^functions[\\/]migrations[\\/][^\\/]+[\\/]test[\\/]/;

/** Hash of every file that the package is made of, 16 hex digits: equal sources, equal hash. */
export async function hashSources(serviceDir: string): Promise<string> {
  const given = await Promise.all(SOURCES.map((source) => filesUnder(join(serviceDir, source))));
  const workflow = (await filesIn(join(serviceDir, 'workflow'))).concat(await filesIn(serviceDir));
  const definitions = workflow.filter((path) => /\.(yml|yaml|json)$/.test(path));
  const found = [...new Set([...given.flat(), ...definitions])].toSorted();
  const paths = found.filter((path) => !TESTS.test(relative(serviceDir, path)));
  const hash = createHash('sha256');
  for (const path of paths) {
    const content = await readFile(path);
    hash.update(`${relative(serviceDir, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesUnder(path: string): Promise<string[]> {
  if (!existsSync(path)) return [];
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => undefined);
  if (entries === undefined) return [path];
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function filesIn(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
}
