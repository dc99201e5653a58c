import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { unzipSync } from 'fflate';
import type { FunctionSpec } from './read-deployment.ts';

const EXTENSIONS = ['.cjs', '.mjs', '.js'];

/** Where a function's code lies on disk, and what to call in it. */
export interface FunctionCode {
  /** Absolute path of the module. */
  readonly modulePath: string;
  readonly exportName: string;
  /** Where a process that loads the module may keep it compiled; removed together with the package. */
  readonly compiledPath: string;
}

/**
 * Unpacks a function's code beside its archive. Several processes may do so at once: each unpacks into a folder of its
 * own, and the first to rename it wins.
 *
 * @throws Error when the archive has no module for the declared handler
 */
export async function extractCode(spec: FunctionSpec): Promise<FunctionCode> {
  const folder = spec.zipPath.replace(/\.zip$/, '.code');
  if (!existsSync(folder)) await unpack(spec.zipPath, folder);
  const dot = spec.handler.lastIndexOf('.');
  const base = join(folder, spec.handler.slice(0, dot));
  const modulePath = EXTENSIONS.map((extension) => base + extension).find((path) => existsSync(path));
  if (modulePath === undefined)
    throw new Error(`The package of ${spec.name} has no module for its handler ${spec.handler}.`);
  const compiledPath = join(dirname(spec.zipPath), 'compiled');
  return { modulePath, exportName: spec.handler.slice(dot + 1), compiledPath };
}

async function filesIn(zipPath: string): Promise<Readonly<Record<string, Uint8Array>>> {
  const archive = await readFile(zipPath);
  try {
    return unzipSync(archive);
  } catch (error) {
    throw new Error(`${zipPath} is no zip archive, or is damaged: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

async function unpack(zipPath: string, folder: string): Promise<void> {
  const scratch = `${folder}-${randomUUID()}`;
  for (const [path, content] of Object.entries(await filesIn(zipPath))) {
    if (path.endsWith('/')) continue;
    const target = resolve(scratch, path);
    if (!target.startsWith(scratch + sep))
      throw new Error(`The archive ${zipPath} holds a path that leads out of it.`);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
  }
  try {
    await rename(scratch, folder);
  } catch (error) {
    await rm(scratch, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}
