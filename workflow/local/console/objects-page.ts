import { bytes, counted, moment } from '../../../functions/shared/format.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { facts, tableHead } from '../../../functions/shared/runs/page/sections.ts';
import { AwsError } from '../gateway/aws-answers.ts';
import type { AwsResponse } from '../gateway/aws-request.ts';
import { foreignAnswer, htmlAnswer } from './answers.ts';
import type { ConsoleData, FoundObject } from './data.ts';
import { LINKS } from './links.ts';
import { consolePage, part } from './page.ts';
import { jsonBlock, textBlock } from './pre.ts';
import type { ListedObject } from './read-listing.ts';

const REFRESH_MILLIS = 2_000;

/** Folders and objects below a prefix. */
export async function objectsPage(data: ConsoleData, query: URLSearchParams): Promise<AwsResponse> {
  const prefix = query.get('prefix') ?? '';
  const { folders, objects, next } = await data.listObjects(prefix, query.get('after') ?? undefined);
  const rows = [
    ...folders.map((folder) => folderRow(folder, prefix)),
    ...objects.map((object) => objectRow(object, prefix)),
  ];
  const more =
    next !== undefined && html`<nav class="pages"><a href="${LINKS.objects(prefix, next)}">More</a></nav>`;
  const list = html`<section><p class="lead">${rows.length === 0 ? 'Nothing yet.' : `${counted(folders.length, 'folder')}, ${counted(objects.length, 'object')}. Times are in UTC.`}</p>
    ${rows.length > 0 && html`<div class="scroll"><table>${tableHead(['Name', 'Last modified', '#Size'])}<tbody>${rows}</tbody></table></div>`}${more}</section>`;
  const page = {
    title: 'Objects',
    service: 'S3',
    crumbs: crumbsOf(data, prefix),
    refreshMillis: REFRESH_MILLIS,
  } as const;
  return htmlAnswer(
    consolePage(page, html`<div class="title"><h1>Objects</h1></div>${part('objects', list)}`),
  );
}

/** The bucket, and every folder on the way. */
function crumbsOf({ deployment }: ConsoleData, prefix: string): readonly (readonly [string, string])[] {
  const names = prefix.split('/').filter(Boolean);
  const folders = names.map(
    (name, index) => [name, LINKS.objects(`${names.slice(0, index + 1).join('/')}/`)] as const,
  );
  return [[deployment.buckets[0] ?? 'Bucket', LINKS.objects('')], ...folders];
}

const folderRow = (folder: string, prefix: string): Html =>
  html`<tr><td class="long"><a href="${LINKS.objects(folder)}">${folder.slice(prefix.length)}</a></td><td>–</td><td class="number">–</td></tr>`;

const objectRow = ({ key, bytes: size, modified }: ListedObject, prefix: string): Html =>
  html`<tr><td class="long"><a href="${LINKS.object(key)}">${key.slice(prefix.length)}</a></td><td>${moment(modified)}</td><td class="number">${bytes(size)}</td></tr>`;

/** One object as text: unpacked, and JSON with lines. */
export async function objectPage(data: ConsoleData, query: URLSearchParams): Promise<AwsResponse> {
  const key = query.get('key') ?? '';
  const object = await found(data, key);
  const { body, contentType, storedBytes } = object;
  const text = body.toString();
  const isPage = key.endsWith('.html');
  const crumbs = [...crumbsOf(data, key.replace(/[^/]*$/, '')), [key.replace(/^.*\//, '')]] as const;
  return htmlAnswer(
    consolePage(
      { title: key, service: 'S3', crumbs },
      html`<div class="title"><h1>${key.replace(/^.*\//, '')}</h1>${isPage && html`<div class="actions"><a class="button primary" href="${LINKS.raw(key)}">Open the page</a></div>`}</div>
      <section><h2>Object overview</h2>${facts([
        ['Key', html`<code>${key}</code>`],
        ['Size', bytes(storedBytes)],
        ['Type', contentType],
      ])}</section>
      <section><h2>Content</h2>${key.endsWith('.json') ? jsonBlock(text) : textBlock(text)}</section>`,
    ),
  );
}

/** A page of the bucket, such as a report. What stands in it is neither run nor allowed to load anything. */
export async function rawObject(data: ConsoleData, key: string): Promise<AwsResponse> {
  const { body } = await found(data, key);
  return foreignAnswer(
    body,
    key.endsWith('.html') ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
  );
}

async function found(data: ConsoleData, key: string): Promise<FoundObject> {
  const object = await data.object(key);
  if (object !== undefined) return object;
  throw new AwsError(404, 'NoSuchKey', `There is no object ${key}.`);
}
