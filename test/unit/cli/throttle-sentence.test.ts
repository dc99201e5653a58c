import { describe, expect, it } from 'vitest';
import type { Run } from '../../../functions/shared/ledger/run.ts';
import { indexesTo, SINGLE_PLAN } from '../../../functions/shared/runs/cut-work.ts';
import type { Caps } from '../../../functions/shared/ledger/run-facts.ts';
import { throttleSentence } from '../../../workflow/cli/throttle-sentence.ts';

/** A run that fills two tables. */
const runBy = (engine: 'batch' | 'bulk') =>
  ({
    runId: 'r1',
    kind: 'migrate',
    plan: { writeEngine: { engine, why: 'the input asks for it' } },
    settings: { filled: ['a', 'b'] },
  }) as unknown as Run;

const said = (run: Run, caps: Caps): string => throttleSentence(run, caps, 'ap-southeast-2');

const KEEPS = 'Run r1 keeps to it within 5 s. Requests that are under way end as they are.';
const KEPT = 'A bulk put that has begun keeps the cap that it began with.';

describe('what is said of a cap', () => {
  it('names what it is on, and that 0 takes it away', () => {
    const caps = { writeUnitsPerSecond: 500, readUnitsPerSecond: 0 };
    expect(said(runBy('batch'), caps)).toBe(
      `Writing is capped at 500 units a second now. Reading has no cap now. ${KEEPS}`,
    );
  });

  it('does not promise that a bulk put under way keeps to it', () => {
    expect(said(runBy('bulk'), { writeUnitsPerSecond: 4_096 })).toBe(
      `Writing is capped at 4096 units a second now. ${KEEPS} ${KEPT}`,
    );
  });

  it('names the lowest cap that DynamoDB accepts of a bulk put where it is lower', () => {
    expect(said(runBy('bulk'), { writeUnitsPerSecond: 2_047 })).toBe(
      `Writing is capped at 2047 units a second now. ${KEEPS} ${KEPT} A later one is capped at 1,024 units a second for each table, because DynamoDB accepts no lower cap.`,
    );
  });

  it('says nothing of a bulk put where only reading is capped', () => {
    expect(said(runBy('bulk'), { readUnitsPerSecond: 20 })).toBe(
      `Reading is capped at 20 units a second now. ${KEEPS}`,
    );
  });

  describe('where slower workers need more of the history than there is', () => {
    const inline = {
      ...SINGLE_PLAN,
      segments: indexesTo(20),
      shards: indexesTo(20),
      workers: 20,
      mapEvents: 560,
      estimatedProducts: 1_000_000,
      estimatedBytes: 1_000_000_000,
    };
    const runWith = (plan: Partial<typeof inline>, onFailure = 'rollback') =>
      ({ ...runBy('batch'), plan: { ...inline, ...plan }, parameters: { onFailure } }) as unknown as Run;

    it.each([
      ['rollback', 'rolled back'],
      ['hold', 'held'],
    ])('says what becomes of the run (%s)', (onFailure, end) => {
      expect(said(runWith({}, onFailure), { writeUnitsPerSecond: 1 })).toMatch(
        new RegExp(
          `the whole run would fill about [0-9,]{6,} events, and Step Functions keeps 25,000 .* when its history is full, it is ${end}\\.$`,
        ),
      );
    });

    it('says nothing of it where the history holds the run, or each iteration has its own', () => {
      const caps = { writeUnitsPerSecond: 5_000 };
      expect(said(runWith({}), caps)).not.toContain('events');
      const { mapEvents: _mapEvents, ...distributed } = inline;
      const run = { ...runWith({}), plan: distributed } as unknown as Run;
      expect(said(run, { writeUnitsPerSecond: 1 })).not.toContain('events');
    });
  });
});
