import { type Html, html } from '../../functions/shared/runs/page/html.ts';
import type { MachineDefinition } from '../local/states/prepare-machine.ts';
import {
  layoutMachine,
  type LayoutOptions,
  type PlacedEdge,
  type PlacedScope,
  type PlacedState,
  type Point,
} from './layout-graph.ts';
import { edgeKey } from './machine-graph.ts';

/** How a state stands, in the words of Step Functions' console. */
export type StateStatus = 'running' | 'succeeded' | 'caught' | 'failed' | 'aborted';

/** The legend's words. */
export const STATUS_WORDS: Readonly<Record<StateStatus, string>> = {
  running: 'In progress',
  succeeded: 'Succeeded',
  caught: 'Caught error',
  failed: 'Failed',
  aborted: 'Aborted',
};

/** Before a name, for whoever does not see the colours. */
const SIGNS: Readonly<Partial<Record<Standing, string>>> = {
  running: '… ',
  caught: '! ',
  failed: '✕ ',
  aborted: '■ ',
};

/** What a drawing shows beyond the machine itself. */
export interface GraphMarks {
  /** By state; without one a state has not been entered. */
  readonly statuses: ReadonlyMap<string, StateStatus>;
  /** {@link edgeKey} of the edges that were taken. */
  readonly taken: ReadonlySet<string>;
  /** A few words below a state's name, in place of its type. */
  readonly noteOf?: (state: string) => string | undefined;
  /** The state that the reader has chosen. */
  readonly selected?: string | undefined;
  /** Where a state leads to when it is clicked. */
  readonly hrefOf?: (state: string) => string;
}

/** A machine, and how it is drawn. */
export interface GraphDrawing extends Pick<LayoutOptions, 'detail'> {
  readonly machine: MachineDefinition;
  /** What the picture is, for readers who cannot see it. */
  readonly title: string;
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  Task: 'Lambda: Invoke',
  Map: 'Map state',
  Parallel: 'Parallel state',
  Choice: 'Choice state',
  Wait: 'Wait state',
  Pass: 'Pass state',
  Succeed: 'Success state',
  Fail: 'Fail state',
};

type Standing = StateStatus | 'idle';

const LEGEND_WORDS: Readonly<Record<Standing, string>> = { idle: 'Not started', ...STATUS_WORDS };

/** What the colours mean, of those that occur. */
export function graphLegend(occurring: readonly Standing[]): Html {
  const shown = (Object.keys(LEGEND_WORDS) as Standing[]).filter((standing) => occurring.includes(standing));
  return html`<ul class="legend graph-legend">${shown.map((standing) => html`<li><i class="${standing}"></i>${SIGNS[standing]}${LEGEND_WORDS[standing]}</li>`)}</ul>`;
}

/** Of a picture that changes. */
export const WHOLE_LEGEND: Html = graphLegend([
  'idle',
  'running',
  'succeeded',
  'caught',
  'failed',
  'aborted',
]);

/** The graph of a machine as an `svg` element, coloured by {@link GRAPH_STYLE}. */
export function drawGraph({ machine, title, detail }: GraphDrawing, marks: GraphMarks): Html {
  const { taken, statuses } = marks;
  const placed = layoutMachine(machine, { detail, taken, entered: new Set(statuses.keys()) });
  const [width, height] = [Math.ceil(placed.width), Math.ceil(placed.height)];
  // What is inside of an image is hidden from a screen reader, links as well.
  const role = marks.hrefOf === undefined ? 'img' : 'group';
  return html`<svg class="graph" role="${role}" aria-label="${title}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">${drawScope(placed, marks)}</svg>`;
}

/** Lines first, so that the boxes lie on them; lines that were taken last, so that nothing crosses them. */
function drawScope({ states, edges }: PlacedScope, marks: GraphMarks): Html {
  const isTaken = (edge: PlacedEdge): boolean => marks.taken.has(edgeKey(edge));
  const lines = edges.toSorted((one, other) => Number(isTaken(one)) - Number(isTaken(other)));
  return html`${lines.map((edge) => drawEdge(edge, isTaken(edge)))}${states.map((state) => drawState(state, marks))}`;
}

function drawState(state: PlacedState, marks: GraphMarks): Html {
  const { name, type, x, y, width, height, inner } = state;
  const status = marks.statuses.get(name);
  const note = marks.noteOf?.(name) ?? TYPE_WORDS[type] ?? type;
  const href = marks.hrefOf?.(name);
  const words = status === undefined ? 'Not started' : STATUS_WORDS[status];
  const box = html`<title>${name}: ${words}</title><rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" rx="${inner.length === 0 ? cornerOf(type) : 10}"/>
    <text class="name" x="${px(x + width / 2)}" y="${px(y + 18)}" text-anchor="middle">${status && SIGNS[status]}${name}</text><text class="note" x="${px(x + width / 2)}" y="${px(y + 33)}" text-anchor="middle">${note}</text>`;
  const chosen = marks.selected === name && ' selected';
  return html`<g class="state ${status ?? 'idle'}${chosen}" data-state="${name}" data-status="${words}">${href === undefined ? box : html`<a href="${href}">${box}</a>`}</g>${inner.map((scope) => drawScope(scope, marks))}`;
}

const cornerOf = (type: string): number => (type === 'Succeed' || type === 'Fail' ? 22 : 6);

function drawEdge(edge: PlacedEdge, isTaken: boolean): Html {
  const kind = `edge${edge.isCatch ? ' catch' : ''}${isTaken ? ' taken' : ''}`;
  return html`<g class="${kind}"><path class="line" d="${curve(edge.points)}"/><path class="head" d="${arrowHead(edge.points)}"/></g>`;
}

/** A line through the points whose corners are round. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return '';
  const bends = rest.slice(0, -1).map((point, index) => {
    const end = middle(point, rest[index + 1] ?? last);
    return `Q${pair(point)} ${pair(end)}`;
  });
  return `M${pair(first)} ${bends.join(' ')} L${pair(last)}`;
}

const HEAD = { length: 7, halfWidth: 3.5 } as const;

/** A triangle whose tip is the last point. */
function arrowHead(points: readonly Point[]): string {
  const [from, tip] = [points.at(-2), points.at(-1)];
  if (from === undefined || tip === undefined) return '';
  const distance = Math.hypot(tip.x - from.x, tip.y - from.y) || 1;
  const [dx, dy] = [(tip.x - from.x) / distance, (tip.y - from.y) / distance];
  const base = { x: tip.x - dx * HEAD.length, y: tip.y - dy * HEAD.length };
  const side = (sign: number): Point => ({
    x: base.x - sign * dy * HEAD.halfWidth,
    y: base.y + sign * dx * HEAD.halfWidth,
  });
  return `M${pair(tip)} L${pair(side(1))} L${pair(side(-1))} Z`;
}

const middle = (one: Point, other: Point): Point => ({ x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 });
const px = (value: number): string => String(Math.round(value * 10) / 10);
const pair = ({ x, y }: Point): string => `${px(x)},${px(y)}`;
