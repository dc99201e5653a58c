import * as fc from 'fast-check';
import type { WireValue } from '../../../../functions/shared/items/wire-item.ts';
import { arbitraryNumber, arbitraryValue } from '../../../support/arbitrary-items.ts';

/** Attributes that expressions are about; small, so that they meet. */
export const attributeNames = ['a', 'b', 'c', 'price', 'list', 'size of', '__proto__'];

const shortText = fc.constantFrom('', 'a', 'ab', 'abc', 'b', 'ba', 'é', '🧵', '\uFFFD');

/** Values that often meet, and any others. */
export const value: fc.Arbitrary<WireValue> = fc.oneof(
  { weight: 4, arbitrary: shortText.map((S) => ({ S })) },
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 3 }).map((n) => ({ N: String(n) })) },
  { weight: 2, arbitrary: arbitraryNumber.map((N) => ({ N })) },
  { weight: 2, arbitrary: fc.constantFrom('', 'AA==', 'AAE=', '/w==').map((B) => ({ B })) },
  { weight: 1, arbitrary: fc.boolean().map((BOOL) => ({ BOOL })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom({ L: [] }, { L: [{ N: '1' }] }, { SS: ['a', 'b'] }, { NS: ['1.0'] }),
  },
  { weight: 1, arbitrary: arbitraryValue },
);

const numbers = fc.oneof(fc.integer({ min: -2, max: 12 }).map(String), arbitraryNumber).map((N) => ({ N }));
const lists = fc.array(value, { maxLength: 3 }).map((L) => ({ L }));
/** Attributes that mostly have the type which updates of them need. */
const USUAL: ReadonlyMap<string, fc.Arbitrary<WireValue>> = new Map<string, fc.Arbitrary<WireValue>>([
  ['price', numbers],
  ['list', lists],
  ['a', shortText.map((S) => ({ S }))],
]);

/** An attribute and its value. */
export const attributeEntry: fc.Arbitrary<readonly [string, WireValue]> = fc
  .constantFrom(...attributeNames)
  .chain((name) =>
    fc.tuple(fc.constant(name), fc.oneof({ weight: 3, arbitrary: USUAL.get(name) ?? value }, value)),
  );

/** The parts of a request that one or more expressions need. */
export interface Expressions {
  readonly texts: readonly string[];
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, WireValue>>;
}

/** A piece of an expression. `$n` and `$v` stand for its names and values, in their order. */
export interface Piece {
  readonly text: string;
  readonly names: readonly string[];
  readonly values: readonly WireValue[];
}

const name = fc.constantFrom(...attributeNames);
const comparator = fc.constantFrom('=', '<>', '<', '<=', '>', '>=');

const piece = (text: string, names: readonly string[], values: readonly WireValue[] = []): Piece => ({
  text,
  names,
  values,
});

const test: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(name, comparator, value).map(([n, c, v]) => piece(`$n ${c} $v`, [n], [v])),
  },
  fc
    .tuple(name, comparator, name)
    .filter(([one, , other]) => one !== other)
    .map(([one, c, other]) => piece(`$n ${c} $n`, [one, other])),
  { weight: 2, arbitrary: name.map((n) => piece('attribute_exists($n)', [n])) },
  { weight: 2, arbitrary: name.map((n) => piece('attribute_not_exists($n)', [n])) },
  fc
    .tuple(
      name,
      fc.oneof(
        shortText.map((S) => ({ S })),
        value,
      ),
    )
    .map(([n, v]) => piece('begins_with($n, $v)', [n], [v])),
  fc.tuple(name, value, value).map(([n, v, w]) => piece('$n BETWEEN $v AND $v', [n], [v, w])),
  fc
    .tuple(name, fc.array(value, { minLength: 1, maxLength: 3 }))
    .map(([n, all]) => piece(`$n IN (${all.map(() => '$v').join(', ')})`, [n], all)),
);

function joined(pieces: readonly Piece[], separator: string): Piece {
  return piece(
    pieces.map(({ text }) => text).join(separator),
    pieces.flatMap(({ names }) => names),
    pieces.flatMap(({ values }) => values),
  );
}

/** A condition on any attributes. */
export const condition: fc.Arbitrary<Piece> = fc.letrec<{ condition: Piece }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 4, arbitrary: test },
    fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => joined(parts, ' AND ')),
    fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => {
      const or = joined(parts, ' OR ');
      return { ...or, text: `(${or.text})` };
    }),
    tie('condition').map((inside) => ({ ...inside, text: `NOT (${inside.text})` })),
  ),
})).condition;

type MakeSetting = (attribute: string) => Piece;

/** Settings that can be made to any item. */
const safeSetting: fc.Arbitrary<MakeSetting> = fc.oneof(
  value.map((v) => (n: string) => piece('$n = $v', [n], [v])),
  value.map((v) => (n: string) => piece('$n = if_not_exists($n, $v)', [n, n], [v])),
);

