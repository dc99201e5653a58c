/** State data: whatever JSON holds. */
export type Json = unknown;

/** What `$$` shows, as far as the definition looks at it. */
export interface ContextObject {
  readonly Execution: Readonly<Record<'Id' | 'Name' | 'StartTime' | 'Input', Json>>;
  readonly Map?: { readonly Item: { readonly Value: Json } };
}

/**
 * The value at a path like `$`, `$.run.shards` or `$$.Map.Item.Value`.
 *
 * @throws Error where nothing is there: the real machine would fail with States.Runtime
 */
export function valueAt(path: string, data: Json, context: ContextObject): Json {
  const [root = '', ...names] = path.split('.');
  let value: Json = root === '$$' ? context : data;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name))
      throw new Error(`The path ${path} leads nowhere.`);
    value = (value as Record<string, Json>)[name];
  }
  return value;
}

/** Fills a payload template in: a field whose name ends with `.$` takes the value at its path. */
export function fill(template: Json, data: Json, context: ContextObject): Json {
  if (Array.isArray(template)) return template.map((element) => fill(element, data, context));
  if (typeof template !== 'object' || template === null) return template;
  const fields = Object.entries(template).map(([name, value]) =>
    name.endsWith('.$')
      ? [name.slice(0, -2), valueAt(String(value), data, context)]
      : [name, fill(value, data, context)],
  );
  return Object.fromEntries(fields);
}

/** The input with the result put at a path of one step (`$.plan`); `$` replaces it, `null` drops the result. */
export function place(result: Json, path: string | null | undefined, input: Json): Json {
  if (path === null) return input;
  if (path === undefined || path === '$') return result;
  return { ...(input as object), [path.slice('$.'.length)]: result };
}
