import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import type { Browser } from 'playwright-core';
import { runCommand } from '../../workflow/cli/command.ts';
import { FAILED } from '../../workflow/cli/exit-codes.ts';
import { OperatorError } from '../../workflow/cli/operator-error.ts';
import { generateProducts } from '../../workflow/local/products/generate-products.ts';
import { hasChromium, launchChromium } from '../support/chromium.ts';
import { openShop } from '../support/migration.ts';
import { playSession, SESSION_PRODUCTS } from '../support/operator-session.ts';
import { asciicast } from './asciicast.ts';
import { indexPage, type ShownRecording, type ShownStory } from './index-page.ts';
import { photograph, type Pictures } from './photograph.ts';
import { openScene } from './scene.ts';
import { STORIES, type Story } from './stories.ts';
import { terminalPage } from './terminal-page.ts';

interface Options {
  readonly out: string;
  readonly only?: readonly string[];
}

const names = [...STORIES.map(({ name }) => name), 'terminal'].join(', ');

const command = new Command('npm run show --')
  .description('Takes pictures of the pages and the console, and records commands in a terminal.')
  .option('--out <folder>', 'gets the files; what is in it is deleted first', '.local/show')
  .option('--only <names>', `some of: ${names}`, (text) => text.split(','));

/** Columns of the terminals. */
const TERMINALS = [60, 80, 120] as const;

const say = (text: string): void => void process.stderr.write(`${text}\n`);

async function show({ out, only }: Options): Promise<number> {
  if (!hasChromium)
    throw new OperatorError(
      'There is no Chromium in /usr/bin to take pictures with. Install it (apt-get install chromium), then start again.',
      FAILED,
    );
  const folder = resolve(out);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const isAsked = (name: string): boolean => only?.includes(name) ?? true;
  const browser = await launchChromium();
  try {
    const stories: ShownStory[] = [];
    for (const story of STORIES.filter(({ name }) => isAsked(name)))
      stories.push({ story, pages: await playStory(story, browser, folder) });
    const recordings = isAsked('terminal') ? await record(folder) : [];
    await writeFile(join(folder, 'index.html'), indexPage(stories, recordings));
  } finally {
    await browser.close();
  }
  process.stdout.write(`${join(folder, 'index.html')}\n`);
  return 0;
}

async function playStory(
  { name, title, products, options, play }: Story,
  browser: Browser,
  folder: string,
): Promise<readonly Pictures[]> {
  say(title);
  const scene = await openScene(products, join(folder, name), options);
  try {
    const pages = await play(scene);
    const pictures: Pictures[] = [];
    for (const page of pages)
      pictures.push(await photograph(browser, { page, name: `${name}-${page.name}` }, folder));
    return pictures;
  } finally {
    await scene.shop.stop();
  }
}

/** Every command in every terminal. */
async function record(folder: string): Promise<readonly ShownRecording[]> {
  const shop = await openShop({ products: generateProducts({ count: SESSION_PRODUCTS }) });
  const shown: ShownRecording[] = [];
  try {
    for (const columns of TERMINALS) {
      say(`A terminal of ${columns} columns`);
      const session = await playSession(shop, { columns, cwd: folder });
      for (const [name, recording] of Object.entries(session)) {
        const title = `npm run ${name}, ${columns} columns`;
        const files = { page: `terminal-${name}-${columns}.html`, cast: `terminal-${name}-${columns}.cast` };
        await writeFile(join(folder, files.page), terminalPage(recording, title));
        await writeFile(join(folder, files.cast), asciicast(recording, { title, recordedAt: Date.now() }));
        shown.push({ title, ...files });
      }
    }
    return shown;
  } finally {
    await shop.stop();
  }
}

await runCommand<Options>(command, show);
// The warm function workers, which wait for the next shop, would keep it alive.
process.exit();
