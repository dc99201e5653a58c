import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { type Canvas, drawPlot, type Plot } from './plot.ts';

/** A picture with a description for readers who cannot see it, and the figures behind it. */
export interface Chart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What the picture shows, in a sentence or two. */
  readonly description: string;
  readonly height: (canvas: Canvas) => number;
  readonly plot: (canvas: Canvas) => Plot;
  /** The same figures as a table. */
  readonly table: Html;
}

const canvases = {
  wide: { width: 860, isNarrow: false },
  narrow: { width: 350, isNarrow: true },
} as const;

/** The picture for both widths, and a table that unfolds. */
export function chartFigure(chart: Chart): Html {
  return html`<figure>${drawing(chart, 'wide')}${drawing(chart, 'narrow')}</figure>
    <details><summary>Figures as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="${chart.title}">${chart.table}</div></details>`;
}

function drawing({ id, title, description, height, plot }: Chart, kind: keyof typeof canvases): Html {
  const canvas = canvases[kind];
  const size = { width: canvas.width, height: height(canvas) };
  const [titleId, descriptionId] = [`${id}-${kind}-title`, `${id}-${kind}-description`];
  return html`<svg class="${kind}" role="img" aria-labelledby="${titleId}" aria-describedby="${descriptionId}" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}" xmlns="http://www.w3.org/2000/svg"><title id="${titleId}">${title}</title><desc id="${descriptionId}">${description}</desc>${drawPlot(plot(canvas), canvas, size.height)}</svg>`;
}
