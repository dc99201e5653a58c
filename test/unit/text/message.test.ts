import { describe, expect, it } from 'vitest';
import { awsCommandsOf, commandsOf, isCommandLine, stepText } from '../../../functions/shared/commands.ts';
import { cutMessage, joinMessage, splitMessage } from '../../../functions/shared/message.ts';

const PLACE = { stage: 'prod', region: 'ap-southeast-2' } as const;
const names = Array.from({ length: 25 }, (_, index) => `orders-archive-${index}`);
const deletions = names.map((name) => {
  const arn = `arn:aws:dynamodb:ap-southeast-2:123456789012:table/${name}`;
  return [`Look into table ${name}`, awsCommandsOf(PLACE).deleteTable(arn)] as const;
});
const nextStep = stepText(...deletions, ['Or roll the run back again', commandsOf(PLACE).rollBack('r')]);
const text = joinMessage({ said: 'The run failed. '.repeat(100), nextStep });

describe('a message that is too long', () => {
  it('loses what is said before any of its steps', () => {
    const long = joinMessage({ said: 'x'.repeat(5_000), nextStep: 'Wait.' });
    expect(cutMessage(long, 1_000)).toBe(`${'x'.repeat(994)}\nWait.`);
  });

  it('has whole commands only, and says that some are missing', () => {
    for (let maxBytes = 600; maxBytes < 4_000; maxBytes += 1) {
      const shown = cutMessage(text, maxBytes);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(maxBytes);
      const lines = splitMessage(shown).nextStep?.split('\n') ?? [];
      expect(lines.at(-1)).toBe('There are more steps than fit here.');
      expect(nextStep.split('\n')).toEqual(expect.arrayContaining(lines.slice(0, -1)));
      expect(lines.filter((line) => line.endsWith(':'))).toHaveLength(lines.filter(isCommandLine).length);
    }
  });
});
