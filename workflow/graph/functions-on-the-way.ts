import type { MachineDefinition, StateDefinition } from '../local/states/prepare-machine.ts';
import { defaultWay, innerMachines } from './machine-graph.ts';

/** A function that a machine calls. */
export interface CalledFunction {
  /** Name or ARN, as the machine has it. */
  readonly name: string;
  /** Calls at once: two in a Map, which seldom works alone. */
  readonly atOnce: number;
}

/** The functions that a machine calls on its way by the default of every choice, in order. */
export function functionsOnTheWay(machine: MachineDefinition, atOnce = 1): readonly CalledFunction[] {
  return defaultWay(machine).flatMap((state) => {
    const { Type, Parameters } = machine.States[state] ?? NO_STATE;
    const { FunctionName: name } = (Parameters ?? {}) as { readonly FunctionName?: string };
    const inner = innerMachines(machine.States[state] ?? NO_STATE);
    const below = inner.flatMap((one) => functionsOnTheWay(one, Type === 'Map' ? 2 : atOnce));
    return name === undefined ? below : [{ name, atOnce }, ...below];
  });
}

const NO_STATE: StateDefinition = { Type: 'Fail' };
