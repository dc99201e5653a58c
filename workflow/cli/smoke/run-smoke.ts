import type { OperatorContext } from '../context.ts';
import { counted } from '../../../functions/shared/format.ts';
import type { Terminal } from '../terminal.ts';
import { awkwardProducts } from './awkward-products.ts';
import { type CheckedStep, createChecklist } from './checklist.ts';
import { cleanUp } from './clean-up.ts';
import { refuseForeignTables } from './ownership.ts';
import { createPace } from './pace.ts';
import {
  type Filled,
  fillSource,
  proveMigration,
  proveRestore,
  proveSecondRun,
  proveStoppedRun,
  proveUnhappyRun,
  proveUntouched,
} from './proofs.ts';
import { readSettings } from './settings.ts';
import type { Smoke } from './smoke-run.ts';
import { assertTags } from './tables.ts';

/** What the smoke test found. */
export interface SmokeResult {
  readonly ok: boolean;
  readonly stage: string;
  readonly sourceTable: string;
  readonly steps: readonly CheckedStep[];
}

const productCount = 200;

/**
 * Proves a deployment: fills a source of its own, migrates it, happily, unhappily and stopped, restores it, and takes
 * everything away again.
 *
 * @throws OperatorError, before anything is created, where a table is in the way that no smoke test has made.
 */
export async function runSmoke(
  context: OperatorContext,
  terminal: Terminal,
  signal?: AbortSignal,
): Promise<SmokeResult> {
  const { stage, region, endpoint } = context;
  const intervalMillis = endpoint === undefined ? 1_000 : 50;
  const settings = await readSettings(context);
  await assertTags(context);
  const startedAt = new Date().toISOString();
  const pace = createPace(intervalMillis, signal);
  const smoke: Smoke = { context, settings, pace, startedAt, executions: [] };
  const { source } = await refuseForeignTables(smoke);
  terminal.say(
    `Smoke test of stage ${stage} in ${region}: ${settings.sourceTable} to ${settings.targets.join(', ')}\n`,
  );
  const list = createChecklist(terminal, { stage, region, endpoint });
  // What is taken away is taken away also after Ctrl-C.
  const unhurried: Smoke = { ...smoke, pace: createPace(intervalMillis) };
  if (source !== undefined)
    await list.step('What an earlier test has left is removed', () => cleanUp(unhurried));
  await prove(smoke, list);
  await list.always('Everything is taken away again', () => cleanUp(unhurried));
  return { ok: list.ok, stage, sourceTable: settings.sourceTable, steps: list.steps };
}

async function prove(smoke: Smoke, list: ReturnType<typeof createChecklist>): Promise<void> {
  const products = awkwardProducts(productCount);
  let filled: Filled = { products, source: [] };
  await list.step('A source of awkward products', async () => {
    filled = { products, source: await fillSource(smoke, products) };
    return `${counted(filled.source.length, 'product')} in ${smoke.settings.sourceTable}`;
  });
  await list.step('A run that must fail is rolled back', () => proveUnhappyRun(smoke));
  await list.step('A run that is stopped while it writes is rolled back', () => proveStoppedRun(smoke));
  await list.step('A migration', () => proveMigration(smoke, filled));
  await list.step('The same once more', () => proveSecondRun(smoke));
  await list.step('Its backup, verified and restored', () => proveRestore(smoke, filled));
  await list.step('The source was only read', () => proveUntouched(smoke, filled));
}
