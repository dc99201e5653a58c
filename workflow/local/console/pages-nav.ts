import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { withQuery } from './links.ts';

/** A list, newest first, in pages. */
export interface Paged<T> {
  readonly shown: readonly T[];
  /** Leads to the other pages; nothing where there is one only. */
  readonly nav: Html | undefined;
}

/** One page of a list; which one, `page` of the query says. `anchor` is where its pages begin. */
export function paged<T>(
  all: readonly T[],
  query: URLSearchParams,
  { perPage, anchor }: { readonly perPage: number; readonly anchor: string },
): Paged<T> {
  const last = Math.max(1, Math.ceil(all.length / perPage));
  const page = Math.min(last, Math.max(1, Math.floor(Number(query.get('page'))) || 1));
  const shown = all.slice((page - 1) * perPage, page * perPage);
  if (last === 1) return { shown, nav: undefined };
  const link = (to: number, words: string): Html | false =>
    to >= 1 &&
    to <= last &&
    html`<a href="${withQuery('', { ...Object.fromEntries(query), page: String(to) })}#${anchor}">${words}</a>`;
  return {
    shown,
    nav: html`<nav class="pages" aria-label="Pages">${link(page - 1, 'Newer')}<span>Page ${page} of ${last}</span>${link(page + 1, 'Older')}</nav>`,
  };
}
