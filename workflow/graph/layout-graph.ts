import { Graph, layout } from '@dagrejs/dagre';
import type { MachineDefinition, StateDefinition } from '../local/states/prepare-machine.ts';
import { edgeKey, edgesOf, type GraphEdge, innerMachines, usualStates } from './machine-graph.ts';

/** Pixels from the left and from the top of the whole picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A state and where its box is; `x` and `y` are its top left corner. */
export interface PlacedState extends Point, Size {
  readonly name: string;
  readonly type: string;
  /** Drawn inside the box. */
  readonly inner: readonly PlacedScope[];
}

/** A line from one box to another. */
export interface PlacedEdge extends GraphEdge {
  readonly points: readonly Point[];
}

/** The states of one machine, of an iteration or of a branch. */
export interface PlacedScope extends Size {
  readonly states: readonly PlacedState[];
  readonly edges: readonly PlacedEdge[];
}

/** How much is drawn. */
export interface LayoutOptions {
  /**
   * `taken`: the states that were entered, and the ways between them; a Map or a Parallel is one box. `outside`: also the
   * states and ways of a run without a failure. `usual`: all outer states; those inside a Map or a Parallel as in
   * `outside`. `all`: every state.
   */
  readonly detail: 'taken' | 'outside' | 'usual' | 'all';
  /** States that were entered. */
  readonly entered: ReadonlySet<string>;
  /** {@link edgeKey} of the ways that were taken. */
  readonly taken: ReadonlySet<string>;
}

const WITHOUT_INNER: ReadonlySet<LayoutOptions['detail']> = new Set(['taken', 'outside']);

export const HEADER_HEIGHT = 44;
const PADDING = 16;
const BRANCH_GAP = 12;
const CHARACTER_WIDTH = 7.3;
const MIN_WIDTH = 112;

/** The last layout of each definition, for an open page that is drawn again and again. Placing takes 0.2 s. */
const lastLayouts = new WeakMap<MachineDefinition, { readonly key: string; readonly placed: PlacedScope }>();

/** Places the states of a machine in layers, from the top to the bottom. */
export function layoutMachine(machine: MachineDefinition, options: LayoutOptions): PlacedScope {
  const key = layoutKey(machine, options);
  const last = lastLayouts.get(machine);
  if (last?.key === key) return last.placed;
  const shown = WITHOUT_INNER.has(options.detail) ? withoutUnused(machine, options) : machine;
  const placed = moved(layoutScope(shown, options), { x: 0, y: 0 });
  lastLayouts.set(machine, { key, placed });
  return placed;
}

/** What a layout depends on, besides the machine. */
function layoutKey(machine: MachineDefinition, { detail, entered, taken }: LayoutOptions): string {
  if (WITHOUT_INNER.has(detail)) return JSON.stringify([detail, [...entered], [...taken]]);
  const always =
    detail === 'all' ? entered : new Set([...Object.keys(machine.States), ...usualInside(machine)]);
  return JSON.stringify([detail, [...entered].filter((state) => !always.has(state))]);
}

/** The states inside of Maps and Parallels that no failure leads to. */
function usualInside({ States }: MachineDefinition): readonly string[] {
  const inner = Object.values(States).flatMap(innerMachines);
  return inner.flatMap((machine) => [...usualStates(machine), ...usualInside(machine)]);
}

/** Relative to the scope's own corner. */
function layoutScope(machine: MachineDefinition, options: LayoutOptions): PlacedScope {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'TB', nodesep: 22, ranksep: 34, edgesep: 12 });
  graph.setDefaultEdgeLabel(() => ({}));
  const boxes = Object.entries(machine.States).map(([name, state]) => boxOf(name, state, options));
  // Numbers, because the library's own ids cannot be every name.
  const ids = new Map(boxes.map(({ name }, index) => [name, String(index)]));
  const idOf = (name: string): string => ids.get(name) ?? '';
  for (const { name, width, height } of boxes) graph.setNode(idOf(name), { width, height });
  const edges = edgesOf(machine).filter(
    (edge) => edge.from !== edge.to && ids.has(edge.to) && isDrawn(edge, options),
  );
  // The ordinary way is drawn as straight as possible.
  for (const { from, to, isCatch } of edges)
    graph.setEdge(idOf(from), idOf(to), { weight: isCatch ? 1 : 30 });
  layout(graph);
  const states = boxes.map((box) => {
    const centre = graph.node(idOf(box.name)) as Point;
    return { ...box, x: centre.x - box.width / 2, y: centre.y - box.height / 2 };
  });
  const placed = edges.map((edge) => {
    const { points = [] } = graph.edge(idOf(edge.from), idOf(edge.to)) as { points?: readonly Point[] };
    return { ...edge, points };
  });
  return framed(states, placed);
}

