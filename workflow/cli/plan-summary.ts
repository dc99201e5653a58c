import { migration } from '#migration/index.ts';
import { capitalized, countedAs } from '../../functions/shared/counted.ts';
import { printableAll } from '../../functions/shared/printable.ts';
import {
  type CostParts,
  type Estimate,
  type EstimatedWork,
  isCosted,
  type MonthlyCost,
} from '../../functions/shared/cost/cost.ts';
import { estimatedTime } from '../../functions/shared/cost/estimated-time.ts';
import { estimateRun } from '../../functions/shared/cost/estimate.ts';
import { type RunSize, sizeOfPlan } from '../../functions/shared/cost/run-size.ts';
import type { AskedEngine } from '../../functions/shared/cost/write-engine.ts';
import { unpricedSentence } from '../../functions/shared/cost/prices.ts';
import type { Report } from '../../functions/shared/runs/report.ts';
import type { Plan } from '../../functions/shared/state.ts';
import {
  bytes,
  capacity,
  count,
  counted,
  dollars,
  duration,
  money,
  rupees,
} from '../../functions/shared/format.ts';
import { hasEarlierCost } from '../../functions/shared/cost/monthly.ts';
import { compareEngines, type EngineComparison, sayEngines } from './engine-comparison.ts';
import { tableText } from './plain-table.ts';
import type { Terminal } from './terminal.ts';

/** What an estimate follows from. */
export interface PlanFacts {
  readonly plan: Plan;
  readonly region: string;
  readonly rupeesPerDollar: number;
  /** Default: batch. */
  readonly asked?: AskedEngine | undefined;
  /** Why bulk put cannot do the run, as far as TestConnection has said. */
  readonly bulkObstacles?: readonly string[] | undefined;
  /** Of the dry run that counted; absent: DescribeTable's figures and assumptions are used. */
  readonly report?: Report | undefined;
}

/** The estimate with what a dry run has counted, or without. */
export const estimateOf = (facts: PlanFacts): Estimate => estimateRun(sizeOf(facts));

/** Both write engines for the same size. */
export function enginesOf(facts: PlanFacts): EngineComparison {
  const { plan, asked = 'batch', bulkObstacles: obstacles = [] } = facts;
  const comparison = compareEngines(sizeOf(facts), { asked, obstacles });
  // The run keeps what TestConnection has chosen by the figures that it had.
  return { ...comparison, chosen: plan.writeEngine ?? comparison.chosen };
}

function sizeOf({ plan, region, rupeesPerDollar, report }: PlanFacts): RunSize {
  const { rehearsal, source } = report ?? {};
  const counted = {
    estimatedProducts: source?.products ?? plan.estimatedProducts,
    estimatedBytes: plan.estimatedBytes > 0 ? plan.estimatedBytes : (source?.bytes ?? 0),
  };
  return sizeOfPlan({ ...plan, ...counted }, { region, rupeesPerDollar, rehearsal, migration });
}

/** What the run would do, how long it would take and what it would cost. */
export function sayPlan(terminal: Terminal, given: PlanFacts): void {
  const facts = printableAll(given);
  const { say, colors } = terminal;
  const estimate = estimateOf(facts);
  const title = (text: string): void => say(`\n${colors.bold(text)}`);
  title(`Work (${originOf(facts)})`);
  for (const [label, text] of workRows(facts, estimate)) say(`  ${colors.dim(label.padEnd(12))} ${text}`);
  title('Time');
  say(
    estimate.bulkPutBytes === undefined
      ? `  ${duration(estimate.seconds)} with a new target table, ${duration(estimate.secondsAtCaps)} once it takes what the caps allow`
      : `  ${estimatedTime(estimate)}, whose time AWS states nowhere`,
  );
  say(`  ${colors.dim(phasesText(estimate))}`);
  title('Write engines');
  sayEngines(terminal, enginesOf(facts));
  sayMoney(terminal, estimate);
}

/** What the run costs once and every month; one sentence where nobody knows. */
function sayMoney(terminal: Terminal, estimate: Estimate): void {
  const { say, colors, signs } = terminal;
  const title = (text: string): void => say(`\n${colors.bold(text)}`);
  if (!isCosted(estimate)) {
    title('Money: unknown');
    return say(`  ${signs.notice} ${unpricedSentence(estimate)}`);
  }
  title(`Money, once: ${money(estimate)}`);
  say(`  ${colors.dim(partsText(estimate.parts))}`);
  title('Money, each month');
  const columns = estimate.monthly.some(hasEarlierCost)
    ? [...MONTHLY_COLUMNS, EARLIER_COLUMN]
    : MONTHLY_COLUMNS;
  const rows = estimate.monthly.map((one) => monthlyRow(one).slice(0, columns.length));
  say(tableText(terminal, columns, rows));
  say(
    `  ${colors.dim(`The backup: ${dollars(estimate.backupMonthlyDollars)} a month in S3. Prices of ${estimate.region}, ${estimate.pricesDate}; ${estimate.rupeesPerDollar} rupees a dollar; without free tier and tax.`)}`,
  );
}

