import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PriceGroup } from '../../../functions/shared/cost/prices.ts';
import { OperatorError } from '../operator-error.ts';
import { type GroupName, OFFERS, parseOffer } from './parse-offer.ts';

/** The price list as public documents: no account and no credentials are needed. */
const ADDRESS =
  'https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/<service>/current/<region>/index.json';
const PATIENCE_MILLIS = 120_000;

/** Where the documents are read. */
export interface OfferSource {
  /** A folder that holds them as `<region>/<service>.json`; absent: AWS's own address. */
  readonly from?: string | undefined;
  readonly fetch: typeof fetch;
}

/** The prices of a region, all groups of them. @throws OperatorError with the remedy. */
export async function readPrices(
  source: OfferSource,
  region: string,
): Promise<Readonly<Record<GroupName, PriceGroup<string>>>> {
  const read = async (group: GroupName): Promise<PriceGroup<string>> =>
    parseOffer(await readOffer(source, { service: OFFERS[group].service, region }), { group, region });
  const [dynamodb, s3, lambda, stepFunctions] = await Promise.all([
    read('dynamodb'),
    read('s3'),
    read('lambda'),
    read('stepFunctions'),
  ]);
  return { dynamodb, s3, lambda, stepFunctions };
}

interface Wanted {
  readonly service: string;
  readonly region: string;
}

async function readOffer({ from, fetch }: OfferSource, wanted: Wanted): Promise<unknown> {
  const { service, region } = wanted;
  const path = from === undefined ? addressOf(wanted) : join(from, region, `${service}.json`);
  const text = from === undefined ? await fetchText(fetch, path, wanted) : await readText(path);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new OperatorError(`${path} is not JSON, so no price was taken from it and nothing was written.`);
  }
}

const addressOf = ({ service, region }: Wanted): string =>
  ADDRESS.replace('<service>', service).replace('<region>', region);

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new OperatorError(
      `${path} cannot be read (${reasonOf(error)}), so nothing was written. Save there what ${ADDRESS} answers.`,
    );
  }
}

async function fetchText(
  fetch: OfferSource['fetch'],
  address: string,
  { service, region }: Wanted,
): Promise<string> {
  const response = await fetch(address, { signal: AbortSignal.timeout(PATIENCE_MILLIS) }).catch(unreachable);
  if (response.ok) return response.text().catch(unreachable);
  throw new OperatorError(
    `AWS's price list answers ${response.status} for ${service} in ${region}, so nothing was written. Check the name of the region.`,
  );
}

function unreachable(error: unknown): never {
  const services = Object.values(OFFERS).map(({ service }) => service);
  throw new OperatorError(
    `AWS's price list cannot be reached from here (${reasonOf(error)}), so nothing was written and the prices stay as they are. Run npm run prices where there is a network. Or save there what ${ADDRESS} answers as <folder>/<region>/<service>.json, for ${services.join(', ')}, and run here: npm run prices -- --from <folder>`,
  );
}

/** `ENOTFOUND` of a `fetch failed`, whose own message says nothing. */
function reasonOf(error: unknown): string {
  const { cause = error } = (error ?? {}) as { cause?: unknown };
  const { code, message } = cause as { code?: unknown; message?: unknown };
  return String(code ?? message);
}
