const START = '{"Item":';
const CONDITION = Buffer.from(',"ConditionExpression":"');
const BRACE = 0x7d;
const QUOTE = 0x22;

/**
 * The line of an item's JSON text, with its newline.
 *
 * @param clause stands behind the item: {@link absentClause}, or nothing as in DynamoDB's export
 */
export function lineOf(text: string, clause = ''): string {
  return `${START}${text}${clause}}\n`;
}

/**
 * What stands behind the item in a line for bulk put: the condition that its key has no item.
 *
 * @see BulkPutLine in cost/bulk-put.ts
 */
export function absentClause(partitionKey: string): string {
  const condition = {
    ConditionExpression: 'attribute_not_exists(#k)',
    ExpressionAttributeNames: { '#k': partitionKey },
  };
  return `,${JSON.stringify(condition).slice(1, -1)}`;
}

/**
 * An item's JSON text in its line, with its newline or without, with a condition behind the item or without. Nothing is
 * parsed. A line without a condition ends with three braces, one with a condition has a quote before the last two. The text
 * that opens a condition cannot stand inside an item, because quotes in strings are escaped and an attribute's value is an
 * object.
 */
export function textInLine(line: Buffer): Buffer {
  const end = line.lastIndexOf(BRACE);
  const hasCondition = line[end - 2] === QUOTE;
  return line.subarray(START.length, hasCondition ? line.lastIndexOf(CONDITION) : end);
}
