import { moment } from '../../../functions/shared/format.ts';
import { type Content, html, Html } from '../../../functions/shared/runs/page/html.ts';
import { PAGE_STYLE } from '../../../functions/shared/runs/page/page-style.ts';
import { GRAPH_STYLE } from '../../graph/graph-style.ts';
import { ACCOUNT_ID, REGION } from '../account.ts';
import { CONSOLE_STYLE } from './console-style.ts';
import { CONSOLE } from './requests.ts';

/** The services of the navigation. */
const SERVICES = [
  ['Step Functions', ''],
  ['DynamoDB', 'tables'],
  ['S3', 'objects'],
] as const;

/** What a page is called, and where it stands. */
export interface ConsolePage {
  readonly title: string;
  readonly service: (typeof SERVICES)[number][0];
  /** The way to it: words, and where each leads; the last one leads nowhere. */
  readonly crumbs: readonly (readonly [words: string, href: string] | readonly [words: string])[];
  /** Milliseconds between two looks of a page that changes. */
  readonly refreshMillis?: number | undefined;
}

/** A whole page. Elements with `data-part` are replaced where the page is looked at again. */
export function consolePage({ title, service, crumbs, refreshMillis }: ConsolePage, content: Content): Html {
  const links = SERVICES.map(
    ([name, path]) =>
      html`<a href="${CONSOLE}${path}"${new Html(name === service ? ' aria-current="page"' : '')}>${name}</a>`,
  );
  const refresh = refreshMillis === undefined ? '' : ` data-refresh="${refreshMillis}"`;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} – embedded AWS</title>
<link rel="icon" href="data:,">
<style>${new Html(PAGE_STYLE)}${new Html(GRAPH_STYLE)}${new Html(CONSOLE_STYLE)}</style>
<script src="${CONSOLE}live.js" defer></script>
</head>
<body>
<div class="bar"><b>Embedded AWS</b><nav aria-label="Services">${links}</nav><span class="where">${ACCOUNT_ID} · ${REGION}</span></div>
<main${new Html(refresh)}>
<p class="lost" role="status" hidden>The embedded AWS does not answer any more. This page shows its last state.</p>
${refreshMillis !== undefined && html`<noscript><p class="lost">Without JavaScript this page stays as it was when it was loaded.</p></noscript>`}
<nav class="crumbs" aria-label="Breadcrumbs">${crumbs.map(crumb)}</nav>
${content}
</main>
</body>
</html>
`;
}

function crumb([words, href]: readonly [string, string?]): Html {
  return href === undefined ? html`<span>${words}</span>` : html`<a href="${href}">${words}</a>`;
}

/** What went wrong instead of a page. */
export function problemPage(message: string): Html {
  const head = {
    title: 'Not possible',
    service: 'Step Functions',
    crumbs: [['Executions', CONSOLE], ['Not possible']],
  } as const;
  return consolePage(
    head,
    html`<section class="failure"><h1>Not possible</h1><p class="cause">${message}</p></section>`,
  );
}

/** A part of a page that is replaced when it has changed. */
export function part(name: string, content: Content): Html {
  return html`<div data-part="${name}">${content}</div>`;
}

/** `2026-03-01 12:00:07` UTC of epoch milliseconds, or a dash. */
export function timeText(millis: number | undefined): string {
  return millis === undefined ? '–' : moment(new Date(millis).toISOString());
}
