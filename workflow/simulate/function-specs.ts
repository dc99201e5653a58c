import { readdir, readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { fromMigration } from './definition.ts';

/** A function as it is deployed. */
export interface FunctionSpec {
  readonly timeoutSeconds: number;
  readonly gigabytes: number;
}

const functionsFolder = new URL('../../functions/', import.meta.url);

/** Every function by its key, from `functions/<stage>/function.yml`. */
export async function readFunctionSpecs(): Promise<ReadonlyMap<string, FunctionSpec>> {
  const specs = new Map<string, FunctionSpec>();
  for (const entry of await readdir(functionsFolder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name === 'shared') continue;
    const text = await readFile(new URL(`${entry.name}/function.yml`, functionsFolder), 'utf8');
    const { resources: _resources, ...functions } = parse(text, { logLevel: 'silent' }) as Record<
      string,
      { readonly timeout?: number; readonly memorySize?: number }
    >;
    const keyed = Object.keys(functions).some((key) => key.startsWith('<')) ? {} : functions;
    for (const [key, { timeout = 3, memorySize = 128 }] of Object.entries({
      ...fromMigration.functions,
      ...keyed,
    }))
      specs.set(key, { timeoutSeconds: timeout, gigabytes: memorySize / 1_024 });
  }
  return specs;
}
