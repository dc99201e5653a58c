import { printableJson } from '../../../functions/shared/printable.ts';
import { cut } from '../../../functions/shared/text.ts';
import { type Content, html, Html } from '../../../functions/shared/runs/page/html.ts';

/** Bytes. */
const MAX_SHOWN = 200_000;

/** JSON with lines; text that is not JSON as it is. */
export function jsonBlock(text: string | undefined): Html {
  if (text === undefined) return html`<p class="hint">None.</p>`;
  try {
    return textBlock(printableJson(JSON.parse(text)));
  } catch {
    return textBlock(text);
  }
}

/** A text in its own lines; the rest of a very long one is left out, which it says. */
export function textBlock(text: string): Html {
  const shown = cut(text, MAX_SHOWN);
  const rest = text.length > shown.length && html`<p class="hint">Its end is left out.</p>`;
  return html`<pre>${inLines(shown)}</pre>${rest}`;
}

/** A text whose line feeds stay line feeds; html shows every other control character as a code. */
export function inLines(text: string): Content {
  return text.split('\n').flatMap((line, index) => (index === 0 ? [line] : [new Html('\n'), line]));
}
