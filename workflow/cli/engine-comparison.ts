import { engineFacts, loadOf } from '../../functions/shared/cost/engine-estimates.ts';
import { DEFAULT_RUPEES_PER_DOLLAR } from '../../functions/shared/cost/prices.ts';
import type { RunSize } from '../../functions/shared/cost/run-size.ts';
import {
  type AskedEngine,
  type ChosenEngine,
  chooseWriteEngine,
  type EngineEstimate,
  type EngineFacts,
  type WriteEngine,
  WRITE_ENGINES,
} from '../../functions/shared/cost/write-engine.ts';
import { dollars, duration, rupees } from '../../functions/shared/format.ts';
import { tableText } from './plain-table.ts';
import type { Terminal } from './terminal.ts';

const UNKNOWN = 'unknown';
type Figure = number | typeof UNKNOWN;

/** What filling the tables takes with one engine, as a plan shows it and `--json` prints it. */
export interface EngineFigures {
  readonly seconds: Figure;
  readonly dollars: Figure;
  readonly rupees: Figure;
}

/** Both engines, the one that the run would take, and the one that `auto` would take. */
export interface EngineComparison extends Readonly<Record<WriteEngine, EngineFigures>> {
  readonly chosen: ChosenEngine;
  readonly auto: ChosenEngine;
}

/** Compares the write engines of a run, as TestConnection does. */
export function compareEngines(
  size: RunSize,
  known: Pick<EngineFacts, 'asked' | 'obstacles'>,
): EngineComparison {
  const facts = engineFacts(loadOf(size), known);
  return {
    batch: figuresOf(facts.batch, size),
    bulk: figuresOf(facts.bulk, size),
    chosen: chooseWriteEngine(facts),
    auto: chooseWriteEngine({ ...facts, asked: 'auto' }),
  };
}

function figuresOf(
  { seconds, dollars: cost }: EngineEstimate,
  { rupeesPerDollar = DEFAULT_RUPEES_PER_DOLLAR }: RunSize,
): EngineFigures {
  return {
    seconds: seconds ?? UNKNOWN,
    dollars: cost ?? UNKNOWN,
    rupees: cost === undefined ? UNKNOWN : cost * rupeesPerDollar,
  };
}

/** The engine that an input asks for, if any. Whether it may name this one is for the workflow to judge. */
export function askedEngine(input: unknown): AskedEngine | undefined {
  const { writeEngine } = (input ?? {}) as { writeEngine?: unknown };
  return WRITE_ENGINES.find((engine) => engine === writeEngine);
}

/** Time and money of both engines, and which one would be chosen and why. */
export function sayEngines(terminal: Terminal, { batch, bulk, chosen, auto }: EngineComparison): void {
  const { say, colors } = terminal;
  say(tableText(terminal, COLUMNS, [rowOf('batch', batch), rowOf('bulk put', bulk)]));
  say(`  Chosen: ${chosen.engine}, because ${chosen.why}.`);
  say(`  ${colors.dim(`auto would choose ${auto.engine}, because ${auto.why}.`)}`);
}

const COLUMNS = [
  { name: 'Filling the tables' },
  { name: 'Time', align: 'right' },
  { name: 'Dollars', align: 'right' },
  { name: 'Rupees', align: 'right' },
] as const;

function rowOf(name: string, figures: EngineFigures): readonly string[] {
  const shown = (figure: Figure, text: (value: number) => string): string =>
    typeof figure === 'number' ? text(figure) : figure;
  return [
    name,
    shown(figures.seconds, duration),
    shown(figures.dollars, dollars),
    shown(figures.rupees, rupees),
  ];
}
