import { expect, it } from 'vitest';
import { createDeliveredBatches } from '../../../workflow/local/lambda/mappings/delivered-batches.ts';

function keptOf(limits: { batches: number; characters: number }, events: readonly string[]) {
  const delivered = createDeliveredBatches(limits);
  for (const event of events) delivered.add({ uuid: 'm', functionArn: 'f', shardId: 's', event, at: 0 });
  return delivered.batches.map(({ event }) => event);
}

it('the last batches that a mapping delivered are kept, and not more of them than memory has room for', () => {
  expect(keptOf({ batches: 2, characters: 100 }, ['a', 'b', 'c'])).toEqual(['b', 'c']);
  expect(keptOf({ batches: 9, characters: 5 }, ['aaa', 'bb', 'c', 'dd'])).toEqual(['bb', 'c', 'dd']);
  expect(keptOf({ batches: 9, characters: 5 }, ['aaa', 'bbbbb', 'c'])).toEqual(['c']);
  expect(keptOf({ batches: 9, characters: 1 }, ['aaa', 'b'])).toEqual(['b']);
});
