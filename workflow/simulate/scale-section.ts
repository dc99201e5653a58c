import { type MapMode } from './definition.ts';
import { tableQuotaUnits } from './on-demand-capacity.ts';
import { asMarkdown, limitTable, scaleTable } from './scale-table.ts';
import { simulateRun, type SimulatedRun } from './simulate-run.ts';

/** Sizes that the documentation shows. */
export const documentedSizes = [1e6, 1e8, 1e9] as const;
const modes: readonly MapMode[] = ['INLINE', 'DISTRIBUTED'];

const begin = '<!-- scale:begin -->';
const end = '<!-- scale:end -->';

/** What is simulated for every size: both kinds of target, both modes. */
export async function simulateSizes(
  sizes: readonly number[],
  options: {
    readonly quota?: number;
    readonly workers?: number | undefined;
    readonly existing?: boolean;
  } = {},
): Promise<readonly SimulatedRun[]> {
  const { quota = tableQuotaUnits, workers, existing = false } = options;
  const runs: SimulatedRun[] = [];
  for (const products of sizes) {
    for (const warm of [false, true]) {
      for (const mode of modes)
        runs.push(await simulateRun({ products, warm, quota, workers, existing }, mode));
    }
  }
  return runs;
}

const method = `How it is made: the definition of \`migrate\` itself is run state by state in virtual time, with the plan that
TestConnection's own planner makes and with workers that keep the real cursors, deadlines and file sizes. DynamoDB is a
flow of units: 4,000 write and 12,000 read units a second for a new on-demand table, twice the last peak once that is
half an hour old, ${tableQuotaUnits.toLocaleString('en-US')} a table by quota, 1,000 and 3,000 a partition; where workers ask for more than the table
gives, they get 90 % of it. One worker reads and writes as fast as \`functions/shared/cost/throughput.ts\` says. A product
is what the generated ones are on average, put through the real transform. Events, transitions and payload bytes are
counted at every state; a turn of a worker is 7 events, an iteration 4 (2 of them its last state's), a retry would be 3.
Prices are those of ap-southeast-2.`;

/** The documentation's section, without its marks. */
export async function scaleSection(): Promise<string> {
  const runs = await simulateSizes(documentedSizes);
  const more = await simulateRun(
    { products: 1e6, warm: true, quota: tableQuotaUnits, workers: 32, existing: false },
    'INLINE',
  );
  const largest = runs.findLast(({ measured }) => measured !== undefined);
  const refused = runs.find(({ outcome }) => outcome === 'REFUSED');
  return [
    'Simulated by `npm run simulate`; `npm test` fails when these figures are not what it gives any more.',
    asMarkdown(scaleTable([...runs, more])),
    'The last line is with `maxConcurrency: 32`. A warm table is one that has been as busy before, or that was created with warm throughput.',
    refused?.error === undefined ? '' : `Refused means: nothing was created. \`${refused.error}\``,
    `What a run of ${(largest?.products ?? 0).toLocaleString('en-US')} products uses of each limit:`,
    largest?.measured === undefined ? '' : asMarkdown(limitTable(largest.measured)),
    method,
  ].join('\n\n');
}

/**
 * The document with the section brought up to date.
 *
 * @throws Error where it has no such section
 */
export function withScaleSection(document: string, section: string): string {
  const [before, rest] = document.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error(`The document has no section ${begin} ... ${end}.`);
  return `${before}${begin}\n${section}\n${end}${after}`;
}
