import {
  type Cost,
  type CostParts,
  type EstimatedCost,
  isCosted,
  type MonthlyCost,
} from '../../cost/cost.ts';
import type { Report, ReportedTable } from '../report.ts';
import { estimatedTime } from '../../cost/estimated-time.ts';
import { hasEarlierCost } from '../../cost/monthly.ts';
import { count, counted, dollars, duration, rupees } from '../../format.ts';
import { heading } from './heading.ts';
import { type Html, html } from './html.ts';
import { tableHead } from './sections.ts';

const PART_NAMES: Readonly<Record<keyof CostParts, string>> = {
  reads: 'DynamoDB reads',
  writes: 'DynamoDB writes',
  s3: 'S3 requests',
  lambda: 'Lambda',
  transitions: 'Step Functions',
  bulkPut: 'DynamoDB bulk put',
};

const PART_KEYS = Object.keys(PART_NAMES) as readonly (keyof CostParts)[];

/** One-time cost, with estimate and actual side by side, and monthly cost of each table with its indexes. */
export function costSection(report: Report): Html | undefined {
  const { cost, durationSeconds } = report;
  const estimated = isCosted(cost.estimated) ? cost.estimated : undefined;
  const actual = isCosted(cost.actual) ? cost.actual : undefined;
  const any = actual ?? estimated;
  if (any === undefined) return undefined;
  return html`<section aria-labelledby="cost-heading">${heading('cost', 'Cost')}
    <p class="lead">At the prices of ${any.region}, ${any.pricesDate}, and ${any.rupeesPerDollar} rupees a dollar, without free tier and tax.</p>
    <div class="pair"><div><h3>Once, for this run</h3>${onceTable(estimated, actual, durationSeconds)}</div>
    ${estimated !== undefined && estimated.monthly.length > 0 && html`<div><h3>${monthlyHeading(report)}</h3>${monthlyTable(estimated.monthly)}</div>`}</div>
  </section>`;
}

/** Says whether the tables exist and cost anything. */
function monthlyHeading({ status, tables }: Report): string {
  const isAny = (...outcomes: readonly ReportedTable['outcome'][]): boolean =>
    tables.some(({ outcome }) => outcomes.includes(outcome));
  const isThere =
    status === 'SUCCEEDED' || status === 'HELD' ? isAny('CREATED', 'EXISTED', 'KEPT') : !isAny('DELETED');
  if (tables.length === 0 || !isThere) {
    return isAny('EXISTED') ? 'Each month, the tables would cost' : 'Each month, the new tables would cost';
  }
  return isAny('CREATED') ? 'Each month, for the new tables' : 'Each month, for the tables';
}

function cell(cost: Cost | undefined, text: (cost: Cost) => string): Html {
  return html`<td class="number">${cost === undefined ? '–' : text(cost)}</td>`;
}

function onceTable(
  estimated: EstimatedCost | undefined,
  actual: Cost | undefined,
  durationSeconds: number,
): Html {
  const row = (name: string, text: (cost: Cost) => string): Html =>
    html`<tr><th scope="row">${name}</th>${cell(estimated, text)}${cell(actual, text)}</tr>`;
  const parts = PART_KEYS.filter((key) => [estimated, actual].some((cost) => cost?.parts[key] !== undefined));
  const time = html`<tr><th scope="row">Time</th><td class="number">${estimated === undefined ? '–' : estimatedTime(estimated)}</td><td class="number">${duration(durationSeconds)}</td></tr>`;
  return html`<div class="scroll"><table>${tableHead(['Part', '#Estimated', '#Actual'])}
    <tbody>${parts.map((key) => row(PART_NAMES[key], (cost) => dollars(cost.parts[key] ?? 0)))}${time}</tbody>
    <tfoot>${row('Together', (cost) => dollars(cost.dollars))}${row('In rupees', (cost) => rupees(cost.rupees))}</tfoot></table></div>`;
}

/** `6 read and 6 write units a second, of which two thirds for 2 indexes`, or what on-demand means. */
function capacityText({ billing, readCapacity, writeCapacity, indexes }: MonthlyCost): string {
  if (billing === 'PAY_PER_REQUEST') return 'on demand, by the request';
  const withIndexes =
    indexes === 0 ? '' : `, ${count(indexes)} ${indexes === 1 ? 'index' : 'indexes'} included`;
  return `${count(readCapacity)} read, ${counted(writeCapacity, 'write unit')} a second${withIndexes}`;
}

/** A figure with its column's name, which a phone shows beside it instead of the table's head. */
const labelled = (label: string, text: string): Html =>
  html`<td class="number" data-label="${label}">${text}</td>`;

function monthlyTable(monthly: readonly MonthlyCost[]): Html {
  // Only the shop's tables have it.
  const hasEarlier = monthly.some(hasEarlierCost);
  const rows = monthly.map(
    (
      one,
    ) => html`<tr><th scope="row" class="long"><code>${one.table}</code></th><td><small>${capacityText(one)}</small></td>
      ${labelled('Dollars', dollars(one.dollars))}${labelled('Rupees', rupees(one.rupees))}
      ${hasEarlier && labelled('Earlier scripts', one.seedRupees === undefined ? '–' : `Rs ${one.seedRupees.join('–')}`)}</tr>`,
  );
  const sum = (pick: (one: MonthlyCost) => number): number =>
    monthly.reduce((total, one) => total + pick(one), 0);
  return html`<div class="scroll"><table class="monthly">${tableHead(['Table', 'Paid for', '#Dollars', '#Rupees', ...(hasEarlier ? ['#Earlier scripts'] : [])])}<tbody>${rows}</tbody>
    <tfoot><tr><th scope="row">Together</th><td></td>${labelled('Dollars', dollars(sum((one) => one.dollars)))}${labelled('Rupees', rupees(sum((one) => one.rupees)))}${hasEarlier && html`<td></td>`}</tr></tfoot></table></div>`;
}
