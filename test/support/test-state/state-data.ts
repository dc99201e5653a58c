/** Any JSON value. */
export type Data = unknown;

/** A failure of the interpreter itself, which no Catch sees. */
export class RuntimeFailure extends Error {
  override readonly name = 'States.Runtime';
}

const isObject = (value: Data): value is Record<string, Data> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value at a reference path, `$`, `$.a.b` or `$$.Execution.Name`; `undefined` if there is none. */
export function lookUp(path: string, data: Data, context: Data): Data {
  let value = path.startsWith('$$') ? context : data;
  for (const name of namesOf(path))
    value = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

const namesByPath = new Map<string, readonly string[]>();

/** The names of a path behind its `$`; each path is read once. @throws RuntimeFailure if it is none */
function namesOf(path: string): readonly string[] {
  const known = namesByPath.get(path);
  if (known !== undefined) return known;
  if (!/^\$\$?(\.\w+)*$/.test(path)) throw new RuntimeFailure(`No interpreter of the tests knows ${path}.`);
  const names = path.split('.').slice(1);
  namesByPath.set(path, names);
  return names;
}

/** @throws RuntimeFailure if nothing is at the path */
export function valueAt(path: string, data: Data, context: Data): Data {
  const value = lookUp(path, data, context);
  if (value === undefined)
    throw new RuntimeFailure(`The JSONPath '${path}' could not be found in the input.`);
  return value;
}

/** A payload template with each `x.$` filled in. */
export function fillIn(template: Data, data: Data, context: Data): Data {
  if (Array.isArray(template)) return template.map((element: Data) => fillIn(element, data, context));
  if (!isObject(template)) return template;
  const members = Object.entries(template).map(([name, value]) =>
    name.endsWith('.$')
      ? [name.slice(0, -2), evaluate(String(value), data, context)]
      : [name, fillIn(value, data, context)],
  );
  return Object.fromEntries(members) as Data;
}

/** A path, or `States.Format('{} ...', $.a)`, the one intrinsic function that the machines use. */
function evaluate(expression: string, data: Data, context: Data): Data {
  const isCall = expression.startsWith('States.');
  const format = isCall ? /^States\.Format\('([^']*)'((?:, \$[\w.$]*)*)\)$/.exec(expression) : null;
  if (format === null) return valueAt(expression, data, context);
  const [, text = '', paths = ''] = format;
  const values = paths
    .split(', ')
    .slice(1)
    .map((path) => String(valueAt(path, data, context)));
  return text.replaceAll('{}', () => values.shift() ?? '');
}

/** `input` with a result at a path. `null` drops the result, and `$` replaces the input. */
export function placeResult(result: Data, path: string | null | undefined, input: Data): Data {
  if (path === null) return input;
  const [, first, ...rest] = (path ?? '$').split('.');
  if (first === undefined) return result;
  if (!isObject(input)) throw new RuntimeFailure(`Unable to apply ResultPath ${path} to the input.`);
  const inner =
    rest.length === 0 ? result : placeResult(result, ['$', ...rest].join('.'), input[first] ?? {});
  return { ...input, [first]: inner };
}
