import { parseMigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import { DEFAULT_REGION } from '../../../functions/shared/stage-words.cjs';
import { measureSamples } from './sample-product.ts';
import { acceptedOf, isRefused } from './scale-run.ts';
import { scaleSizes, sizesUpTo } from './scale-sizes.ts';
import { asMarkdown, limitTable, scaleTable } from './scale-table.ts';

const LARGEST = 1e9;

/** The section "Scale" of the documentation, without its marks. */
export function scaleSection(): string {
  const about = { product: measureSamples(), input: parseMigrateInput({}), region: DEFAULT_REGION };
  const runs = scaleSizes(about, sizesUpTo(LARGEST));
  const refusal = runs.find(isRefused)?.refusal;
  const largest = acceptedOf(runs).at(-1);
  return [
    'Printed by `npm run plan -- --products 1e9`, which needs no account and no network. `npm run docs` brings it up to date.',
    asMarkdown(scaleTable(runs)),
    'A new target is an on-demand table that this run creates. A warm one has been as busy before, or was created with warm throughput.',
    refusal === undefined ? '' : `Refused means that nothing is created: \`${refusal}\``,
    `What a run of ${LARGEST.toLocaleString('en-US')} products uses of each limit:`,
    largest === undefined ? '' : asMarkdown(limitTable(largest)),
    METHOD,
  ].join('\n\n');
}

const METHOD = `The figures are arithmetic. TestConnection's own planner cuts the run, and the estimate of a real run
(\`functions/shared/cost\`) gives time, cost, files and turns. A turn of a worker is 7 events, an iteration 4, everything else 85
(93 in DISTRIBUTED). A product is the average of the generated ones, put through the real transform; \`--bytes-per-product\` takes
another size and assumes four variants. A new on-demand table takes 4,000 write units a second in the first half hour and twice as
many each half hour later, up to 40,000. A test compares events, turns and files with real runs of 1,000 and 5,000 products.
Prices are those of ${DEFAULT_REGION}.`;
