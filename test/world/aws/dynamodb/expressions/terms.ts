import type { Name, Value } from './syntax.ts';
import type { TokenReader } from './tokens.ts';

const PLACEHOLDER = /[#:][A-Za-z0-9_]+/g;

/** Every placeholder of an expression. */
export function placeholdersIn(text: string): ReadonlySet<string> {
  return new Set(text.match(PLACEHOLDER));
}

/**
 * Names that expressions of the product have without a placeholder. Others may be among DynamoDB's 573 reserved words,
 * so each is compared with an engine before it is added.
 */
const PLAIN_NAMES: ReadonlySet<string> = new Set([
  'PK',
  'SK',
  'entity',
  'startedAt',
  'claim',
  'quietAt',
  'id',
  'listed',
  'gone',
  'n',
  'written',
]);

/** The next token, which must name an attribute. */
export function readName(tokens: TokenReader): Name {
  const text = tokens.next();
  if (/^[A-Za-z]/.test(text) && tokens.peek() !== '(' && !PLAIN_NAMES.has(text))
    tokens.refuse(`nobody has found out whether ${text} is a reserved word; give it a placeholder`);
  if (!/^#?[A-Za-z]/.test(text) && !/^#[0-9_]/.test(text)) tokens.refuse(`${text || 'the end'} is no name`);
  return { kind: 'name', text };
}

/** The next token, which must be the placeholder of a value. */
export function readValue(tokens: TokenReader): Value {
  const text = tokens.next();
  if (!text.startsWith(':')) tokens.refuse(`${text || 'the end'} is no placeholder of a value`);
  return { kind: 'value', text };
}
