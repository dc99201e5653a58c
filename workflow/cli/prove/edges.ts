import type { MachineDefinition, StateDefinition } from '../../local/states/prepare-machine.ts';
import { choiceInputs } from './choice-edges.ts';
import type { Edge, ProvenScope } from './edge.ts';
import { inputFor, resultFor } from './made-up-data.ts';

interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly MaxAttempts?: number;
}
interface Catcher {
  readonly ErrorEquals: readonly string[];
}

/** Where a Retry does not say how often. */
const usualAttempts = 3;
/** An error that no Retry names. */
const foreignError = 'ShopError';

/** A machine and everything inside it: each Map's iteration and each branch is a scope of its own. */
export function scopesOf(name: string, { States }: MachineDefinition): readonly ProvenScope[] {
  const states = Object.entries(States);
  const inner = states.flatMap(([state, definition]) =>
    innerMachines(definition).flatMap((machine) => scopesOf(`${name}/${state}`, machine)),
  );
  return [{ name, states }, ...inner];
}

/** A Map's iteration, or the branches of a Parallel. */
export function innerMachines({ ItemProcessor, Branches }: StateDefinition): readonly MachineDefinition[] {
  if (ItemProcessor !== undefined) return [ItemProcessor as MachineDefinition];
  return (Branches ?? []) as readonly MachineDefinition[];
}

/**
 * Every way out of the Tasks, Maps, Parallels and Choices of some scopes. Of the names of a Retry each state takes another,
 * so that each is met.
 */
export function edgesOf(scopes: readonly ProvenScope[]): readonly Edge[] {
  const states = scopes.flatMap(({ name: scope, states: inside }) =>
    inside.map(([state, definition]) => ({ scope, state, definition })),
  );
  return states.flatMap((placed, turn) => {
    switch (placed.definition.Type) {
      case 'Choice':
        return choiceInputs(placed.definition).map((choice) => ({ ...placed, ...choice }));
      case 'Task':
      case 'Map':
      case 'Parallel':
        return workEdges(placed, turn);
      default:
        return [];
    }
  });
}

type Placed = Pick<Edge, 'scope' | 'state' | 'definition'>;

function workEdges(placed: Placed, turn: number): readonly Edge[] {
  const { definition } = placed;
  const base = { ...placed, input: inputFor(definition) };
  const retriers = (definition['Retry'] ?? []) as readonly Retrier[];
  const catchers = (definition['Catch'] ?? []) as readonly Catcher[];
  return [
    { ...base, name: 'Next', mock: { result: resultFor(definition) } },
    ...retriers.flatMap((retrier, index) => retryEdges(base, { retrier, index, turn })),
    ...catchers.flatMap((catcher, index) => catchEdges(base, catcher, index)),
  ];
}

/** The last retry that there is, and the failure after it. */
function retryEdges(
  base: Omit<Edge, 'name'>,
  { retrier, index, turn }: { readonly retrier: Retrier; readonly index: number; readonly turn: number },
): readonly Edge[] {
  const { ErrorEquals, MaxAttempts = usualAttempts } = retrier;
  const error = ErrorEquals[turn % ErrorEquals.length] ?? foreignError;
  const mock = { error, cause: 'It failed.' };
  const last = { ...base, name: `Retry ${index + 1}, last: ${error}`, mock, retryCount: MaxAttempts - 1 };
  const usedUp = { ...base, name: `Retry ${index + 1}, used up: ${error}`, mock, retryCount: MaxAttempts };
  return MaxAttempts === 0 ? [usedUp] : [last, usedUp];
}

function catchEdges(base: Omit<Edge, 'name'>, { ErrorEquals }: Catcher, index: number): readonly Edge[] {
  return ErrorEquals.flatMap((caught) => {
    const error = caught === 'States.ALL' || caught === 'States.TaskFailed' ? foreignError : caught;
    const name = `Catch ${index + 1}: ${caught}`;
    return [
      { ...base, name, mock: { error, cause: 'It failed.' } },
      { ...base, name: `${name}, without a Cause`, mock: { error } },
    ];
  });
}
