import { BULK_PUT, bulkPutPrice, type Fact, UNKNOWN } from './bulk-put.ts';

/** What the input may ask for. `auto`: the cheaper engine, as far as everything about it is known. */
export const WRITE_ENGINES = ['batch', 'bulk', 'auto'] as const;

/** Which write engine the input asks for. */
export type AskedEngine = (typeof WRITE_ENGINES)[number];

/**
 * What fills the tables. `batch`: our own workers, by BatchWriteItem or by condition. `bulk`: DynamoDB's bulk put, which
 * reads the target files itself.
 */
export type WriteEngine = Exclude<AskedEngine, 'auto'>;

/** What an engine is expected to take; `undefined`: nobody knows. */
export interface EngineEstimate {
  readonly seconds: number | undefined;
  readonly dollars: number | undefined;
}

/** What the choice follows from. */
export interface EngineFacts {
  readonly asked: AskedEngine;
  /** Clauses: why bulk put cannot do this run; none where it can. */
  readonly obstacles: readonly string[];
  /** Names of facts about bulk put that no data file states, such as `the price in ap-southeast-2`. */
  readonly unknown: readonly string[];
  readonly batch: EngineEstimate;
  readonly bulk: EngineEstimate;
}

/** The engine of a run, and a clause that says why. */
export interface ChosenEngine {
  readonly engine: WriteEngine;
  readonly why: string;
}

/**
 * Chooses the write engine. What was asked for by name is taken; whether it can do the run is for the caller to say.
 * `auto` takes bulk put only where it can do the run, everything about it is known, and it costs less, or as much and is
 * quicker. Pure.
 */
export function chooseWriteEngine(facts: EngineFacts): ChosenEngine {
  const { asked, obstacles, unknown } = facts;
  if (asked === 'batch') return batchBecause('it is the default');
  if (asked === 'bulk') return { engine: asked, why: 'the input asks for it' };
  if (obstacles.length > 0) return batchBecause(`bulk put cannot do this run: ${obstacles.join('; ')}`);
  if (unknown.length > 0) return batchBecause(`nothing states ${unknown.join(', ')} of bulk put`);
  return compareEngines(facts);
}

const batchBecause = (why: string): ChosenEngine => ({ engine: 'batch', why });

function compareEngines({ batch, bulk }: EngineFacts): ChosenEngine {
  const { dollars, seconds } = bulk;
  if (dollars === undefined || batch.dollars === undefined) return batchBecause('costs cannot be compared');
  if (dollars < batch.dollars) return { engine: 'bulk', why: 'bulk put costs less' };
  if (dollars > batch.dollars) return batchBecause('bulk put costs more');
  const isQuicker = seconds !== undefined && batch.seconds !== undefined && seconds < batch.seconds;
  return isQuicker
    ? { engine: 'bulk', why: 'bulk put costs as much and is quicker' }
    : batchBecause('bulk put costs as much and is not known to be quicker');
}

/** What no data file states of bulk put in a region, for {@link EngineFacts}. */
export function unknownOfBulkPut(region: string): readonly string[] {
  const { lineForm, reportForm, iam, operationArn, limits } = BULK_PUT;
  const facts: readonly (readonly [name: string, fact: Fact<unknown>])[] = [
    [`the price in ${region}`, bulkPutPrice(region, 'STANDARD')],
    ['the IAM actions', iam],
    ['the form of an ARN', operationArn],
    ['the form of a line', lineForm],
    ['the form of a report', reportForm],
    ['the quota of input bytes', limits.inputBytes.STANDARD],
    ['the quota of operations for a table', limits.activePerTable],
    ['the quota of operations for an account', limits.activePerAccount],
  ];
  return facts.flatMap(([name, { value }]) => (value === UNKNOWN ? [name] : []));
}

/** What bulk put of this many bytes of items costs in a region; `undefined`: nobody knows. Indexes are not counted. */
export function bulkPutDollars(region: string, bytes: number): number | undefined {
  const { value } = bulkPutPrice(region, 'STANDARD');
  return value === UNKNOWN ? undefined : (bytes / 2 ** 30) * value;
}
