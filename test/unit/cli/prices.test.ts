import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pricesOf, type PriceList } from '../../../functions/shared/cost/prices.ts';
import { parseOffer } from '../../../workflow/cli/prices/parse-offer.ts';
import { type Refresh, refreshPrices } from '../../../workflow/cli/prices/refresh-prices.ts';

const SAMPLES = 'test/fixtures/price-list';
const SYDNEY = 'ap-southeast-2';
const PRICES = 'functions/shared/cost/prices.json';

const sampleOf = async (service: string): Promise<string> =>
  readFile(join(SAMPLES, SYDNEY, `${service}.json`), 'utf8');

const noFetch: typeof fetch = () => Promise.reject(new Error('Nothing may be fetched.'));

describe('the prices that functions are given', () => {
  it.each(['ap-southeast-2', 'us-east-1'])('have a source and a date for each group in %s', (region) => {
    const groups = Object.values(pricesOf(region) ?? {});
    expect(groups).toHaveLength(4);
    for (const { source, date, dollars } of groups) {
      expect(source).toMatch(/AWS/);
      expect(date).toMatch(/^20\d\d-\d\d-\d\d$/);
      for (const price of Object.values(dollars)) expect(price).toBeGreaterThan(0);
    }
  });

  it.each(['eu-west-1', '', 'constructor'])('are unknown in region "%s"', (region) => {
    expect(pricesOf(region)).toBeUndefined();
  });
});

describe("a refresh from AWS's price list", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'prices-'));
    file = join(folder, 'prices.json');
    await copyFile(PRICES, file);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const refresh = (how: Partial<Refresh>) =>
    refreshPrices({ file, regions: [SYDNEY], fetch: noFetch, ...how });
  const written = async () => JSON.parse(await readFile(file, 'utf8')) as Record<string, PriceList>;

  it('takes the first tier that costs anything, of the Standard class and of arm64', async () => {
    await refresh({ from: SAMPLES });

    const { dynamodb, s3, lambda, stepFunctions } = (await written())[SYDNEY] ?? {};
    expect(dynamodb?.dollars).toEqual({
      writeRequestUnit: 8e-7,
      readRequestUnit: 1.6e-7,
      writeCapacityUnitHour: 0.0008,
      readCapacityUnitHour: 0.00016,
      tableGigabyteMonth: 0.3,
      recoveryGigabyteMonth: 0.24,
    });
    expect(s3?.dollars).toEqual({ putRequest: 6e-6, getRequest: 5e-7, gigabyteMonth: 0.023 });
    expect(lambda?.dollars).toEqual({ gigabyteSecond: 1.4e-5, request: 2e-7 });
    expect(stepFunctions?.dollars).toEqual({ transition: 3e-5 });
  });

  it('notes the version of the list as the source, and the day of its publication', async () => {
    await refresh({ from: SAMPLES });

    expect((await written())[SYDNEY]?.s3).toMatchObject({
      source: 'AWS price list, AmazonS3, version 20261120010203, on demand',
      date: '2026-11-20',
    });
  });

  it('names each figure that has changed, and leaves the other regions alone', async () => {
    const { 'us-east-1': before } = await written();
    const changes = await refresh({ from: SAMPLES });

    expect(changes).toContainEqual({
      region: SYDNEY,
      group: 's3',
      figure: 'gigabyteMonth',
      before: 0.025,
      after: 0.023,
    });
    // 2e-7 dollars a request, as before.
    expect(changes.filter(({ figure }) => figure === 'request')).toEqual([]);
    expect((await written())['us-east-1']).toEqual(before);
  });

  it('fetches the public document of each service in each region', async () => {
    const addresses: string[] = [];
    await refresh({
      fetch: async (input) => {
        const address = String(input);
        addresses.push(address);
        return new Response(await sampleOf(/aws\/(\w+)\/current/.exec(address)?.[1] ?? ''));
      },
    });

    expect(addresses).toHaveLength(4);
    expect(addresses[0]).toMatch(
      /^https:\/\/.+\/offers\/v1\.0\/aws\/AmazonDynamoDB\/current\/ap-southeast-2\/index\.json$/,
    );
  });

  it('says where there is no network that nothing was written, and how to go on without one', async () => {
    const cause = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const failing = refresh({ fetch: () => Promise.reject(new TypeError('fetch failed', { cause })) });

    await expect(failing).rejects.toThrow(
      /cannot be reached from here \(ENOTFOUND\), so nothing was written.*npm run prices -- --from <folder>/,
    );
    expect(await readFile(file, 'utf8')).toBe(await readFile(PRICES, 'utf8'));
  });

  it.each([
    [
      'a region that the list does not have',
      new Response('', { status: 404 }),
      'Check the name of the region',
    ],
    ['an answer that is not JSON', new Response('<html>'), 'is not JSON'],
    ['an answer in another form', new Response('{}'), "not in the form of AWS's price list"],
  ])('writes nothing for %s', async (_, response, sentence) => {
    await expect(refresh({ fetch: async () => response.clone() })).rejects.toThrow(sentence);
    expect(await readFile(file, 'utf8')).toBe(await readFile(PRICES, 'utf8'));
  });
});

describe('a figure of a price list', () => {
  const parse = (text: string) => parseOffer(JSON.parse(text), { group: 'stepFunctions', region: SYDNEY });

  it('is refused, not guessed, where the list has none', async () => {
    const text = (await sampleOf('AmazonStates')).replace('APS2-StateTransition', 'APS2-Other');
    expect(() => parse(text)).toThrow(/has no price for StateTransition in ap-southeast-2.*by hand/);
  });

  it('is refused, not guessed, where the list has several', async () => {
    const text = (await sampleOf('AmazonStates')).replace(
      'APS2-StepFunctions-Request',
      'APS2-StateTransition',
    );
    expect(() => parse(text)).toThrow('several prices (0.00003, 0.000001 dollars) for StateTransition');
  });

  it('is not taken from the document of another service', async () => {
    expect(() => parse('{"offerCode": "AmazonS3"}')).toThrow('The document of AmazonStates');
  });
});
