import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import type { Migration } from '../../functions/shared/migration/migration.ts';
import type { MigrationFolder } from './migration-contract.ts';

/**
 * The migration that package.json points to, for tests of what is deployed. Every other test runs the shop's migration,
 * which vitest.config puts in the place of `#migration`, because those tests are about its products.
 */
const { imports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly imports: { readonly '#migration/*': string };
};

async function load<Module>(file: string): Promise<Module> {
  const path = resolve(imports['#migration/*'].replace('*', file));
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Module;
}

export const { migration } = await load<{ readonly migration: Migration }>('index.ts');
export const { SAMPLES } = await load<{ readonly SAMPLES: readonly WireItem[] }>('samples.ts');
export const { generate } = await load<Pick<MigrationFolder, 'generate'>>('generate.ts');
