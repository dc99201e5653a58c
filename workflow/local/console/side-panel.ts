import { duration } from '../../../functions/shared/format.ts';
import { type Html, html } from '../../../functions/shared/runs/page/html.ts';
import { facts } from '../../../functions/shared/runs/page/sections.ts';
import { innerMachines } from '../../graph/machine-graph.ts';
import type { Execution } from '../states/executions.ts';
import type { HistoryEvent } from '../states/history.ts';
import type { MachineDefinition, StateDefinition } from '../states/prepare-machine.ts';
import { stateOf } from './graph-section.ts';
import { jsonBlock } from './pre.ts';
import { stepOf } from './steps.ts';

/** Beside the graph: the event or the state that was clicked. */
export function sidePanel(execution: Execution, query: URLSearchParams): Html {
  const event = execution.history.events.find(({ id }) => String(id) === query.get('event'));
  if (event !== undefined) return eventPanel(event, stepOf(execution.history.events).get(event.id));
  const state = query.get('state');
  if (state !== null) return statePanel(execution, state);
  return html`<section><h2>Step detail</h2><p class="lead">Choose a state of the graph, or an event below, to see its input and output.</p></section>`;
}

function eventPanel({ id, type, timestamp, details }: HistoryEvent, step: string | undefined): Html {
  const { input, output, parameters, cause, ...others } = { ...details?.fields };
  const blocks = Object.entries({ parameters, input, output, cause }).filter(
    ([, value]) => value !== undefined,
  );
  return html`<section><h2>Event ${id}</h2>
    ${facts([
      ['Type', type],
      ['Step', step ?? '–'],
      ['Time', new Date(timestamp).toISOString()],
    ])}
    ${blocks.map(([name, value]) => html`<h3>${capitalized(name)}</h3>${jsonBlock(String(value))}`)}
    ${Object.keys(others).length > 0 && html`<h3>Details</h3>${jsonBlock(JSON.stringify(others))}`}</section>`;
}

function statePanel({ machine, history }: Execution, state: string): Html {
  const definition = definitionOf(JSON.parse(machine.definition) as MachineDefinition, state);
  if (definition === undefined)
    return html`<section><h2>Step detail</h2><p class="lead">There is no state ${state}.</p></section>`;
  const { events } = history;
  const entries = events.filter(
    ({ type, details }) => type.endsWith('StateEntered') && stateOf(details) === state,
  );
  const entered = entries.at(-1);
  const exited = events.findLast(
    ({ type, details }) => type.endsWith('StateExited') && stateOf(details) === state,
  );
  const left = exited !== undefined && entered !== undefined && exited.id > entered.id ? exited : undefined;
  const { Comment, Parameters } = definition as { Comment?: string; Parameters?: { FunctionName?: string } };
  return html`<section><h2>${state}</h2>
    ${Comment !== undefined && html`<p class="lead">${Comment}</p>`}
    ${facts([
      ['Type', definition.Type],
      typeof Parameters?.FunctionName === 'string'
        ? ['Function', Parameters.FunctionName.replace(/^.*:/, '')]
        : undefined,
      ['Entered', ENTERED[entries.length] ?? `${entries.length} times`],
      left === undefined || entered === undefined
        ? undefined
        : ['Duration', duration((left.timestamp - entered.timestamp) / 1000)],
    ])}
    ${entered !== undefined && html`<h3>Input${entries.length > 1 && ' of the last time'}</h3>${jsonBlock(textOf(entered, 'input'))}`}
    ${left !== undefined && html`<h3>Output</h3>${jsonBlock(textOf(left, 'output'))}`}
    <h3>Definition</h3>${jsonBlock(JSON.stringify(definition))}</section>`;
}

const ENTERED = ['not yet', 'once', 'twice'];

function textOf({ details }: HistoryEvent, field: string): string | undefined {
  const value = details?.fields[field];
  return typeof value === 'string' ? value : undefined;
}

function definitionOf(machine: MachineDefinition, name: string): StateDefinition | undefined {
  const own = machine.States[name];
  if (own !== undefined) return own;
  for (const inner of Object.values(machine.States).flatMap(innerMachines)) {
    const found = definitionOf(inner, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

const capitalized = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
