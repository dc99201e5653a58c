import { shorten } from '../text.ts';
import type { WireItem } from './wire-item.ts';

/** What is wrong with the content of a value of this type; `undefined`: nothing. It may be anything. */
export type ContentRule = (content: unknown) => string | undefined;

/** What the values of an item must be like. */
export interface ItemRules {
  /** By type. `M` and `L` are walked. */
  readonly contents: Readonly<Record<string, ContentRule>>;
  /** Maps and lists may lie in each other this often. */
  readonly maxDepth: number;
}

/** A name may have 64 KB, and code that is wrong may make any number of them. */
const shown = (name: string): string => shorten(name, 80);

/** The attribute in which something is wrong, at any depth, and what: `"price" holds no number`. */
export function itemProblem(item: WireItem, rules: ItemRules): string | undefined {
  for (const name of Object.keys(item)) {
    const problem = memberProblem(item, name, rules, 0);
    if (problem !== undefined) return `${JSON.stringify(shown(name))} ${problem}`;
  }
  return undefined;
}

function memberProblem(map: WireItem, name: string, rules: ItemRules, depth: number): string | undefined {
  if (!name.isWellFormed()) return 'has a name that is not valid Unicode';
  const value = map[name];
  return value === undefined ? undefined : valueProblem(value, rules, depth);
}

function valueProblem(value: unknown, rules: ItemRules, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `is no value in DynamoDB's JSON, but a ${typeof value}`;
  const types = Object.keys(value);
  const [type = ''] = types;
  if (types.length !== 1) return `has ${types.length} types (${shown(types.join(', '))})`;
  const content = (value as Readonly<Record<string, unknown>>)[type];
  if (type === 'M' || type === 'L') return containerProblem(content, type, rules, depth + 1);
  const rule = Object.hasOwn(rules.contents, type) ? rules.contents[type] : undefined;
  return rule === undefined
    ? `is of the type "${shown(type)}", which this version does not know`
    : rule(content);
}

function containerProblem(
  content: unknown,
  type: 'M' | 'L',
  rules: ItemRules,
  depth: number,
): string | undefined {
  if (typeof content !== 'object' || content === null || Array.isArray(content) !== (type === 'L'))
    return type === 'L' ? 'is a list without elements' : 'is a map without attributes';
  if (depth > rules.maxDepth) return `is nested more than ${rules.maxDepth} levels deep`;
  if (Array.isArray(content)) return firstProblem(content, (element) => valueProblem(element, rules, depth));
  return firstProblem(Object.keys(content), (name) => memberProblem(content as WireItem, name, rules, depth));
}

function firstProblem<T>(all: readonly T[], problemOf: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const problem = problemOf(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
