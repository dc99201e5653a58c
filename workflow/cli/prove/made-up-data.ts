import type { Json, StateDefinition } from '../../local/states/prepare-machine.ts';

type Data = Record<string, Json>;

/** Work for two iterations. */
const items: Json = [0, 1];

/** State data with everything that a state reads, and something that it does not. */
export function inputFor(state: StateDefinition): Json {
  const { Parameters, ItemSelector, ItemsPath, MaxConcurrencyPath } = state;
  let input: Json = { kept: 'from before' };
  if (typeof ItemsPath === 'string') input = putAt(input, ItemsPath, items);
  if (typeof MaxConcurrencyPath === 'string') input = putAt(input, MaxConcurrencyPath, 2);
  return dataFor(pathsIn([Parameters, ItemSelector]), input as Data);
}

/** `data` with a value at a path; what lies deeper already stays. */
export function putAt(data: Json, path: string, value: Json): Json {
  const [, first, ...rest] = path.split('.');
  if (first === undefined) return value;
  const object: Data =
    typeof data === 'object' && data !== null && !Array.isArray(data) ? (data as Data) : {};
  const inner = object[first];
  const isDeep = typeof inner === 'object' && inner !== null;
  if (rest.length === 0) return isDeep ? object : { ...object, [first]: value };
  return { ...object, [first]: putAt(inner ?? {}, ['$', ...rest].join('.'), value) };
}

/** Something at each path, which says where it was. */
function dataFor(paths: readonly string[], start: Data): Json {
  const deepestFirst = paths.toSorted((one, other) => other.length - one.length);
  return deepestFirst.reduce<Json>((data, path) => putAt(data, path, `what was at ${path}`), start);
}

/** Paths into the state data that a value holds, those inside an intrinsic function too; `$$` is not state data. */
function pathsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.match(/(?<![$\w])\$(?:\.\w+)+/g) ?? [];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(pathsIn) : [];
}

/** What the work of a state answers: everything that its selectors read, and something that they do not. */
export function resultFor(state: StateDefinition): Json {
  if (state.Type === 'Map') return (items as readonly Json[]).map(() => ({}));
  if (state.Type === 'Parallel') return (state['Branches'] as readonly unknown[]).map(() => ({}));
  const { ResultSelector, ResultPath, OutputPath } = state;
  const isWhole = ResultPath === undefined && ResultSelector === undefined;
  const paths = pathsIn([ResultSelector, isWhole ? OutputPath : undefined]);
  const answer = { ExecutedVersion: '7', StatusCode: 200, Payload: { more: 'that nothing reads' } };
  return dataFor(paths, answer);
}
