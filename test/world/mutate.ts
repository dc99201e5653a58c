import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Mutation, MUTATIONS } from './mutations.ts';

/** The source with the fix taken out. @throws Error where it does not occur exactly once */
export function mutated(source: string, { name, from, to, also }: Mutation): string {
  let result = source;
  for (const edit of [{ from, to }, also ?? []].flat()) {
    if (result.split(edit.from).length !== 2)
      throw new Error(`"${name}": its text is not in the source exactly once.`);
    result = result.replace(edit.from, () => edit.to);
  }
  return result;
}

/** Lets this thread load the functions without the fix of that name. */
export function takeOut(name: string): void {
  const mutation = MUTATIONS.find((one) => one.name === name);
  if (mutation === undefined) throw new Error(`There is no mutation "${name}".`);
  const target = pathToFileURL(resolve('functions', mutation.file)).href;
  registerHooks({
    load(url, context, nextLoad) {
      if (url !== target) return nextLoad(url, context);
      const source = stripTypeScriptTypes(mutated(readFileSync(fileURLToPath(url), 'utf8'), mutation));
      return { format: 'module', source, shortCircuit: true };
    },
  });
}