/** What the figures of the work rest on. */
function originOf({ plan, report }: PlanFacts): string {
  if (report !== undefined) return 'counted';
  return plan.made === undefined
    ? 'assumed, nothing was counted'
    : `by what the first ${migration.nouns.items} become, nothing was counted`;
}

/** What is left of the whole are the states around the Maps: tables being created, above all. */
function phasesText({ phases, seconds: whole }: EstimatedWork): string {
  const inMaps = phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const parts = phases.map(({ state, seconds }) => `${state} ${duration(seconds)}`);
  return [...parts, `creating tables and the rest ${duration(whole - inMaps)}`].join(', ');
}

type Row = readonly [label: string, text: string];

function workRows({ plan, report }: PlanFacts, estimate: EstimatedWork): readonly Row[] {
  const workers: Row = ['Workers', `${count(plan.workers)} at once, ${capsText(plan)}`];
  const units: Row = ['Units', `${count(estimate.readUnits)} read, ${count(estimate.writeUnits)} written`];
  if (report?.rehearsal === undefined)
    return [
      [
        capitalized(migration.nouns.items),
        `about ${count(plan.estimatedProducts)}, ${bytes(plan.estimatedBytes)}`,
      ],
      ['Items', `about ${count(estimate.items)}`],
      units,
      workers,
    ];
  const { source, rehearsal, quarantine = [] } = report;
  const { metadata, variants, quarantined, targetBytes } = rehearsal;
  const named = quarantine.map(({ productId, code, sentence }): Row => [
    '',
    `${productId}: ${code}: ${sentence}`,
  ]);
  const more =
    quarantined > named.length ? [['', `and more, in ${report.quarantineUri ?? 'the bucket'}`] as const] : [];
  return [
    [capitalized(report.nouns.items), `${count(source.products)}, ${bytes(source.bytes)} of JSON`],
    ['Items', `${count(metadata + variants)}, ${bytes(targetBytes)}`],
    ['Quarantine', countedAs(report.nouns, quarantined)],
    ...named,
    ...more,
    ...expiryRows(source),
    units,
    workers,
  ];
}

/** Items that the source deletes one day, and the target does not. */
function expiryRows({ timeToLive }: Report['source']): readonly Row[] {
  if (timeToLive === undefined) return [];
  const { attribute, expiring, expired } = timeToLive;
  const text = `${counted(expiring, 'item')} with a time in ${attribute}, ${count(expired)} of them expired; in tables without time to live they stay for ever`;
  return [['Expiring', text]];
}

function capsText({ readUnitsPerSecond, writeUnitsPerSecond }: Plan): string {
  const cap = (units: number): string => (units === 0 ? 'no cap' : `${capacity(units)} units a second`);
  return `reading ${cap(readUnitsPerSecond)}, writing ${cap(writeUnitsPerSecond)}`;
}

function partsText({ reads, writes, s3, lambda, transitions, bulkPut }: CostParts): string {
  const bulk = bulkPut === undefined ? '' : `, bulk put ${dollars(bulkPut)}`;
  return `reads ${dollars(reads)}, writes ${dollars(writes)}, S3 ${dollars(s3)}, Lambda ${dollars(lambda)}, transitions ${dollars(transitions)}${bulk}`;
}

const MONTHLY_COLUMNS = [
  { name: 'Table' },
  { name: 'Read + write units/s, indexes included' },
  { name: 'Dollars', align: 'right' },
  { name: 'Rupees', align: 'right' },
] as const;

/** Only the shop's tables have it. */
const EARLIER_COLUMN = { name: 'Earlier scripts said', align: 'right' } as const;

function monthlyRow(one: MonthlyCost): readonly string[] {
  const capacity =
    one.billing === 'PAY_PER_REQUEST'
      ? 'on demand'
      : `${count(one.readCapacity)} + ${count(one.writeCapacity)}${one.indexes > 0 ? `, with ${counted(one.indexes, 'index', 'indexes')}` : ''}`;
  const seed = one.seedRupees === undefined ? '' : `Rs ${one.seedRupees.join('-')}`;
  return [one.table, capacity, dollars(one.dollars), rupees(one.rupees), seed];
}
