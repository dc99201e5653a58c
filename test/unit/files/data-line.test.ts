import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { absentClause, lineOf, textInLine } from '../../../functions/shared/files/data-line.ts';
import { itemOfLine } from '../../../functions/shared/files/read-file.ts';
import { canonicalJson } from '../../../functions/shared/items/canonical-json.ts';
import { arbitraryItem } from '../../support/arbitrary-items.ts';

const withoutNewline = (line: string): Buffer => Buffer.from(line).subarray(0, -1);

describe('a line of a data file', () => {
  it('is a line of an export, or one with the condition that the key has no item', () => {
    const item = '{"PK":{"S":"A"},"SK":{"S":"B"}}';
    expect(lineOf(item)).toBe(`{"Item":${item}}\n`);
    expect(lineOf(item, absentClause('PK'))).toBe(
      `{"Item":${item},"ConditionExpression":"attribute_not_exists(#k)","ExpressionAttributeNames":{"#k":"PK"}}\n`,
    );
  });

  it('gives back the bytes of any item, with a condition on any key or without', () => {
    fc.assert(
      fc.property(arbitraryItem, fc.string({ minLength: 1 }), (item, key) => {
        const text = canonicalJson(item);
        for (const clause of ['', absentClause(key)]) {
          const whole = Buffer.from(lineOf(text, clause));
          const line = whole.subarray(0, -1);
          expect(textInLine(whole).toString()).toBe(text);
          expect(textInLine(line).toString()).toBe(text);
          expect(itemOfLine(line, { key: 'file', where: 'A line' })).toEqual(JSON.parse(text));
        }
      }),
    );
  });

  it('is not misread where the item itself speaks of conditions', () => {
    const text = canonicalJson({
      ConditionExpression: { S: '"},"ConditionExpression":"x"}}' },
      nested: { M: { ConditionExpression: { S: ',"ConditionExpression":"' } } },
    });
    for (const clause of ['', absentClause('ConditionExpression')])
      expect(textInLine(withoutNewline(lineOf(text, clause))).toString()).toBe(text);
  });
});
