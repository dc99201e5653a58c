import { describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { throttleSentence } from '../../../workflow/cli/throttle-sentence.ts';

/** A run that fills two tables. */
const runBy = (engine: 'batch' | 'bulk') =>
  ({
    runId: 'r1',
    kind: 'migrate',
    plan: { writeEngine: { engine, why: 'the input asks for it' } },
    settings: { filled: ['a', 'b'] },
  }) as unknown as Run;

const KEEPS = 'Run r1 keeps to it within 5 s. Requests that are under way end as they are.';
const KEPT = 'A bulk put that has begun keeps the cap that it began with.';

describe('what is said of a cap', () => {
  it('names what it is on, and that 0 takes it away', () => {
    const caps = { writeUnitsPerSecond: 500, readUnitsPerSecond: 0 };
    expect(throttleSentence(runBy('batch'), caps)).toBe(
      `Writing is capped at 500 units a second now. Reading has no cap now. ${KEEPS}`,
    );
  });

  it('does not promise that a bulk put under way keeps to it', () => {
    expect(throttleSentence(runBy('bulk'), { writeUnitsPerSecond: 4_096 })).toBe(
      `Writing is capped at 4096 units a second now. ${KEEPS} ${KEPT}`,
    );
  });

  it('names the lowest cap that DynamoDB accepts of a bulk put where it is lower', () => {
    expect(throttleSentence(runBy('bulk'), { writeUnitsPerSecond: 2_047 })).toBe(
      `Writing is capped at 2047 units a second now. ${KEEPS} ${KEPT} A later one is capped at 1,024 units a second for each table, because DynamoDB accepts no lower cap.`,
    );
  });

  it('says nothing of a bulk put where only reading is capped', () => {
    expect(throttleSentence(runBy('bulk'), { readUnitsPerSecond: 20 })).toBe(
      `Reading is capped at 20 units a second now. ${KEEPS}`,
    );
  });
});