const append: fc.Arbitrary<MakeSetting> = value.map(
  (v) => (n: string) => piece('$n = list_append(if_not_exists($n, $v), $v)', [n, n], [{ L: [] }, { L: [v] }]),
);
const sign = fc.constantFrom('+', '-');
const arithmetic: fc.Arbitrary<MakeSetting> = fc.oneof(
  fc.tuple(sign, arbitraryNumber).map(
    ([sign, N]) =>
      (n: string) =>
        piece(`$n = $n ${sign} $v`, [n, n], [{ N }]),
  ),
  fc.tuple(sign, fc.integer({ min: -9, max: 9 })).map(
    ([sign, by]) =>
      (n: string) =>
        piece(`$n = if_not_exists($n, $v) ${sign} $v`, [n, n], [{ N: '0' }, { N: String(by) }]),
  ),
);

const anySetting: fc.Arbitrary<MakeSetting> = fc.oneof(
  { weight: 5, arbitrary: safeSetting },
  name.map((other) => (n: string) => piece('$n = $n', [n, other])),
  append,
  arithmetic,
);

/** Mostly one that fits the usual type of the attribute. */
const setting: fc.Arbitrary<MakeSetting> = fc
  .record({ append, arithmetic, any: anySetting, isUsual: fc.boolean() })
  .map(({ append, arithmetic, any, isUsual }) => (n: string) => {
    const usual = n === 'list' ? append : n === 'price' ? arithmetic : any;
    return (isUsual ? usual : any)(n);
  });

const addition = fc
  .oneof(
    fc.integer({ min: -3, max: 3 }).map((by): WireValue => ({ N: String(by) })),
    fc.constantFrom<WireValue>({ SS: ['a', 'z'] }, { NS: ['1', '2'] }, { S: 'wrong' }),
  )
  .map((v) => (n: string) => piece('$n $v', [n], [v]));

/** An update of some attributes; now and then of one twice. */
const updateOf = (
  settings: fc.Arbitrary<MakeSetting>,
  addition: fc.Arbitrary<MakeSetting | null>,
): fc.Arbitrary<Piece> =>
  fc
    .tuple(
      fc.shuffledSubarray(attributeNames, { minLength: 1 }),
      fc.array(settings, { maxLength: 3 }),
      fc.nat({ max: 2 }),
      addition,
      fc.integer({ min: 0, max: 20 }),
    )
    .map(([names, settings, removed, add, twice]) => {
      const left = [...names];
      const takeName = (): string => (twice === 0 ? names[0] : left.shift()) ?? names[0] ?? 'a';
      const set = settings.slice(0, names.length).map((make) => make(takeName()));
      const remove = Array.from({ length: Math.min(removed, left.length) }, () => piece('$n', [takeName()]));
      const added = add === null || left.length === 0 ? [] : [add(takeName())];
      const clauses = [clause('SET', set), clause('REMOVE', remove), clause('ADD', added)].filter(
        ({ text }) => text !== '',
      );
      return clauses.length === 0 ? piece('REMOVE $n', ['a']) : joined(clauses, ' ');
    });

export const update = updateOf(setting, fc.option(addition));

/**
 * An update that any item takes. In a transaction DynamoDB's documentation says ValidationError of one that an item does
 * not take, and DynamoDB Local refuses the whole request.
 */
export const safeUpdate = updateOf(safeSetting, fc.constant(null));

function clause(word: string, pieces: readonly Piece[]): Piece {
  const all = joined(pieces, ', ');
  return pieces.length === 0 ? all : { ...all, text: `${word} ${all.text}` };
}

/** Puts placeholders into pieces. The same name has one placeholder, as in the requests of the product. */
export function expressionsOf(pieces: readonly Piece[]): Expressions {
  const names: Record<string, string> = {};
  const values: Record<string, WireValue> = {};
  const byName = new Map<string, string>();
  const bindName = (attribute: string): string => {
    const placeholder = byName.get(attribute) ?? `#n${byName.size}`;
    byName.set(attribute, placeholder);
    names[placeholder] = attribute;
    return placeholder;
  };
  const bindValue = (bound: WireValue): string => {
    const placeholder = `:v${Object.keys(values).length}`;
    values[placeholder] = bound;
    return placeholder;
  };
  const texts = pieces.map(({ text, names: own, values: bound }) => {
    const nextName = own.values();
    const nextValue = bound.values();
    return text.replaceAll(/\$([nv])/g, (_, kind) =>
      kind === 'n'
        ? bindName(nextName.next().value ?? '')
        : bindValue(nextValue.next().value ?? { NULL: true }),
    );
  });
  return { texts, names, values };
}

/** Names and values as a request carries them; an empty map would be refused. */
export function placeholdersOf({ names, values }: Expressions): Readonly<Record<string, unknown>> {
  return {
    ...(Object.keys(names).length > 0 && { ExpressionAttributeNames: names }),
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
  };
}
