import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import type { MigrationFolder } from './migration-contract.ts';

/** A checkout of the project that another team has adapted. */
export interface AssembledProject {
  readonly folder: string;
  remove(): Promise<void>;
}

const root = resolve(import.meta.dirname, '../..');
const MIGRATIONS = join(root, 'functions/migrations');
/** What the service is built and checked from. The tests are not copied. */
const PARTS = [
  'functions',
  'workflow',
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  '.oxlintrc.json',
];

/** Leaves out a migration's own tests, which need test/support. */
const isService = (path: string): boolean => !path.startsWith(MIGRATIONS) || basename(path) !== 'test';

/**
 * Does what functions/migrations/README.md says, in a copy of the project in a temporary folder: puts the example
 * `test/examples/<name>` beside the other migrations and points `#migration` at it. Nothing is deleted.
 */
export async function assembleProject(name: string): Promise<AssembledProject> {
  // The path has no symbolic links, because tools would otherwise name the same file in two ways.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'adapted-')));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const part of PARTS)
      await cp(join(root, part), join(folder, part), { recursive: true, filter: isService });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    await cp(join(root, 'test/examples', name), join(folder, 'functions/migrations', name), {
      recursive: true,
    });
    await pointAt(join(folder, 'package.json'), name);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}

/** Loads the three files of a migration's folder that have a name. */
export async function loadMigration({ folder }: AssembledProject, name: string): Promise<MigrationFolder> {
  const file = (one: string): Promise<unknown> =>
    import(join(folder, 'functions/migrations', name, `${one}.ts`));
  const [index, samples, generate] = await Promise.all(['index', 'samples', 'generate'].map(file));
  return Object.assign({}, index, samples, generate) as MigrationFolder;
}

async function pointAt(path: string, name: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  const line = /(?<="#migration\/\*": ")[^"]+/;
  if (!line.test(text)) throw new Error(`${path} has no line for #migration.`);
  await writeFile(path, text.replace(line, `./functions/migrations/${name}/*`));
}
