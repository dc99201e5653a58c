import { createRequire } from 'node:module';

interface Choice {
  readonly Next: string;
  readonly Variable?: string;
}

interface State {
  readonly Type: string;
  readonly Next?: string;
  readonly Default?: string;
  readonly Choices?: readonly Choice[];
  readonly Catch?: readonly { readonly Next: string }[];
  readonly Branches?: readonly { readonly StartAt: string }[];
}

interface Machine {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, State>>;
}

/** A machine's definition from its file, with a branch for each table of the migration. */
export function readMachine(name: string): Machine {
  const fromMigration = createRequire(import.meta.url)('../../workflow/resources/from-migration.cjs') as {
    readonly machine: (name: string) => Machine;
  };
  return fromMigration.machine(name);
}

const shapes: Readonly<Record<string, readonly [string, string]>> = {
  Choice: ['{', '}'],
  Succeed: ['([', '])'],
  Fail: ['([', '])'],
  Map: ['[[', ']]'],
  Parallel: ['[[', ']]'],
};

function node(name: string, state: State): string {
  const [open, close] = shapes[state.Type] ?? ['[', ']'];
  const branches = state.Branches?.map(({ StartAt }) => StartAt).join('<br/>');
  return `  ${name}${open}"${branches === undefined ? name : `${name}<br/>${branches}`}"${close}`;
}

function edges(name: string, state: State): readonly string[] {
  const choices = state.Choices?.map(({ Next }) => `  ${name} --> ${Next}`) ?? [];
  const onwards = [state.Default, state.Next].flatMap((next) =>
    next === undefined ? [] : [`  ${name} --> ${next}`],
  );
  const caught = state.Catch?.map(({ Next }) => `  ${name} -. failed .-> ${Next}`) ?? [];
  return [...choices, ...onwards, ...caught];
}

/** The machine's outermost states as a Mermaid flowchart. Boxes with double sides run workers in parallel. */
export function drawMachine(machine: Machine): string {
  const states = Object.entries(machine.States);
  return [
    'flowchart TD',
    ...states.map(([name, state]) => node(name, state)),
    ...new Set(states.flatMap(([name, state]) => edges(name, state))),
  ].join('\n');
}
