import type { MachineDefinition, StateDefinition } from '../local/states/prepare-machine.ts';

/** What leads from one state to another, in the terms of the Amazon States Language. */
export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  /** The target of a Catch: taken only when the state has failed. */
  readonly isCatch: boolean;
}

/** Every edge between the states of one scope, each once. */
export function edgesOf({ States }: Pick<MachineDefinition, 'States'>): readonly GraphEdge[] {
  const all = Object.entries(States).flatMap(([name, state]) => edgesFrom(name, state));
  return [...new Map(all.map((edge) => [edgeKey(edge), edge])).values()];
}

/** Tells an edge from all others of a machine, whose states have names of their own. A failure counts apart. */
export function edgeKey({ from, to, isCatch }: GraphEdge): string {
  return `${from} ${isCatch ? 'failed' : 'to'} ${to}`;
}

interface Onward {
  readonly Next?: string;
}

function edgesFrom(from: string, state: StateDefinition): readonly GraphEdge[] {
  const {
    Choices = [],
    Default,
    Next,
    Catch = [],
  } = state as {
    readonly Choices?: readonly Onward[];
    readonly Default?: string;
    readonly Next?: string;
    readonly Catch?: readonly Onward[];
  };
  const edge =
    (isCatch: boolean) =>
    (to: string | undefined): readonly GraphEdge[] =>
      to === undefined ? [] : [{ from, to, isCatch }];
  return [
    ...[...Choices.map(({ Next }) => Next), Default, Next].flatMap(edge(false)),
    ...Catch.map(({ Next }) => Next).flatMap(edge(true)),
  ];
}

/** The machines inside a state: a Map's processor, or a Parallel's branches. */
export function innerMachines(state: StateDefinition): readonly MachineDefinition[] {
  const {
    ItemProcessor,
    Iterator,
    Branches = [],
  } = state as {
    readonly ItemProcessor?: MachineDefinition;
    readonly Iterator?: MachineDefinition;
    readonly Branches?: readonly MachineDefinition[];
  };
  const processor = ItemProcessor ?? Iterator;
  return processor === undefined ? Branches : [processor];
}

/** The states that a machine gets to if nothing fails. */
export function usualStates(machine: MachineDefinition): ReadonlySet<string> {
  const ways = edgesOf(machine).filter(({ isCatch }) => !isCatch);
  const found = new Set([machine.StartAt]);
  // A set's iterator also comes to what is added on the way.
  for (const state of found) for (const { from, to } of ways) if (from === state) found.add(to);
  return found;
}

/** The states that an execution passes by the default of every choice, in order. */
export function defaultWay({ StartAt, States }: MachineDefinition): readonly string[] {
  const way = new Set<string>();
  for (let name: string | undefined = StartAt; name !== undefined && !way.has(name);) {
    way.add(name);
    const { Next, Default } = (States[name] ?? {}) as Onward & { readonly Default?: string };
    name = Next ?? Default;
  }
  return [...way];
}
