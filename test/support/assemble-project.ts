import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** What another team has after adapting this project: a checkout of its own. */
export interface AssembledProject {
  readonly folder: string;
  remove(): Promise<void>;
}

/** What another team changes. */
export interface Adaptation {
  /** Folder whose files replace the project's, or come beside them; paths as in the project. */
  readonly overlay: string;
  /** Files of the project that the other schema has no use for. */
  readonly without: readonly string[];
}

const root = resolve(import.meta.dirname, '../..');
/** What the service is built and checked from; the tests stay behind. */
const PARTS = [
  'functions',
  'workflow',
  'serverless.yml',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  '.oxlintrc.json',
];

/** Copies the project into a temporary folder, with the same dependencies, and adapts it there. */
export async function assembleProject({ overlay, without }: Adaptation): Promise<AssembledProject> {
  // Without symbolic links in the path: tools would name the same file in two ways.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'adapted-')));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    for (const part of PARTS) await cp(join(root, part), join(folder, part), { recursive: true });
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    for (const path of without) await rm(join(folder, path));
    await cp(join(root, overlay), folder, { recursive: true });
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
}
