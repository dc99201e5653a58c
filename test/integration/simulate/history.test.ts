import { GetExecutionHistoryCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { readMigrate } from '../../../workflow/simulate/definition.ts';
import { runMachine } from '../../../workflow/simulate/run-machine.ts';
import type { Json } from '../../../workflow/simulate/state-data.ts';
import { openShop, type TestShop } from '../../support/migration.ts';

let shop: TestShop;
beforeAll(async () => {
  shop = await openShop({ products: generateProducts({ count: 600 }) });
});
afterAll(() => shop.stop());

async function historyOf(executionArn: string | undefined): Promise<readonly HistoryEvent[]> {
  const all: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await shop.sfn.send(new GetExecutionHistoryCommand({ executionArn, nextToken }));
    all.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return all;
}

const countTypes = (types: readonly string[]): Record<string, number> =>
  types.reduce<Record<string, number>>(
    (counts, type) => ({ ...counts, [type]: (counts[type] ?? 0) + 1 }),
    {},
  );

/** What the functions answered, by state and in order: the simulation is given the same answers. */
function answersOf(events: readonly HistoryEvent[]): (stateName: string) => Json {
  const nameOf = (event: HistoryEvent): string => {
    const name = event.stateEnteredEventDetails?.name;
    const previous = events.find(({ id }) => id === event.previousEventId);
    return name ?? (previous === undefined ? '' : nameOf(previous));
  };
  const answers = new Map<string, Json[]>();
  for (const event of events.filter(({ type }) => type === 'TaskSucceeded')) {
    const { Payload } = JSON.parse(event.taskSucceededEventDetails?.output ?? '{}') as { Payload: Json };
    const name = nameOf(event);
    answers.set(name, [...(answers.get(name) ?? []), Payload]);
  }
  return (stateName) => answers.get(stateName)?.shift();
}

it('gives the events, type by type, that the embedded Step Functions gives a real run', async () => {
  const { executionArn, status } = await shop.run('migrate', { maxConcurrency: 3 });
  expect(status).toBe('SUCCEEDED');
  const events = await historyOf(executionArn);
  const answer = answersOf(events);
  const nothing = (): Promise<void> => Promise.resolve();

  const { tally } = await runMachine(await readMigrate('INLINE'), {
    invoke: async (_key, _payload, stateName) => answer(stateName),
    transit: nothing,
    wait: nothing,
    execution: { Id: executionArn ?? '', Name: 'simulated', StartTime: '', Input: {} },
  });

  expect(Object.fromEntries(tally.events)).toEqual(countTypes(events.map(({ type }) => type ?? '')));
  expect(tally.ownEvents).toBe(events.length);
});
