import { type Html, html } from '../../functions/shared/runs/page/html.ts';
import { document } from '../../functions/shared/runs/page/page.ts';
import { heading, contents } from '../../functions/shared/runs/page/heading.ts';
import type { Picture, Pictures } from './photograph.ts';
import type { Story } from './stories.ts';

/** The pictures of one story. */
export interface ShownStory {
  readonly story: Pick<Story, 'name' | 'title'>;
  readonly pages: readonly Pictures[];
}

/** A recording, by the names of its files. */
export interface ShownRecording {
  readonly title: string;
  readonly page: string;
  readonly cast: string;
}

const STYLE = `
main { max-width: 1700px; }
.row { display: flex; gap: 12px; align-items: flex-start; overflow-x: auto; padding: 10px 0; }
.row img { display: block; border: 1px solid var(--line); border-radius: 8px; height: 460px; width: auto; max-width: 760px;
  object-fit: cover; object-position: top; }
.row figcaption { font-size: 12px; color: var(--soft); margin-top: 4px; }
.row figure { margin: 0; flex: none; }
`;

/** Everything side by side. */
export function indexPage(stories: readonly ShownStory[], recordings: readonly ShownRecording[]): string {
  const sections = html`${stories.map(storySection)}${terminalSection(recordings)}`;
  return document(
    { title: 'Pages and console', tone: 'good', style: STYLE },
    html`<header><h1>Pages and console</h1></header>${contents(sections)}${sections}`,
  );
}

function storySection({ story, pages }: ShownStory): Html {
  return html`<section>${heading(story.name, story.title)}${pages.map(
    ({
      page,
      images,
      pdf,
    }) => html`<h3>${page.name}${pdf !== undefined && html` · <a href="${pdf}">PDF</a>`}</h3>
      <div class="row">${images.map(picture)}</div>`,
  )}</section>`;
}

function picture({ file, width, scheme }: Picture): Html {
  return html`<figure><a href="${file}"><img src="${file}" loading="lazy" alt="${width} pixels, ${scheme}"></a><figcaption>${width} px, ${scheme}</figcaption></figure>`;
}

function terminalSection(recordings: readonly ShownRecording[]): Html {
  const items = recordings.map(
    ({ title, page, cast }) =>
      html`<li><a href="${page}">${title}</a> · <a href="${cast}">asciicast</a></li>`,
  );
  return html`<section>${heading('terminal', 'In a terminal')}<ul>${items}</ul></section>`;
}
