import type { StateDefinition } from '../../local/states/prepare-machine.ts';
import type { ProvenScope } from './edge.ts';

/** A state that works on nothing but its own definition, and what is wrong with that; nothing: it has the right shape. */
export interface Shape {
  readonly scope: string;
  readonly state: string;
  readonly type: string;
  readonly problem: string | undefined;
}

const path = /^\$(\.\w+)+$/;
const common = ['Type', 'Comment', 'InputPath', 'OutputPath'];
const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  Pass: [...common, 'Parameters', 'Result', 'ResultPath', 'Next', 'End'],
  Wait: [...common, 'Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath', 'Next', 'End'],
  Succeed: common,
  Fail: ['Type', 'Comment', 'Error', 'ErrorPath', 'Cause', 'CausePath'],
};

/** Pass, Wait, Succeed and Fail of some scopes. TestState takes no mock for them, and no context without one. */
export function shapesOf(scopes: readonly ProvenScope[]): readonly Shape[] {
  return scopes.flatMap(({ name: scope, states }) => {
    const names = new Set(states.map(([name]) => name));
    return states
      .filter(([, { Type }]) => fieldsOf[Type] !== undefined)
      .map(([state, definition]) => ({
        scope,
        state,
        type: definition.Type,
        problem: problemOf(definition, names),
      }));
  });
}

function problemOf(
  { QueryLanguage, ...state }: StateDefinition,
  names: ReadonlySet<string>,
): string | undefined {
  if (QueryLanguage !== undefined && QueryLanguage !== 'JSONPath')
    return `${String(QueryLanguage)} is not JSONPath`;
  const foreign = Object.keys(state).find((field) => fieldsOf[state.Type]?.includes(field) !== true);
  if (foreign !== undefined) return `a ${state.Type} has no ${foreign}`;
  if (state.Type === 'Fail') return problemOfFail(state);
  if (state.Type === 'Succeed') return undefined;
  return problemOfWait(state) ?? problemOfTransition(state, names);
}

function problemOfTransition({ Next, End }: StateDefinition, names: ReadonlySet<string>): string | undefined {
  if ((Next === undefined) === (End !== true)) return 'it needs a Next or an End, not both';
  return Next === undefined || names.has(String(Next))
    ? undefined
    : `there is no state ${String(Next)} beside it`;
}

function problemOfWait({ Type, ...state }: StateDefinition): string | undefined {
  if (Type !== 'Wait') return undefined;
  const times = ['Seconds', 'SecondsPath', 'Timestamp', 'TimestampPath'].filter((field) => field in state);
  if (times.length !== 1) return 'a Wait needs one time to wait for';
  const { SecondsPath } = state as { SecondsPath?: string };
  return SecondsPath === undefined || path.test(SecondsPath) ? undefined : `${SecondsPath} is no path`;
}

/** An Error and a Cause, each written out or behind a path: no intrinsic function, which the embedded engine lacks there. */
function problemOfFail(state: StateDefinition): string | undefined {
  for (const field of ['Error', 'Cause']) {
    const [text, from] = [state[field], state[`${field}Path`]];
    if ((text === undefined) === (from === undefined)) return `it needs ${field} or ${field}Path, not both`;
    if (from !== undefined && !path.test(String(from))) return `${String(from)} is no path`;
  }
  return undefined;
}
