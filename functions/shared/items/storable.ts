import { normaliseBase64 } from './canonical-json.ts';
import { isStorableNumber, normaliseNumber } from './decimal.ts';
import { itemProblem, type ItemRules } from './item-problem.ts';
import type { WireItem } from './wire-item.ts';

/**
 * The first attribute whose value DynamoDB does not store as it is, and why. Empty sets and the item's size are left to
 * others.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html#limits-items (levels of nesting)
 */
export function storageProblem(item: WireItem): string | undefined {
  return itemProblem(item, RULES);
}

/** Digits four by four, with or without the padding at the end. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

const text = (content: unknown): string | undefined => {
  if (typeof content !== 'string') return `holds a ${typeof content} where a text must be`;
  return content.isWellFormed() ? undefined : 'holds half a character (a lone surrogate)';
};

const number = (content: unknown): string | undefined => {
  if (typeof content !== 'string') return `holds a ${typeof content} where the text of a number must be`;
  return isStorableNumber(content)
    ? undefined
    : 'holds no number of DynamoDB, which has up to 38 digits and lies between 1E-130 and 9.9E+125';
};

const binary = (content: unknown): string | undefined =>
  typeof content === 'string' && BASE64.test(content)
    ? undefined
    : 'holds bytes that are not written in base64';

const flag = (content: unknown): string | undefined =>
  typeof content === 'boolean' ? undefined : `holds a ${typeof content} where true or false must be`;

/** @param spelling that equal members share */
const setOf =
  (member: (content: unknown) => string | undefined, spelling: (content: string) => string) =>
  (content: unknown): string | undefined => {
    if (!Array.isArray(content)) return 'is a set without members';
    const members: readonly unknown[] = content;
    for (const one of members) {
      const problem = member(one);
      if (problem !== undefined) return problem;
    }
    const different = new Set(members.map((one) => spelling(String(one))));
    return different.size < members.length ? 'is a set that has a member twice' : undefined;
  };

const RULES: ItemRules = {
  maxDepth: 32,
  contents: {
    S: text,
    N: number,
    B: binary,
    BOOL: flag,
    NULL: (content) => (content === true ? undefined : 'is NULL, but not true'),
    SS: setOf(text, (content) => content),
    NS: setOf(number, normaliseNumber),
    BS: setOf(binary, normaliseBase64),
  },
};
