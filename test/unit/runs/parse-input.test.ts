import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { INPUT_FIELDS, parseInput } from '../../../functions/shared/runs/parse-input.ts';

const schema = z.strictObject({
  maxConcurrency: INPUT_FIELDS.maxConcurrency,
  writeUnitsPerSecond: INPUT_FIELDS.unitsPerSecond,
  note: INPUT_FIELDS.note,
  dryRun: z.boolean().optional(),
  onFailure: z.enum(['rollback', 'hold']).optional(),
  writeEngine: INPUT_FIELDS.writeEngine,
});
const help = 'Nothing was created. Start again with {}.';
const refusal = (typed: unknown): string => {
  try {
    parseInput(typed, { schema, of: 'the migration', help });
    return 'taken';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('input that cannot be used', () => {
  it.each([
    [{ maxConcurrency: 0 }, '"maxConcurrency": must be 1 or more'],
    [{ maxConcurrency: 1_001 }, '"maxConcurrency": must be 1000 or less'],
    [{ maxConcurrency: 1.5 }, '"maxConcurrency": must be a whole number'],
    [{ maxConcurrency: '5' }, '"maxConcurrency": must be a number'],
    [{ writeUnitsPerSecond: 0 }, '"writeUnitsPerSecond": must be 0.000001 or more'],
    [{ writeUnitsPerSecond: 1e-300 }, '"writeUnitsPerSecond": must be 0.000001 or more'],
    [{ writeUnitsPerSecond: 1e300 }, '"writeUnitsPerSecond": must be 1000000 or less'],
    [{ dryRun: 'true' }, '"dryRun": must be true or false, without quotation marks'],
    [{ onFailure: 'undo' }, '"onFailure": must be "rollback" or "hold"'],
    [{ note: 'n'.repeat(501) }, '"note": must have at most 500 characters'],
    [{ note: 7 }, '"note": must be a text in quotation marks'],
    [{ dryrun: true }, 'unknown field "dryrun" (did you mean "dryRun"?)'],
    [{ everything: true }, 'unknown field "everything"'],
    [{ maxConcurrency: 1e20 }, '"maxConcurrency": must be 1000 or less'],
    [{ writeEngine: 'BULK' }, '"writeEngine": must be "batch", "bulk" or "auto"'],
  ])('is refused by what it must be: %j', (typed, demand) => {
    expect(refusal(typed)).toBe(`The input of the migration cannot be used: ${demand}. ${help}`);
  });

  it('is said to be missing where it is, and not to be of another type', () => {
    const needed = z.strictObject({ runId: z.string() });
    expect(() => parseInput({}, { schema: needed, of: 'the roll back', help })).toThrow(
      `The input of the roll back cannot be used: "runId" is missing; it must be a text in quotation marks. ${help}`,
    );
  });

  it('is told the nearest field of a schema that is made late, too', () => {
    const late = z.lazy(() => z.strictObject({ runId: z.string().optional() }));
    expect(() => parseInput({ runid: 'x' }, { schema: late, of: 'the roll back', help })).toThrow(
      'unknown field "runid" (did you mean "runId"?)',
    );
  });

  it('is taken where it can be', () => {
    expect(refusal({ maxConcurrency: 1, dryRun: true, note: 'at night' })).toBe('taken');
  });
});
