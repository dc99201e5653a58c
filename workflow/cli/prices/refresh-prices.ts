import { readFile, writeFile } from 'node:fs/promises';
import type { PriceGroup } from '../../../functions/shared/cost/prices.ts';
import { type OfferSource, readPrices } from './read-offers.ts';

/** Every group of every region, as `prices.json` holds them. */
export type PriceData = Readonly<Record<string, Readonly<Record<string, PriceGroup<string>>>>>;

/** A figure that is not what it was. */
export interface ChangedPrice {
  readonly region: string;
  readonly group: string;
  readonly figure: string;
  /** US dollars; absent for a region that is new. */
  readonly before?: number;
  readonly after: number;
}

/** What to refresh, and where. */
export interface Refresh extends OfferSource {
  /** Path of `prices.json`. */
  readonly file: string;
  /** Which regions; none: those that the file has. */
  readonly regions: readonly string[];
}

/**
 * Brings the prices of regions up to date. The file is written once, after every document was read: a figure that cannot
 * be read leaves it as it was.
 *
 * @throws OperatorError with the remedy.
 */
export async function refreshPrices(refresh: Refresh): Promise<readonly ChangedPrice[]> {
  const { file } = refresh;
  const before = JSON.parse(await readFile(file, 'utf8')) as PriceData;
  const after: Record<string, PriceData[string]> = { ...before };
  for (const region of refresh.regions.length > 0 ? refresh.regions : Object.keys(before))
    after[region] = await readPrices(refresh, region);
  await writeFile(file, `${JSON.stringify(after, null, 2)}\n`);
  return changesOf(before, after);
}

function changesOf(before: PriceData, after: PriceData): readonly ChangedPrice[] {
  const all = Object.entries(after).flatMap(([region, groups]) =>
    Object.entries(groups).flatMap(([group, { dollars }]) =>
      Object.entries(dollars).map(([figure, price]) => {
        const old = before[region]?.[group]?.dollars[figure];
        return { region, group, figure, ...(old !== undefined && { before: old }), after: price };
      }),
    ),
  );
  return all.filter(({ before: old, after: price }) => old !== price);
}
