import { globSync, readFileSync } from 'node:fs';
import { dirname, normalize } from 'node:path';

/** The files that every source file imports. A type counts like a value. Paths are relative to the project. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** `from './x.ts'` of an import or export, and `import('./x.ts')`. Packages are not included. */
const LOCAL_IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|\bimport\s+)'(\.{1,2}\/[^']+|#[^']+)'/g;

/** Data files are imported and import nothing. */
const SOURCES = ['functions/**/*.{ts,cjs,json}', 'workflow/**/*.ts'];
/** A migration's own tests import the engine's test helpers, and nothing imports them. */
export const MIGRATION_TESTS = ['functions/migrations/*/test/**'];

/** Targets of package.json's `imports`, which may point to another schema's folder: `#migration/*` -> `./functions/migrations/shop/*`. */
const { imports: ALIASES = {} } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly imports?: Readonly<Record<string, string>>;
};

function resolveImport(file: string, specifier: string): string {
  for (const [alias, target] of Object.entries(ALIASES)) {
    const [start = '', end = ''] = alias.split('*');
    if (specifier.startsWith(start) && specifier.endsWith(end))
      return normalize(target.replace('*', specifier.slice(start.length)));
  }
  return normalize(`${dirname(file)}/${specifier}`);
}

function importsOf(file: string): readonly string[] {
  const matches = readFileSync(file, 'utf8').matchAll(LOCAL_IMPORT);
  return [...new Set([...matches].map(([, specifier = '']) => resolveImport(file, specifier)))];
}

/** The imports of everything below `functions` and `workflow`, without tests. */
export function readImportGraph(): ImportGraph {
  return new Map(
    globSync(SOURCES, { exclude: MIGRATION_TESTS }).map((file) => [normalize(file), importsOf(file)]),
  );
}

/** One circle of imports, from a file to itself. `undefined` if there is none. */
export function findCycle(graph: ImportGraph): readonly string[] | undefined {
  const finished = new Set<string>();
  const search = (file: string, path: readonly string[]): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (finished.has(file)) return undefined;
    for (const imported of graph.get(file) ?? []) {
      const cycle = search(imported, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    finished.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = search(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}
