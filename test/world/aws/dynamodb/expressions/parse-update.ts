import type { Name, Parsed, Term, Update, Value } from './syntax.ts';
import { placeholdersIn, readName, readValue } from './terms.ts';
import { readTokens, type TokenReader } from './tokens.ts';

const parsedUpdates = new Map<string, Parsed<Update>>();
const parsedProjections = new Map<string, Parsed<readonly Name[]>>();

/** Reads an UpdateExpression; each text is read once. @throws UnknownToWorldError */
export function parseUpdate(text: string): Parsed<Update> {
  const known = parsedUpdates.get(text);
  if (known !== undefined) return known;
  const tokens = readTokens(text);
  const update = { set: [], remove: [], add: [] };
  while (tokens.peek() !== '') readClause(tokens, update);
  const result = { expression: update, placeholders: placeholdersIn(text) };
  parsedUpdates.set(text, result);
  return result;
}

interface Growing {
  readonly set: { name: Name; to: Term }[];
  readonly remove: Name[];
  readonly add: { name: Name; value: Value }[];
}

function readClause(tokens: TokenReader, update: Growing): void {
  if (tokens.take('SET')) {
    update.set.push(...listOf(tokens, () => readAssignment(tokens)));
    return;
  }
  if (tokens.take('REMOVE')) {
    update.remove.push(...listOf(tokens, () => readName(tokens)));
    return;
  }
  if (!tokens.take('ADD')) tokens.refuse(`${tokens.peek()} begins no clause`);
  const readAddition = () => ({ name: readName(tokens), value: readValue(tokens) });
  update.add.push(...listOf(tokens, readAddition));
}

function listOf<T>(tokens: TokenReader, read: () => T): readonly T[] {
  const list = [read()];
  while (tokens.take(',')) list.push(read());
  return list;
}

function readAssignment(tokens: TokenReader): { readonly name: Name; readonly to: Term } {
  const name = readName(tokens);
  tokens.expect('=');
  const first = readTerm(tokens);
  if (tokens.take('+')) return { name, to: { kind: 'sum', sign: 1, first, second: readTerm(tokens) } };
  if (tokens.take('-')) return { name, to: { kind: 'sum', sign: -1, first, second: readTerm(tokens) } };
  return { name, to: first };
}

function readTerm(tokens: TokenReader): Term {
  if (tokens.peek().startsWith(':')) return readValue(tokens);
  const name = readName(tokens);
  if (!tokens.take('(')) return name;
  const term = readFunction(tokens, name.text);
  tokens.expect(')');
  return term;
}

function readFunction(tokens: TokenReader, called: string): Term {
  if (called === 'if_not_exists') {
    const name = readName(tokens);
    tokens.expect(',');
    return { kind: 'ifNotExists', name, otherwise: readTerm(tokens) };
  }
  if (called !== 'list_append') tokens.refuse(`it has the function ${called}`);
  const first = readTerm(tokens);
  tokens.expect(',');
  return { kind: 'listAppend', first, second: readTerm(tokens) };
}

/** Reads a ProjectionExpression of top-level attributes; each text is read once. @throws UnknownToWorldError */
export function parseProjection(text: string): Parsed<readonly Name[]> {
  const known = parsedProjections.get(text);
  if (known !== undefined) return known;
  const tokens = readTokens(text);
  const expression = listOf(tokens, () => readName(tokens));
  if (tokens.peek() !== '') tokens.refuse(`${tokens.peek()} is one word too many`);
  const result = { expression, placeholders: placeholdersIn(text) };
  parsedProjections.set(text, result);
  return result;
}
