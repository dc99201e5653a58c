import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { jsonOption, runCommand } from './command.ts';
import { tableText } from './plain-table.ts';
import { type ChangedPrice, refreshPrices } from './prices/refresh-prices.ts';
import { processTerminal } from './terminal.ts';

interface Options {
  readonly region?: readonly string[];
  readonly from?: string;
  readonly json?: boolean;
}

const FILE = fileURLToPath(new URL('../../functions/shared/cost/prices.json', import.meta.url));

const command = new Command('npm run prices --')
  .description(
    "Brings functions/shared/cost/prices.json up to date from AWS's public price list. Needs a network, and no account. Functions have the new prices after the next deployment.",
  )
  .option('-r, --region <region...>', 'regions, new ones too (default: those that the file has)')
  .option('--from <folder>', "read the price list's documents from <folder>/<region>/<service>.json instead")
  .addOption(jsonOption('the changed prices'));

const COLUMNS = [
  { name: 'Region' },
  { name: 'Price' },
  { name: 'Before', align: 'right' },
  { name: 'Now', align: 'right' },
] as const;

await runCommand<Options>(command, async ({ region = [], from, json = false }) => {
  const terminal = processTerminal({ json });
  const changes = await refreshPrices({ file: FILE, regions: region, from, fetch });
  if (terminal.json) terminal.document(changes);
  else if (changes.length === 0) terminal.say('The prices are what they were. Source and date are new.');
  else terminal.say(tableText(terminal, COLUMNS, changes.map(rowOf)));
  return 0;
});

function rowOf({ region, group, figure, before, after }: ChangedPrice): readonly string[] {
  return [region, `${group}.${figure}`, before === undefined ? '–' : `$${before}`, `$${after}`];
}
