import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cartTable } from '../../functions/migrations/shop/tables/cart.ts';
import { createTableInput } from '../../functions/shared/aws/create-table-input.ts';
import { Actors, type Mishap, type Script } from '../support/ledger-model/actors.ts';
import { takeSnapshot } from '../support/ledger-model/observe.ts';
import { createLedgerWorld, type LedgerWorld } from '../support/ledger-world.ts';
import { caseCount, faultSeed } from '../support/soak.ts';

/** The model knows how many executions there are. Their names follow from their number. */
interface Model {
  count: number;
}

type Command = fc.AsyncCommand<Model, Actors>;

/** The execution that a command works on. The newest is number 0. */
const nameOf = ({ count }: Model, back: number): string => `run-${count - 1 - (back % Math.max(1, count))}`;

function command(label: string, run: (model: Model, actors: Actors) => void, needsRun = true): Command {
  return {
    check: ({ count }) => !needsRun || count > 0,
    run: async (model, actors) => run(model, actors),
    toString: () => label,
  };
}

const back = fc.nat(3);
const script: fc.Arbitrary<Script> = fc.record({
  input: fc.constantFrom({}, {}, { onFailure: 'hold' }),
  end: fc.constantFrom('succeed', 'fail'),
  isDoubled: fc.boolean(),
});
const mishap = fc.constantFrom<Mishap>('answer lost', 'worker dies before', 'worker dies after');
let byHand = 0;

const commands = fc.commands<Model, Actors, false>(
  [
    script.map((one) =>
      command(
        `migrate(${JSON.stringify(one)})`,
        (model, actors) => actors.migrate(`run-${model.count++}`, one),
        false,
      ),
    ),
    fc.tuple(back, script).map(([n, one]) =>
      command(`resume(${n}, ${JSON.stringify(one)})`, (model, actors) => {
        const input = { resume: nameOf(model, n) };
        actors.migrate(`run-${model.count++}`, { ...one, input });
      }),
    ),
    back.map((n) => command(`stop(${n})`, (model, actors) => actors.stop(nameOf(model, n)))),
    fc.constant(command('recover', (_model, actors) => actors.recover(`recover-${(byHand += 1)}`))),
    fc.tuple(back, fc.boolean()).map(([n, isConfirmed]) =>
      command(`roll back(${n}, ${isConfirmed})`, (model, actors) => {
        const runId = nameOf(model, n);
        const input = isConfirmed ? { runId, confirm: runId } : { runId };
        actors.rollBackByHand(`by-hand-${(byHand += 1)}`, input);
      }),
    ),
    fc.constant(command('shop', (_model, actors) => actors.shop())),
    fc
      .tuple(back, mishap)
      .map(([n, what]) =>
        command(`${what}(${n})`, (model, actors) => void actors.mishaps.set(nameOf(model, n), what)),
      ),
    fc
      .integer({ min: 1, max: 70 })
      .map((seconds) =>
        command(`wait(${seconds})`, (_model, actors) => actors.clock.advance(seconds * 1_000)),
      ),
  ],
  { maxCommands: 14, size: 'max' },
);

let world: LedgerWorld;
beforeAll(async () => void (world = await createLedgerWorld()));
afterAll(() => world.stop());

/** Waits for all tasks, and for those that they have begun in turn. */
async function allOf(tasks: readonly Promise<unknown>[]): Promise<void> {
  for (let done = 0; done < tasks.length;) {
    const upTo = tasks.length;
    await Promise.all(tasks.slice(done, upTo));
    done = upTo;
  }
}

/** Calls the schedule until no run needs to be recovered. */
async function settleAll(actors: Actors, scheduler: fc.Scheduler): Promise<void> {
  for (let tick = 0; tick < 6; tick += 1) {
    world.clock.advance(61_000);
    actors.recover(`last-${tick}`);
    await scheduler.waitFor(allOf(actors.tasks));
  }
}

async function remainders(): Promise<string[]> {
  const { runs, tables, lock, records } = await takeSnapshot(world.observer);
  const unrecovered = [...runs.values()]
    .filter(({ status }) => status === 'RUNNING' || status === 'ROLLING_BACK')
    .map(({ runId, status }) => `run ${runId} stayed ${status}`);
  const left = [...tables.values()].filter(({ name, runId }) => {
    const kept = records.get(runId ?? '')?.find((record) => record.name === name)?.outcome === 'KEPT';
    return runs.get(runId ?? '')?.status === 'ROLLED_BACK' && !kept;
  });
  const stuck = lock !== undefined && runs.get(lock.runId)?.status !== 'HELD' ? ['the lock stayed'] : [];
  return [...unrecovered, ...left.map(({ name, runId }) => `table ${name} of run ${runId} stayed`), ...stuck];
}

it("the ledger keeps one lock, legal transitions and everybody else's tables, no matter who acts at the same time and what goes wrong", async () => {
  const property = fc.asyncProperty(
    commands,
    fc.scheduler(),
    fc.boolean(),
    async (all, scheduler, hasCart) => {
      await world.reset();
      if (hasCart)
        await world.observer.clients.dynamo.send(
          new CreateTableCommand(createTableInput(cartTable, { name: 'cart', tags: {} })),
        );
      const actors = new Actors(world, scheduler, await takeSnapshot(world.observer));
      await fc.scheduledModelRun(scheduler, () => ({ model: { count: 0 }, real: actors }), all);
      await scheduler.waitFor(allOf(actors.tasks));
      await settleAll(actors, scheduler);
      expect([...actors.problems, ...(await remainders())]).toEqual([]);
    },
  );
  await fc.assert(property, { numRuns: caseCount(40), seed: faultSeed(), endOnFailure: true });
}, 600_000);
