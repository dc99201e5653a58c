import { UnknownToWorldError } from '../../errors.ts';

/** A word, a symbol, or a placeholder with its `#` or `:`. */
export type Token = string;

const TOKEN = /\s*([#:]?[A-Za-z0-9_]+|<>|<=|>=|[<>=(),+-])/y;

/** Reads tokens one after the other. */
export interface TokenReader {
  /** `''` at the end. */
  readonly next: () => Token;
  /** The next one, which stays. */
  readonly peek: () => Token;
  /** Takes the next one if it is this word (in any case) or symbol. */
  readonly take: (wanted: string) => boolean;
  /** @throws UnknownToWorldError if the next one is another */
  readonly expect: (wanted: string) => void;
  /** @throws UnknownToWorldError */
  readonly refuse: (why: string) => never;
}

/** A reader of an expression. @throws UnknownToWorldError at what no expression of the product has, such as a path */
export function readTokens(expression: string): TokenReader {
  const refuse = (why: string): never => {
    throw new UnknownToWorldError(
      `The in-memory DynamoDB does not know the expression ${expression}: ${why}.`,
    );
  };
  const tokens = tokensOf(expression, refuse);
  let at = 0;
  const peek = (): Token => tokens[at] ?? '';
  const take = (wanted: string): boolean => {
    const isWanted = peek().toUpperCase() === wanted;
    if (isWanted) at += 1;
    return isWanted;
  };
  return {
    peek,
    take,
    refuse,
    next: () => {
      at += 1;
      return tokens[at - 1] ?? '';
    },
    expect: (wanted) => {
      if (!take(wanted)) refuse(`${wanted} is expected before ${peek() || 'the end'}`);
    },
  };
}

function tokensOf(expression: string, refuse: (why: string) => never): readonly Token[] {
  const text = expression.trimEnd();
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const [, token] = TOKEN.exec(text) ?? [];
    if (token === undefined) return refuse(`it cannot be read from ${text.slice(start)} on`);
    tokens.push(token);
  }
  return tokens;
}
