import { migration } from '#migration/index.ts';
import { printable } from '../../functions/shared/printable.ts';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { WireItem } from '../../functions/shared/items/wire-item.ts';
import { type EmbeddedAws, startEmbeddedAws } from '../local/embedded-aws.ts';
import { countRepeats, type Repeats, repeatsSentence } from '../local/products/count-repeats.ts';
import { generateProducts } from '../local/products/generate-products.ts';
import { readProductsFile } from '../local/products/read-products-file.ts';
import type { ReportView } from './collect-report.ts';
import { type Breakage, breakages } from './breakages.ts';
import { openContext } from './context.ts';
import { EMBEDDED_STAGE } from '../../functions/shared/stage-words.cjs';
import { DONE, FAILED, INTERRUPTED, WRONG_USAGE } from './exit-codes.ts';
import { executionName, startExecution } from './executions.ts';
import { finish } from './follow-to-report.ts';
import { followExecution } from './follow-run.ts';
import { openFunctionLog } from './function-log.ts';
import { count } from '../../functions/shared/format.ts';
import { afterwards, type ShopOptions } from './local-afterwards.ts';
import { onInterrupt } from './interrupt.ts';
import { migrateInput } from './input-options.ts';
import { OperatorError } from './operator-error.ts';
import { progressView } from './progress-view.ts';
import type { Terminal } from './terminal.ts';
import { fit } from './wrap.ts';

/** Options of `npm start`. */
export interface LocalRunOptions extends ShopOptions {
  readonly port?: number;
  readonly break?: string;
}

const defaultProducts = 1_000;

/** Of an engine that outlives this process. */
const SHOP_THERE = { name: `the existing ${migration.nouns.items}`, warning: () => undefined } as const;

interface Shop {
  readonly products: Iterable<WireItem> | AsyncIterable<WireItem>;
  /** What it is, for the first line. */
  readonly name: string;
  /** What is wrong with it, known once it is up. */
  readonly warning: () => string | undefined;
}

/**
 * A whole migration on this machine: embedded AWS up, products in, workflow started, followed and reported, all of it
 * stopped again.
 *
 * @returns the exit code of the run's end; 130 after Ctrl-C
 */
