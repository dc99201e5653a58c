import { moment } from '../../format.ts';
import type { Outcome, Tone } from '../outcome.ts';
import { contents } from './heading.ts';
import { Html, html } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';

/** What every page begins with. */
export interface PageHead {
  readonly runId: string;
  /** What kind of run it was. */
  readonly what: string;
  readonly startedAt: string;
  /** `null`: it goes on. */
  readonly finishedAt: string | null;
  /** Of what goes on: the moment of which the page tells. */
  readonly lookedAt?: string;
  readonly outcome: Pick<Outcome, 'tone' | 'word' | 'sentence'>;
  readonly reportUri: string | null;
  /** Beyond {@link PAGE_STYLE}. */
  readonly style?: string | undefined;
}

/** One page that needs no network and no script. */
export function renderPage(head: PageHead, content: Html): string {
  const { outcome, runId, reportUri, style } = head;
  return document(
    { title: `${outcome.word}: ${runId}`, tone: outcome.tone, style },
    html`${header(head)}
${contents(content)}
${content}
<footer>${reportUri !== null && html`The same as JSON: <code>${reportUri}</code>`}</footer>`,
  );
}

/** What a whole document needs beside its content. */
export interface DocumentHead extends Pick<PageHead, 'style'> {
  readonly title: string;
  readonly tone: Tone;
}

/** A document that needs no network and no script. */
export function document({ title, tone, style = '' }: DocumentHead, content: Html): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${new Html(PAGE_STYLE)}${new Html(style)}</style>
</head>
<body>
<main class="${tone}">
${content}
</main>
</body>
</html>
`.toString();
}

function header(head: PageHead): Html {
  const { runId, what, outcome } = head;
  return html`<header>
    <div class="crumb"><span class="pill">${outcome.word}</span><span>${what}</span><span class="mono">${runId}</span><span>${times(head)} UTC</span></div>
    <h1>${outcome.sentence}</h1>
  </header>`;
}

/** From start to end. What goes on may have changed since it was looked at. */
function times({ startedAt, finishedAt, lookedAt }: PageHead): Html {
  const time = (iso: string, title: string): Html =>
    html`<time datetime="${iso}" title="${title}">${moment(iso)}</time>`;
  const start = time(startedAt, 'Start');
  if (finishedAt !== null) return html`${start} – ${time(finishedAt, 'End')}`;
  return html`since ${start}${lookedAt !== undefined && html`, as of <b>${time(lookedAt, 'Look')}</b>`}`;
}
