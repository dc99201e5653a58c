import { invalid } from '../../errors.ts';
import type { Comparator, Condition, Name, Operand, Parsed } from './syntax.ts';
import { placeholdersIn, readName, readValue } from './terms.ts';
import { readTokens, type TokenReader } from './tokens.ts';

const COMPARATORS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);

/** Conditions that stand in parentheses of their own. */
const parenthesised = new WeakSet<Condition>();

const parsed = new Map<string, Parsed<Condition>>();

/** Reads a condition; each text is read once. @throws UnknownToWorldError */
export function parseCondition(text: string): Parsed<Condition> {
  const known = parsed.get(text);
  if (known !== undefined) return known;
  const tokens = readTokens(text);
  const expression = readOr(tokens);
  if (tokens.peek() !== '') tokens.refuse(`${tokens.peek()} is one word too many`);
  const result = { expression, placeholders: placeholdersIn(text) };
  parsed.set(text, result);
  return result;
}

function readOr(tokens: TokenReader): Condition {
  const parts = [readAnd(tokens)];
  while (tokens.take('OR')) parts.push(readAnd(tokens));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'or', parts };
}

function readAnd(tokens: TokenReader): Condition {
  const parts = [readNot(tokens)];
  while (tokens.take('AND')) parts.push(readNot(tokens));
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : { kind: 'and', parts };
}

function readNot(tokens: TokenReader): Condition {
  if (tokens.take('NOT')) return { kind: 'not', part: readNot(tokens) };
  if (!tokens.take('(')) return readTest(tokens);
  const inside = readOr(tokens);
  tokens.expect(')');
  if (parenthesised.has(inside)) throw invalid('The expression has redundant parentheses');
  parenthesised.add(inside);
  return inside;
}

function readTest(tokens: TokenReader): Condition {
  if (tokens.take('ATTRIBUTE_EXISTS')) return { kind: 'exists', name: readOnlyName(tokens) };
  if (tokens.take('ATTRIBUTE_NOT_EXISTS')) return { kind: 'notExists', name: readOnlyName(tokens) };
  if (tokens.take('BEGINS_WITH')) return readBeginsWith(tokens);
  const left = readOperand(tokens);
  if (tokens.take('BETWEEN')) return readBetween(tokens, left);
  if (tokens.take('IN')) return { kind: 'in', of: left, among: readList(tokens) };
  const comparator = tokens.next();
  if (!COMPARATORS.has(comparator)) tokens.refuse(`${comparator || 'the end'} is no comparison`);
  return { kind: 'compare', comparator: comparator as Comparator, left, right: readOperand(tokens) };
}

/** `(name)` */
function readOnlyName(tokens: TokenReader): Name {
  tokens.expect('(');
  const name = readName(tokens);
  tokens.expect(')');
  return name;
}

function readBeginsWith(tokens: TokenReader): Condition {
  tokens.expect('(');
  const name = readName(tokens);
  tokens.expect(',');
  const prefix = readOperand(tokens);
  tokens.expect(')');
  return { kind: 'beginsWith', name, prefix };
}

function readBetween(tokens: TokenReader, of: Operand): Condition {
  const from = readOperand(tokens);
  tokens.expect('AND');
  return { kind: 'between', of, from, to: readOperand(tokens) };
}

function readList(tokens: TokenReader): readonly Operand[] {
  tokens.expect('(');
  const among = [readOperand(tokens)];
  while (tokens.take(',')) among.push(readOperand(tokens));
  tokens.expect(')');
  return among;
}

function readOperand(tokens: TokenReader): Operand {
  if (tokens.peek().startsWith(':')) return readValue(tokens);
  const name = readName(tokens);
  return tokens.peek() === '(' ? tokens.refuse(`it has the function ${name.text}`) : name;
}
