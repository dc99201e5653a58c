import { bytes, count, counted } from '../../../functions/shared/format.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { tableHead } from '../../../functions/shared/runs/page/sections.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import { htmlAnswer } from './answers.ts';
import {
  type ConsoleData,
  type ItemPage,
  ITEMS_PER_PAGE,
  type TableFacts,
  type WireAttribute,
} from './data.ts';
import { LINKS, withQuery } from './links.ts';
import { consolePage, part } from './page.ts';
import { jsonBlock } from './pre.ts';
import { CONSOLE, type PageRequest } from './requests.ts';

const REFRESH_MILLIS = 2_000;

/** Every table. */
export async function tablesPage(data: ConsoleData): Promise<AwsResponse> {
  const found = await Promise.all((await data.tableNames()).map((name) => data.describeTable(name)));
  const tables = found.filter((table) => table !== undefined);
  const head = {
    title: 'Tables',
    service: 'DynamoDB',
    crumbs: [['DynamoDB'], ['Tables']],
    refreshMillis: REFRESH_MILLIS,
  } as const;
  const list = html`<section><p class="lead">${counted(tables.length, 'table')}. Each one leads to a few of its items.</p>
    <div class="scroll"><table>${tableHead(['Name', 'Status', 'Partition key', 'Sort key', 'Capacity mode', '#Items', '#Size'])}<tbody>${tables.map(tableRow)}</tbody></table></div></section>`;
  return htmlAnswer(consolePage(head, html`<div class="title"><h1>Tables</h1></div>${part('tables', list)}`));
}

function keyOf({ KeySchema }: TableFacts, type: 'HASH' | 'RANGE'): string | undefined {
  return KeySchema.find(({ KeyType }) => KeyType === type)?.AttributeName;
}

function tableRow(table: TableFacts): Html {
  const { TableName, TableStatus, ItemCount = 0, TableSizeBytes = 0, BillingModeSummary } = table;
  const mode = BillingModeSummary?.BillingMode === 'PAY_PER_REQUEST' ? 'On-demand' : 'Provisioned';
  return html`<tr><td class="long"><a href="${LINKS.table(TableName)}">${TableName}</a></td><td>${TableStatus}</td><td>${keyOf(table, 'HASH')}</td><td>${keyOf(table, 'RANGE') ?? '–'}</td>
    <td>${mode}</td><td class="number">${count(ItemCount)}</td><td class="number">${TableSizeBytes === 0 ? '–' : bytes(TableSizeBytes)}</td></tr>`;
}

/** A few items of one table, in the order of a Scan. */
export async function tablePage(data: ConsoleData, { path, query }: PageRequest): Promise<AwsResponse> {
  const [name = ''] = path;
  const table = await data.describeTable(name);
  if (table === undefined) throw new AwsError(404, 'ResourceNotFoundException', `There is no table ${name}.`);
  const { items, next } = await data.scan(name, query.get('after') ?? undefined);
  const keys = [keyOf(table, 'HASH'), keyOf(table, 'RANGE')].flatMap((key) => key ?? []);
  const columns = [...keys, ...usualColumns(items, keys)];
  const rows = items.map((item, index) => {
    const cells = columns.map(
      (column) =>
        html`<td class="${keys.includes(column) ? 'long' : 'text'}">${attributeText(item[column])}</td>`,
    );
    const all = html`<details id="item-${index}"><summary>${counted(Object.keys(item).length, 'attribute')}</summary>${jsonBlock(JSON.stringify(item))}</details>`;
    return html`<tr>${cells}<td class="json">${all}</td></tr>`;
  });
  const crumbs = [['DynamoDB'], ['Tables', `${CONSOLE}tables`], [name]] as const;
  const more =
    next === undefined
      ? ''
      : html`<nav class="pages"><a href="${withQuery('', { after: next })}">Next ${ITEMS_PER_PAGE}</a></nav>`;
  const list = html`<section><h2>Items returned</h2><p class="lead">${items.length === 0 ? 'None.' : 'In the order of a Scan.'}</p>
    ${items.length > 0 && html`<div class="scroll"><table class="tabular">${tableHead([...columns, 'Item'])}<tbody>${rows}</tbody></table></div>`}${more}</section>`;
  return htmlAnswer(
    consolePage(
      { title: name, service: 'DynamoDB', crumbs },
      html`<div class="title"><h1>${name}</h1></div>${list}`,
    ),
  );
}

const MAX_COLUMNS = 4;

/** Attributes of text and numbers, besides the keys: first those that tell these items apart, and that most of them have. */
function usualColumns(items: ItemPage['items'], keys: readonly string[]): readonly string[] {
  const names = new Set(items.flatMap(Object.keys).filter((name) => !keys.includes(name)));
  const columns = [...names].map((name) => {
    const values = items.flatMap((item) => (isShort(item[name]) ? attributeText(item[name]) : []));
    return { name, count: values.length, differs: Number(new Set(values).size > 1) };
  });
  return columns
    .filter(({ count }) => count > 0)
    .toSorted(
      (one, other) =>
        other.differs - one.differs || other.count - one.count || (one.name < other.name ? -1 : 1),
    )
    .slice(0, MAX_COLUMNS)
    .map(({ name }) => name);
}

const isShort = (attribute: WireAttribute = {}): boolean =>
  'N' in attribute || 'BOOL' in attribute || ('S' in attribute && String(attribute['S']).length <= 40);

/** Text, a number, or bytes in base64. */
function attributeText(attribute: WireAttribute = {}): string {
  const value = Object.values(attribute)[0] ?? '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
