import { Html, html } from './html.ts';

/** The heading of a section, which links to itself. Its id is `<id>-heading`. */
export function heading(id: string, words: string): Html {
  return html`<h2 id="${id}-heading"><a class="anchor" href="#${id}-heading">${words}</a></h2>`;
}

const HEADING = /<h2 id="(?<id>[\w-]+)"><a class="anchor" href="[^"]*">(?<words>.*?)<\/a>/gs;
const MIN_SECTIONS = 4;

/** Links to the sections of a page that has more than a few. */
export function contents(page: Html): Html | undefined {
  const found = [...page.toString().matchAll(HEADING)].map(({ groups = {} }) => groups);
  if (found.length < MIN_SECTIONS) return undefined;
  // The words are HTML already.
  const links = found.map(({ id = '', words = '' }) => html`<a href="#${id}">${new Html(words)}</a>`);
  return html`<nav class="contents" aria-label="On this page">${links}</nav>`;
}