export async function runLocally(options: LocalRunOptions, terminal: Terminal): Promise<number> {
  checkShop(options);
  const input = migrateInput(options);
  const breakage = breakageOf(options);
  const shop = shopOf(options);
  const name = executionName('migrate');
  const log = await openFunctionLog(join(terminal.out, name, 'functions.log'), terminal);
  const stopping = onInterrupt(() => terminal.complain('Stopping ...'));
  let aws: EmbeddedAws | undefined;
  let isStarted = false;
  try {
    terminal.say(terminal.colors.dim('Packaging the service and starting the embedded AWS ...'));
    aws = await startAws(options, { shop, breakage, log });
    breakage?.inject?.(aws.faults);
    if (stopping.signal.aborted) return INTERRUPTED;
    announce({ shop: aws.isFilled ? shop : SHOP_THERE, input, breakage }, terminal);
    isStarted = true;
    const local = { input, name, options, signal: stopping.signal };
    const exitCode = brokenCode(await migrateAndReport(aws, local, terminal), breakage, terminal);
    if (exitCode !== INTERRUPTED) {
      terminal.say();
      terminal.say(terminal.colors.dim(fit(terminal, remains(options))));
    }
    return exitCode;
  } catch (error) {
    // A terminal sends Ctrl-C to the engines as well, and what then no longer answers is no news.
    if (stopping.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    await aws?.stop();
    await finished(log.end());
    // A log of nothing, in a folder that no run has.
    if (!isStarted) await rm(join(terminal.out, name), { recursive: true, force: true });
    stopping.release();
  }
}

/** @throws OperatorError for options that do not go together, or make no shop */
export function checkShop({ products, input }: ShopOptions): void {
  if (products !== undefined && input !== undefined)
    throw new OperatorError(
      'Give --products or --input, not both: the table is filled from one of them.',
      WRONG_USAGE,
    );
}

function breakageOf({ break: name }: LocalRunOptions): Breakage | undefined {
  if (name === undefined) return undefined;
  const breakage = breakages[name];
  if (breakage === undefined)
    throw new OperatorError(
      `There is no way to break "${name}". Say --break with one of: ${Object.keys(breakages).join(', ')}.`,
      WRONG_USAGE,
    );
  return breakage;
}

/** A run that was to fail and did not is a failure of the command. */
function brokenCode(exitCode: number, breakage: Breakage | undefined, terminal: Terminal): number {
  if (exitCode !== DONE || breakage === undefined) return exitCode;
  terminal.complain(`Nothing broke. ${breakage.unbroken}`);
  return FAILED;
}

function shopOf({ products = defaultProducts, input, seed = 1 }: LocalRunOptions): Shop {
  if (input !== undefined) return shopOfFile(input);
  return {
    warning: () => undefined,
    products: generateProducts({ count: products, seed }),
    name: `${count(products)} generated ${migration.nouns.items}`,
  };
}

function shopOfFile(input: string): Shop {
  const repeats: Repeats = { count: 0 };
  return {
    products: countRepeats(readProductsFile(input), repeats),
    name: `the ${migration.nouns.items} of ${printable(input)}`,
    warning: () => repeatsSentence(repeats, printable(input)),
  };
}

interface LocalAws {
  readonly shop: Shop;
  readonly breakage: Breakage | undefined;
  readonly log: Writable;
}

function startAws(options: LocalRunOptions, { shop, breakage, log }: LocalAws): Promise<EmbeddedAws> {
  const { port = 0, dynamodb, s3 } = options;
  return startEmbeddedAws({
    port,
    products: following(shop.products, breakage?.product),
    log: (functionName, text) => void log.write(`${functionName}: ${text}`),
    keepsSource: !isShopGiven(options),
    preload: 'migrate',
    ...(dynamodb === undefined ? {} : { dynamodbUrl: dynamodb }),
    ...(s3 === undefined ? {} : { s3Url: s3 }),
  });
}

async function* following(products: Shop['products'], more: WireItem | undefined): AsyncGenerator<WireItem> {
  yield* products;
  if (more !== undefined) yield more;
}

/** Only a shop that the operator did not ask for gives way to an existing one. */
const isShopGiven = ({ products, input, seed, break: broken }: LocalRunOptions): boolean =>
  [products, input, seed, broken].some((option) => option !== undefined);

interface Announcement {
  readonly shop: Pick<Shop, 'name' | 'warning'>;
  readonly input: unknown;
  readonly breakage: Breakage | undefined;
}

function announce({ shop, input, breakage }: Announcement, terminal: Terminal): void {
  terminal.say(`A source table with ${shop.name} is up; starting migrate with ${JSON.stringify(input)}`);
  const warning = shop.warning();
  if (warning !== undefined) terminal.say(terminal.colors.yellow(warning));
  if (breakage !== undefined) terminal.say(terminal.colors.yellow(breakage.story));
  terminal.say();
}

interface LocalExecution {
  readonly options: LocalRunOptions;
  readonly input: unknown;
  readonly name: string;
  readonly signal: AbortSignal;
}

async function migrateAndReport(
  aws: EmbeddedAws,
  { input, name, options, signal }: LocalExecution,
  terminal: Terminal,
): Promise<number> {
  const context = await openContext({ stage: EMBEDDED_STAGE, endpoint: aws.endpoint });
  try {
    const arn = await startExecution(context, 'migrate', { name, input });
    const end = await followExecution(context, arn, { view: progressView(terminal), signal });
    if (end === undefined) return INTERRUPTED;
    const adapt = (view: ReportView): ReportView => afterwards(view, options);
    return await finish(context, end, { terminal, patiently: (ask) => ask(), adapt });
  } finally {
    context.close();
  }
}

/** What is left once the command has ended. */
function remains({ dynamodb, s3 }: LocalRunOptions): string {
  if (dynamodb === undefined && s3 === undefined)
    return 'Tables and bucket were in memory and are gone now, so no other command finds this run. npm run local keeps them.';
  const tables =
    dynamodb === undefined ? 'The tables were in memory and are gone now' : `The tables stay at ${dynamodb}`;
  const bucket = s3 === undefined ? 'the bucket was in memory and is gone now' : `the bucket stays at ${s3}`;
  return `${tables}; ${bucket}.`;
}
