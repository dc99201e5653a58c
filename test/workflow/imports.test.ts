import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findCycle, readImportGraph } from '../support/import-graph.ts';

/** Folders of functions/shared: each may import from the ones before it, from its own, and from files of the root. */
const LAYERS = ['items', 'migration', 'aws', 'ledger', 'files', 'cost', 'tables', 'copy', 'runs'];

/** Where everything that a stage depends on is put together; every layer may name its type. */
const COMPOSITION = 'functions/shared/runtime.ts';

const graph = readImportGraph();
const edges = [...graph].flatMap(([from, imported]) => imported.map((to) => ({ from, to })));

/** `file -> imported file` of every import that breaks a rule. */
function breaking(rule: (from: string, to: string) => boolean): readonly string[] {
  return edges
    .filter(({ from, to }) => rule(from, to))
    .map(({ from, to }) => `${from} -> ${to}`)
    .toSorted();
}

/** `items` of functions/shared/items/digest.ts; `undefined` for what is in no layer. */
function layerOf(file: string): string | undefined {
  return /^functions\/shared\/([^/]+)\//.exec(file)?.[1];
}

/** `begin-run` of functions/begin-run/handler.ts; `undefined` for what is no state's. */
function stateOf(file: string): string | undefined {
  const folder = /^functions\/([^/]+)\//.exec(file)?.[1];
  return folder === 'shared' || folder === 'migrations' ? undefined : folder;
}

const isRoot = (file: string): boolean => /^functions\/shared\/[^/]+$/.test(file);
const isMigration = (file: string): boolean => file.startsWith('functions/migrations/');
const isFunctions = (file: string): boolean => file.startsWith('functions/');

describe('imports', () => {
  it('never run in a circle, types included', () => {
    expect(findCycle(graph)).toBeUndefined();
  });

  it('reach only files that exist, in a folder whose layer is known', () => {
    expect(breaking((_from, to) => !graph.has(to))).toEqual([]);
    expect(new Set([...graph.keys()].map(layerOf))).toEqual(new Set([...LAYERS, undefined]));
  });

  it('go down the layers of functions/shared, never up', () => {
    const isUp = (from: string, to: string): boolean => {
      const [lower, upper] = [layerOf(to), layerOf(from)];
      return lower !== undefined && upper !== undefined && LAYERS.indexOf(lower) > LAYERS.indexOf(upper);
    };
    expect(breaking(isUp)).toEqual([]);
  });

  it('go from the files that every layer uses to one another only', () => {
    const leaves = (from: string, to: string): boolean =>
      isRoot(from) && !isRoot(to) && !(from === COMPOSITION && /\/(?:aws|ledger|migrations?)\//.test(to));
    expect(breaking(leaves)).toEqual([]);
  });

  it('never go from functions/shared into a state', () => {
    expect(breaking((from, to) => from.startsWith('functions/shared/') && stateOf(to) !== undefined)).toEqual(
      [],
    );
  });

  it('never go from one state into another', () => {
    const crosses = (from: string, to: string): boolean =>
      stateOf(from) !== undefined && stateOf(to) !== undefined && stateOf(from) !== stateOf(to);
    expect(breaking(crosses)).toEqual([]);
  });

  it('never go from functions/shared into a migration', () => {
    const reaches = (from: string, to: string): boolean =>
      from.startsWith('functions/shared/') && from !== COMPOSITION && isMigration(to);
    expect(breaking(reaches)).toEqual([]);
  });

  it('go from a migration to its own files, and to shared/migration and shared/items', () => {
    const isAllowed = (to: string): boolean =>
      isMigration(to) || layerOf(to) === 'migration' || layerOf(to) === 'items';
    expect(breaking((from, to) => isMigration(from) && !isAllowed(to))).toEqual([]);
  });

  it('never leave functions', () => {
    expect(breaking((from, to) => isFunctions(from) && !isFunctions(to))).toEqual([]);
  });

  it('never go from workflow into the tests', () => {
    expect(breaking((_from, to) => to.startsWith('test/'))).toEqual([]);
  });

  it('reach a migration from workflow and from the engine through #migration alone', () => {
    const byPath = [...graph.keys()].filter(
      (file) => !isMigration(file) && /from '[^'#\n]*\/migrations\/[^'\n]*'/.test(readFileSync(file, 'utf8')),
    );
    expect(byPath.toSorted()).toEqual([]);
  });
});