/** Most ways of a failure were not taken, and each one crosses the picture. */
function isDrawn(edge: GraphEdge, { detail, taken }: LayoutOptions): boolean {
  const isOptional = detail === 'taken' || (detail === 'outside' && edge.isCatch);
  return !isOptional || taken.has(edgeKey(edge));
}

const MARGIN = 4;

/** A frame around boxes and lines: the library's own leaves out lines beside the boxes. */
function framed(states: readonly PlacedState[], edges: readonly PlacedEdge[]): PlacedScope {
  const points = edges.flatMap((edge) => edge.points);
  const xs = [...states.flatMap(({ x, width }) => [x, x + width]), ...points.map(({ x }) => x)];
  const ys = [...states.flatMap(({ y, height }) => [y, y + height]), ...points.map(({ y }) => y)];
  const [left, top] = [Math.min(...xs) - MARGIN, Math.min(...ys) - MARGIN];
  const size = { width: Math.max(...xs) + MARGIN - left, height: Math.max(...ys) + MARGIN - top };
  return {
    ...size,
    // What is inside a box is placed with the whole picture.
    states: states.map((state) => ({ ...state, x: state.x - left, y: state.y - top })),
    edges: edges.map((edge) => shifted(edge, { x: -left, y: -top })),
  };
}

type Box = Omit<PlacedState, 'x' | 'y'>;

function boxOf(name: string, state: StateDefinition, options: LayoutOptions): Box {
  const inner = innerScopes(state, options);
  const ownWidth = Math.max(MIN_WIDTH, name.length * CHARACTER_WIDTH + 28);
  const base = { name, type: state.Type, inner };
  if (inner.length === 0) return { ...base, width: ownWidth, height: HEADER_HEIGHT };
  const innerWidth = inner.reduce((sum, { width }) => sum + width, (inner.length - 1) * BRANCH_GAP);
  return {
    ...base,
    width: Math.max(ownWidth, innerWidth + 2 * PADDING),
    height: HEADER_HEIGHT + Math.max(...inner.map(({ height }) => height)) + PADDING,
  };
}

function innerScopes(state: StateDefinition, options: LayoutOptions): readonly PlacedScope[] {
  if (WITHOUT_INNER.has(options.detail)) return [];
  const machines = innerMachines(state);
  if (options.detail === 'all') return machines.map((machine) => layoutScope(machine, options));
  return machines.map((machine) => layoutScope(withoutUnused(machine, options), options));
}

function withoutUnused(
  machine: MachineDefinition,
  { detail, entered }: Pick<LayoutOptions, 'detail' | 'entered'>,
): MachineDefinition {
  const usual = detail === 'taken' ? entered : usualStates(machine);
  const isShown = ([name]: readonly [string, unknown]): boolean => usual.has(name) || entered.has(name);
  return { ...machine, States: Object.fromEntries(Object.entries(machine.States).filter(isShown)) };
}

/** The same scope with every position counted from the picture's corner. */
function moved(scope: PlacedScope, by: Point): PlacedScope {
  return {
    ...scope,
    states: scope.states.map((state) => movedState(state, by)),
    edges: scope.edges.map((edge) => shifted(edge, by)),
  };
}

function shifted(edge: PlacedEdge, by: Point): PlacedEdge {
  return { ...edge, points: edge.points.map(({ x, y }) => ({ x: x + by.x, y: y + by.y })) };
}

function movedState(state: PlacedState, by: Point): PlacedState {
  const [x, y] = [state.x + by.x, state.y + by.y];
  const innerWidth = state.inner.reduce(
    (sum, { width }) => sum + width,
    (state.inner.length - 1) * BRANCH_GAP,
  );
  let left = x + (state.width - innerWidth) / 2;
  const inner = state.inner.map((scope) => {
    const placed = moved(scope, { x: left, y: y + HEADER_HEIGHT });
    left += scope.width + BRANCH_GAP;
    return placed;
  });
  return { ...state, x, y, inner };
}
