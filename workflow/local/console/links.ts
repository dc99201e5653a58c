import type { Execution } from '../states/executions.ts';
import { CONSOLE } from './requests.ts';

/** A path with a query; what is `undefined` is left out of it. */
export function withQuery(path: string, query: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  );
  return `${path}?${new URLSearchParams(given).toString()}`;
}

/** What the address of an execution is made of. */
interface ShownExecution extends Pick<Execution, 'name'> {
  readonly machine: Pick<Execution['machine'], 'name'>;
}

/** Where things are shown. */
export const LINKS = {
  executions: CONSOLE,
  execution: ({ machine, name }: ShownExecution): string =>
    `${CONSOLE}executions/${encodeURIComponent(machine.name)}/${encodeURIComponent(name)}`,
  /** With `from`, an execution's ARN, the form holds that execution's input. */
  start: (machine: string, from?: string): string => withQuery(`${CONSOLE}start`, { machine, from }),
  table: (name: string): string => `${CONSOLE}tables/${encodeURIComponent(name)}`,
  objects: (prefix: string, after?: string): string => withQuery(`${CONSOLE}objects`, { prefix, after }),
  object: (key: string): string => withQuery(`${CONSOLE}object`, { key }),
  /** A page of the bucket at a path of its own, so that its links to its neighbours lead there. */
  raw: (key: string): string => `${CONSOLE}raw/${key.split('/').map(encodeURIComponent).join('/')}`,
} as const;
