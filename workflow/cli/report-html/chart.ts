import { BarChart, CustomChart, LineChart } from 'echarts/charts';
import { GridComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import { escapeHtml, Html, html } from './html.ts';

echarts.use([BarChart, CustomChart, LineChart, GridComponent, SVGRenderer]);

/** Options of ECharts; colours are the page's variables, so that one picture serves light and dark. */
export type ChartOption = Parameters<echarts.ECharts['setOption']>[0];

/** Whether a picture is for a wide page or for a phone: it is drawn once for each, so that its text stays readable. */
export interface Canvas {
  readonly width: number;
  readonly isNarrow: boolean;
}

/** A picture with words for those who do not see it, and the figures behind it. */
export interface Chart {
  /** Unique on the page. */
  readonly id: string;
  readonly title: string;
  /** What there is to see, in a sentence or two. */
  readonly description: string;
  readonly height: (canvas: Canvas) => number;
  readonly option: (canvas: Canvas) => ChartOption;
  /** The same figures as a table. */
  readonly table: Html;
}

const canvases = {
  wide: { width: 980, isNarrow: false },
  narrow: { width: 350, isNarrow: true },
} as const;

/** The picture for both widths, and its table to unfold. */
export function chartFigure(chart: Chart): Html {
  return html`<figure>${drawing(chart, 'wide')}${drawing(chart, 'narrow')}</figure>
    <details><summary>Figures as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="${chart.title}">${chart.table}</div></details>`;
}

function drawing(chart: Chart, kind: keyof typeof canvases): Html {
  const canvas = canvases[kind];
  const drawn = echarts.init(null, null, {
    renderer: 'svg',
    ssr: true,
    width: canvas.width,
    height: chart.height(canvas),
  });
  try {
    drawn.setOption({ animation: false, ...common, ...chart.option(canvas) });
    return new Html(withWords(drawn.renderToSVGString(), chart, kind));
  } finally {
    // Otherwise its timer keeps the process alive.
    drawn.dispose();
  }
}

const common = { textStyle: { fontFamily: 'inherit', fontSize: 12 } };

/** Takes out what serves interaction, of which there is none, and puts in title and description. */
function withWords(svg: string, { id, title, description }: Chart, kind: string): string {
  const [titleId, descriptionId] = [`${id}-${kind}-title`, `${id}-${kind}-description`];
  const opening = `<svg class="${kind}" role="img" aria-labelledby="${titleId}" aria-describedby="${descriptionId}"`;
  const words = `<title id="${titleId}">${escapeHtml(title)}</title><desc id="${descriptionId}">${escapeHtml(description)}</desc>`;
  return svg
    .replace(/<style[\s\S]*?<\/style>/g, '')
    .replace(/ (?:ecmeta_\w+|class|pointer-events)="[^"]*"/g, '')
    .replace(/^<svg ([^>]*)>/, (_, attributes: string) => `${opening} ${attributes}>${words}`);
}
