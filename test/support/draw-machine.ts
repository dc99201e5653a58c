import { createRequire } from 'node:module';
import { edgesOf } from '../../workflow/graph/machine-graph.ts';
import type { MachineDefinition, StateDefinition } from '../../workflow/local/states/prepare-machine.ts';

/** A machine's definition from its file, with a branch for each table of the migration. */
export function readMachine(name: string): MachineDefinition {
  const fromMigration = createRequire(import.meta.url)('../../workflow/resources/from-migration.cjs') as {
    readonly machine: (name: string) => MachineDefinition;
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

function node(name: string, state: StateDefinition): string {
  const [open, close] = shapes[state.Type] ?? ['[', ']'];
  const branches = (state['Branches'] as readonly MachineDefinition[] | undefined)
    ?.map(({ StartAt }) => StartAt)
    .join('<br/>');
  return `  ${name}${open}"${branches === undefined ? name : `${name}<br/>${branches}`}"${close}`;
}

/** The machine's outermost states as a Mermaid flowchart. Boxes with double sides run workers in parallel. */
export function drawMachine(machine: MachineDefinition): string {
  const states = Object.entries(machine.States);
  return [
    'flowchart TD',
    ...states.map(([name, state]) => node(name, state)),
    ...edgesOf(machine).map(
      ({ from, to, isCatch }) => `  ${from} ${isCatch ? '-. failed .->' : '-->'} ${to}`,
    ),
  ].join('\n');
}
