import { readFile, writeFile } from 'node:fs/promises';
import Table from 'cli-table3';
import { Command } from 'commander';
import { type FigureTable, limitTable, scaleTable } from '../simulate/scale-table.ts';
import { documentedSizes, scaleSection, simulateSizes, withScaleSection } from '../simulate/scale-section.ts';
import type { SimulatedRun } from '../simulate/simulate-run.ts';
import { runCommand } from './command.ts';
import { processTerminal } from './terminal.ts';

interface SimulateOptions {
  readonly products: readonly number[];
  readonly quota: number;
  readonly workers?: number;
  readonly existing: boolean;
  readonly json: boolean;
  readonly document?: string;
}

/** A whole number, also as `1e6`. */
function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new Error(`"${text}" is no whole number above 0.`);
  return count;
}

const command = new Command('simulate')
  .description('Runs the workflow in virtual time against a model of AWS: duration, cost, limits.')
  .option('--products <counts>', 'products in the table; several with commas between', (text) =>
    text.split(',').map(parseCount),
  )
  .option('--quota <units>', 'capacity units a second that one table may serve', parseCount, 40_000)
  .option('--workers <count>', 'maxConcurrency of the input; 20 otherwise', parseCount)
  .option('--existing', 'the target was there before, so that every key is compared at the end', false)
  .option('--json', 'one JSON document with every figure', false)
  .option('--document <path>', 'bring the section "scale" of this document up to date');

const { say: print } = processTerminal();

function show({ headings, rows }: FigureTable): void {
  const table = new Table({ head: [...headings], style: { head: [], border: [] } });
  for (const row of rows) table.push([...row]);
  print(table.toString());
}

function showRuns(runs: readonly SimulatedRun[]): void {
  show(scaleTable(runs));
  const reasons = new Set(runs.flatMap(({ error }) => (error === undefined ? [] : [error])));
  for (const reason of reasons) print(reason);
  const largest = runs.findLast(({ measured }) => measured !== undefined);
  if (largest?.measured === undefined) return;
  print(`Limits, ${largest.products.toLocaleString('en-US')} products, ${largest.mode}:`);
  show(limitTable(largest.measured));
}

async function simulate({ products, json, document, ...options }: SimulateOptions): Promise<number> {
  if (document !== undefined) {
    await writeFile(document, withScaleSection(await readFile(document, 'utf8'), await scaleSection()));
    return 0;
  }
  const runs = await simulateSizes(products ?? documentedSizes, options);
  if (json) print(JSON.stringify({ runs }, null, 2));
  else showRuns(runs);
  return 0;
}

await runCommand<SimulateOptions>(command, simulate);
