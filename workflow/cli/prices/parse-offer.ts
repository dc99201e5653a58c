import { cut } from '../../../functions/shared/text.ts';
import * as z from 'zod';
import type { PriceGroup, PriceList } from '../../../functions/shared/cost/prices.ts';
import { OperatorError } from '../operator-error.ts';

type Figures<Group> = Group extends PriceGroup<infer Figure> ? Figure : never;

/** AWS's name of each service, and the usage type that each figure is listed under. */
export const OFFERS = {
  dynamodb: {
    service: 'AmazonDynamoDB',
    usage: {
      writeRequestUnit: 'WriteRequestUnits',
      readRequestUnit: 'ReadRequestUnits',
      writeCapacityUnitHour: 'WriteCapacityUnit-Hrs',
      readCapacityUnitHour: 'ReadCapacityUnit-Hrs',
      tableGigabyteMonth: 'TimedStorage-ByteHrs',
      recoveryGigabyteMonth: 'TimedPITRStorage-ByteHrs',
    },
  },
  s3: {
    service: 'AmazonS3',
    usage: {
      putRequest: 'Requests-Tier1',
      getRequest: 'Requests-Tier2',
      gigabyteMonth: 'TimedStorage-ByteHrs',
    },
  },
  lambda: {
    service: 'AWSLambda',
    usage: { gigabyteSecond: 'Lambda-GB-Second-ARM', request: 'Request-ARM' },
  },
  stepFunctions: { service: 'AmazonStates', usage: { transition: 'StateTransition' } },
} as const satisfies {
  readonly [Group in keyof PriceList]: {
    readonly service: string;
    readonly usage: Readonly<Record<Figures<PriceList[Group]>, string>>;
  };
};

export type GroupName = keyof typeof OFFERS;

const priceDimensionSchema = z.object({
  beginRange: z.string().optional(),
  pricePerUnit: z.record(z.string(), z.string()),
});

/** What is read of a document of the price list, of one service in one region. */
const offerSchema = z.object({
  offerCode: z.string(),
  version: z.string(),
  publicationDate: z.string().regex(/^\d{4}-\d\d-\d\d/),
  products: z.record(
    z.string(),
    z.object({
      attributes: z.object({ usagetype: z.string().optional(), regionCode: z.string().optional() }),
    }),
  ),
  terms: z.object({
    OnDemand: z.record(
      z.string(),
      z.record(z.string(), z.object({ priceDimensions: z.record(z.string(), priceDimensionSchema) })),
    ),
  }),
});
type Offer = z.infer<typeof offerSchema>;

/**
 * The figures of one group in a document of AWS's price list.
 *
 * @throws OperatorError where the document has another form, is of another service, or does not state exactly one price
 *   for a figure.
 */
export function parseOffer(
  document: unknown,
  { group, region }: { readonly group: GroupName; readonly region: string },
): PriceGroup<string> {
  const { service, usage } = OFFERS[group];
  const parsed = offerSchema.safeParse(document);
  if (!parsed.success || parsed.data.offerCode !== service)
    throw new OperatorError(
      `The document of ${service} in ${region} is not in the form of AWS's price list, so no price was taken from it.`,
    );
  const offer = parsed.data;
  const figures = Object.entries(usage).map(
    ([figure, type]) => [figure, onlyPrice(offer, { service, region, type })] as const,
  );
  return {
    source: `AWS price list, ${service}, version ${offer.version}, on demand`,
    date: cut(offer.publicationDate, 10),
    dollars: Object.fromEntries(figures),
  };
}

interface Wanted {
  readonly service: string;
  readonly region: string;
  readonly type: string;
}

/** Two prices for one usage type mean that something else is listed under it as well: nobody guesses which is meant. */
function onlyPrice({ products, terms }: Offer, { service, region, type }: Wanted): number {
  const skus = Object.entries(products).flatMap(([sku, { attributes }]) => {
    const { usagetype = '', regionCode = region } = attributes;
    return regionCode === region && usagetype.replace(REGION_PREFIX, '') === type ? [sku] : [];
  });
  const prices = new Set(
    skus.flatMap((sku) => Object.values(terms.OnDemand[sku] ?? {}).flatMap(firstPaidPrice)),
  );
  const [price] = prices;
  if (price !== undefined && prices.size === 1) return price;
  const found = prices.size === 0 ? 'no price' : `several prices (${[...prices].join(', ')} dollars)`;
  throw new OperatorError(
    `AWS's price list of ${service} has ${found} for ${type} in ${region}, so nothing was written. Enter that figure by hand in functions/shared/cost/prices.json, with its source and date.`,
  );
}

/** `APS2-` of Sydney, `EU-` of Ireland; us-east-1 often has none. `IA-` is a table class. */
const REGION_PREFIX = /^(?:EU|[A-Z]{3}\d)-/;

/** Tiers that cost nothing are the free ones. Of the others the first one counts, as for a small account. */
function firstPaidPrice({ priceDimensions }: Offer['terms']['OnDemand'][string][string]): readonly number[] {
  const tiers = Object.values(priceDimensions)
    .map(({ beginRange = '0', pricePerUnit }) => ({
      from: Number(beginRange),
      dollars: Number(pricePerUnit['USD']),
    }))
    .filter(({ dollars }) => dollars > 0)
    .toSorted((one, other) => one.from - other.from);
  return tiers.slice(0, 1).map(({ dollars }) => dollars);
}
