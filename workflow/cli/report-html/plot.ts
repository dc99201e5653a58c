import { type Html, html } from '../../../functions/shared/runs/page/html.ts';

/**
 * The page that a picture is drawn for. It is drawn for a wide page and for a phone, so that its text stays readable.
 */
export interface Canvas {
  readonly width: number;
  readonly isNarrow: boolean;
}

/**
 * A picture's frame, with time to the right and rows or a value upwards. Colours are the page's variables, so that one
 * picture serves light and dark.
 */
export interface Plot {
  readonly margins: {
    readonly left: number;
    readonly right: number;
    readonly top: number;
    readonly bottom: number;
  };
  /** Labelled ticks of the time axis from 0 to `end`. */
  readonly x: { readonly end: number; readonly ticks: readonly Tick[] };
  readonly y: Rows | Values;
  /** What is drawn into the frame. */
  readonly marks: (scale: Scale) => readonly Html[];
}

export interface Tick {
  readonly at: number;
  readonly label: string;
}

/** A row for each name, with the first at the top. */
export interface Rows {
  readonly kind: 'rows';
  readonly names: readonly string[];
  /** Only every so many rows has its name written. */
  readonly every: number;
  readonly color: string;
  readonly fontSize: number;
}

/** From 0 at the bottom to `end` at the top. */
export interface Values {
  readonly kind: 'values';
  readonly end: number;
  readonly ticks: readonly Tick[];
}

/** Converts times, rows and values to pixels. */
export interface Scale {
  readonly x: (at: number) => number;
  /** The middle of a row, or the height of a value. */
  readonly y: (at: number) => number;
}

const LABEL_GAP = 8;

/** The frame with its grid, labels and marks, as the content of an `svg` element. */
export function drawPlot(plot: Plot, { width }: Canvas, height: number): Html {
  const { margins, x, y, marks } = plot;
  const scale = scaleOf(plot, width, height);
  const [top, bottom] = [margins.top, height - margins.bottom];
  const timeStyle = { y: bottom + 14, anchor: 'middle', color: 'var(--faint)', fontSize: 12 } as const;
  const time = x.ticks.flatMap((tick) => [
    gridLine([scale.x(tick.at), top], [scale.x(tick.at), bottom]),
    label(tick.label, { ...timeStyle, x: scale.x(tick.at) }),
  ]);
  const up =
    y.kind === 'rows'
      ? rowLabels(y, scale, margins.left)
      : valueGrid(y, scale, margins.left, width - margins.right);
  return html`${time}${up}${marks(scale)}`;
}

function scaleOf({ margins, x, y }: Plot, width: number, height: number): Scale {
  const inner = {
    width: width - margins.left - margins.right,
    height: height - margins.top - margins.bottom,
  };
  const fromTop = (at: number): number =>
    margins.top + ((at + 0.5) / Math.max(1, rowCount(y))) * inner.height;
  const fromBottom = (at: number, end: number): number => height - margins.bottom - (at / end) * inner.height;
  return {
    x: (at) => margins.left + (at / x.end) * inner.width,
    y: (at) => (y.kind === 'rows' ? fromTop(at) : fromBottom(at, y.end)),
  };
}

const rowCount = (y: Plot['y']): number => (y.kind === 'rows' ? y.names.length : 0);

const gridLine = (from: readonly [number, number], to: readonly [number, number]): Html =>
  html`<path d="M${pixels(from[0])},${pixels(from[1])} L${pixels(to[0])},${pixels(to[1])}" stroke="var(--grid)" stroke-width="1"/>`;

const pixels = (value: number): string => String(Math.round(value * 100) / 100);

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly color: string;
  readonly fontSize: number;
  /** Keeps it readable where it lies on something else. */
  readonly hasHalo?: boolean;
}

/** A text beside a point, centred at its height. */
export function label(text: string, { x, y, anchor, color, fontSize, hasHalo }: TextStyle): Html {
  const halo = hasHalo === true && html` stroke="var(--panel)" stroke-width="4" paint-order="stroke"`;
  return html`<text${halo} x="${pixels(x)}" y="${pixels(y)}" dominant-baseline="central" text-anchor="${anchor}" fill="${color}" font-size="${fontSize}">${text}</text>`;
}

function rowLabels({ names, every, color, fontSize }: Rows, { y }: Scale, left: number): readonly Html[] {
  const shown = names.map((name, row) => ({ name, row })).filter(({ row }) => row % every === 0);
  return shown.map(({ name, row }) =>
    label(name, { x: left - LABEL_GAP, y: y(row), anchor: 'end', color, fontSize }),
  );
}

function valueGrid({ ticks }: Values, { y }: Scale, left: number, right: number): readonly Html[] {
  const style = { x: left - LABEL_GAP, anchor: 'end', color: 'var(--faint)', fontSize: 12 } as const;
  return ticks.flatMap((tick) => [
    gridLine([left, y(tick.at)], [right, y(tick.at)]),
    label(tick.label, { ...style, y: y(tick.at) }),
  ]);
}

/** A bar with round corners, and what it stands for. */
export function bar(
  { x, y, width, height }: Readonly<Record<'x' | 'y' | 'width' | 'height', number>>,
  { fill, tooltip }: { readonly fill: string; readonly tooltip: string },
): Html {
  const r = Math.min(2, width / 2, height / 2);
  const [w, h] = [width - 2 * r, height - 2 * r].map(pixels);
  const arc = (dx: number, dy: number): string =>
    `a${pixels(r)},${pixels(r)} 0 0 1 ${pixels(dx)},${pixels(dy)}`;
  const outline = [
    `M${pixels(x + r)},${pixels(y)}`,
    `h${w}`,
    arc(r, r),
    `v${h}`,
    arc(-r, r),
    `h-${w}`,
    arc(-r, -r),
    `v-${h}`,
    arc(r, -r),
    'z',
  ];
  return html`<path d="${outline.join('')}" fill="${fill}"><title>${tooltip}</title></path>`;
}

/** A line through points, and the area below it. */
export function area(points: readonly (readonly [number, number])[], ground: number, color: string): Html {
  const line = points.map(([x, y]) => `${pixels(x)},${pixels(y)}`).join(' L');
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0].map(pixels);
  const below = `M${line} L${last},${pixels(ground)} L${first},${pixels(ground)} Z`;
  return html`<path d="${below}" fill="${color}" fill-opacity="0.16"/><path d="M${line}" fill="none" stroke="${color}" stroke-width="1.6" stroke-linejoin="round"/>`;
}
