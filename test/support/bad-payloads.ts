import * as fc from 'fast-check';

/** What a field must be. A careless or hostile caller sends something else. */
export type FieldKind =
  | 'runId'
  | 'backupId'
  | 'table'
  | 'index'
  | 'arn'
  | 'time'
  | 'name'
  | 'choice'
  | 'count'
  | 'object';

const pathLike = [
  '../x',
  '..',
  './a',
  'a/b',
  '/etc/passwd',
  '..%2f..%2fx',
  'a\\b',
  'C:\\',
  'AWSDynamoDB/../x',
];
const odd = ['', ' ', 'a b', 'a\u0000b', 'ü', '🧵'.repeat(40), '*', '#', '${x}', '{}', '__proto__ ', 'a\nb'];
const long = ['x'.repeat(81), 'x'.repeat(5_000), '🧵'.repeat(40_000)];

const objects: readonly unknown[] = [
  JSON.parse('{"__proto__": {"runId": "x"}}'),
  { constructor: { prototype: { done: true } } },
  { toString: 'x' },
  [],
  ['run-1'],
];
const scalars: readonly unknown[] = [null, true, 0, -1, 1.5, 1e21];
const notText = fc.constantFrom<unknown>(...scalars, ...objects);
const badText = fc.oneof(
  fc.constantFrom(...pathLike, ...odd, ...long),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).map((text) => `${text}/`),
);

/** Values that no field of the kind may have. */
const badValues: Readonly<Record<FieldKind, fc.Arbitrary<unknown>>> = {
  runId: fc.oneof(badText, notText),
  backupId: fc.oneof(badText, notText, fc.constantFrom('00000000000001-0000000g', '1-1')),
  table: fc.oneof(badText, notText, fc.constantFrom('orders', 'products-enhanced', 'somebody-elses')),
  index: fc.oneof(badText, fc.constantFrom<unknown>(-1, 1.5, 1_000, 1e21, null, true, '0', ...objects)),
  count: fc.oneof(badText, fc.constantFrom<unknown>(-1, 0, 1.5, 1e21, null, true, '1', ...objects)),
  arn: fc.oneof(fc.constantFrom<unknown>('', 'run', '../x', 'arn: x', `arn:${'x'.repeat(5_000)}`), notText),
  time: fc.oneof(badText, notText, fc.constantFrom('yesterday', '5', '2026-13-01T00:00:00Z')),
  name: fc.oneof(badText, notText, fc.constantFrom('my.run', 'a=b')),
  choice: fc.oneof(badText, notText),
  object: fc.oneof(fc.constantFrom<unknown>('', 'abc', null, 7, true, [], [{}])),
};

/** A well-formed payload, and the fields that a test may spoil. A path is written with dots. */
export interface PayloadShape {
  readonly payload: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, FieldKind>>;
  /** Fields that may be spoilt. Leaving them out is allowed. */
  readonly optional?: Readonly<Record<string, FieldKind>>;
  /** Whether an unknown field at the top is refused. */
  readonly isStrict?: boolean;
}

type Nested = { [name: string]: unknown };

function withField(
  payload: unknown,
  path: readonly string[],
  change: (parent: Nested, name: string) => void,
) {
  const copy = structuredClone(payload) as Nested;
  let parent = copy;
  for (const name of path.slice(0, -1)) parent = parent[name] as Nested;
  change(parent, path.at(-1) ?? '');
  return copy;
}

/** Payloads with exactly one error. */
function spoilt({ payload, fields, optional = {}, isStrict = false }: PayloadShape): fc.Arbitrary<unknown> {
  const bad = fc
    .constantFrom(...Object.entries({ ...fields, ...optional }))
    .chain(([path, kind]) =>
      badValues[kind].map((value) =>
        withField(payload, path.split('.'), (parent, name) => void (parent[name] = value)),
      ),
    );
  const absent = Object.keys(fields).map((path) =>
    fc.constant(withField(payload, path.split('.'), (parent, name) => void delete parent[name])),
  );
  const foreign = fc
    .constantFrom('__proto__', 'constructor', 'prototype', 'runid', 'x'.repeat(3_000))
    .map(
      (name) =>
        JSON.parse(`{${JSON.stringify(name)}: {"a": 1}, ${JSON.stringify(payload).slice(1)}`) as unknown,
    );
  return fc.oneof({ weight: 6, arbitrary: bad }, ...absent, ...(isStrict ? [foreign] : []));
}

/** Text, numbers, lists and objects of any depth. Never an empty payload, because that calls the whole step. */
const anything = fc.oneof(
  fc.constantFrom<unknown>([], [[]], 'abc', 7, true, false, [null], objects[0]),
  fc.jsonValue({ maxDepth: 4 }),
  fc.constantFrom('x'.repeat(300_000), { input: 'x'.repeat(300_000) }),
);

export const isNothing = (payload: unknown): boolean =>
  payload === null ||
  payload === '' ||
  (typeof payload === 'object' && !Array.isArray(payload) && Object.keys(payload).length === 0);

/** What a bad caller sends to a function of this shape. */
export function badPayloads(shape: PayloadShape): fc.Arbitrary<unknown> {
  return fc
    .oneof({ weight: 3, arbitrary: spoilt(shape) }, { weight: 1, arbitrary: anything })
    .filter((payload) => !isNothing(payload));
}
