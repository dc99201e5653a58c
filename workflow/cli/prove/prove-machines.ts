import { isDeepStrictEqual } from 'node:util';
import type { Json, MachineDefinition } from '../../local/states/prepare-machine.ts';
import { askEmbedded } from './ask-embedded.ts';
import type { Edge, Outcome } from './edge.ts';
import { edgesOf, scopesOf } from './edges.ts';
import { type Shape, shapesOf } from './shapes.ts';

/** An edge with both answers, and where they differ. */
export interface ProvenEdge {
  readonly scope: string;
  readonly state: string;
  readonly edge: string;
  readonly aws: Outcome;
  readonly embedded: Outcome;
  /** Empty: they agree. */
  readonly differences: readonly string[];
}

export interface Proof {
  readonly edges: readonly ProvenEdge[];
  readonly shapes: readonly Shape[];
}

/** What there is to prove. */
export interface Task {
  readonly edges: readonly Edge[];
  readonly shapes: readonly Shape[];
}

/** How to prove it. */
export interface Prover {
  readonly askAws: (edge: Edge) => Promise<Outcome>;
  /** Keeps the requests apart. */
  readonly pause: () => Promise<void>;
  readonly onEdge?: (done: number) => void;
}

/** Everything that is to be proved of some machines, by name. @throws Error naming a Choice that no data is made up for */
export function taskOf(machines: ReadonlyMap<string, MachineDefinition>): Task {
  const scopes = [...machines].flatMap(([name, machine]) => scopesOf(name, machine));
  return { edges: edgesOf(scopes), shapes: shapesOf(scopes) };
}

/** Asks both about each edge, one after the other. @throws what `askAws` throws */
export async function proveAll({ edges, shapes }: Task, { askAws, pause, onEdge }: Prover): Promise<Proof> {
  const proven: ProvenEdge[] = [];
  for (const edge of edges) {
    const [aws, embedded] = await Promise.all([askAws(edge), askEmbedded(edge), pause()]);
    const { scope, state, name } = edge;
    proven.push({ scope, state, edge: name, aws, embedded, differences: differencesOf(edge, aws, embedded) });
    onEdge?.(proven.length);
  }
  return { edges: proven, shapes };
}

/** Times and ids are AWS's own; so is what it writes as the Cause of a failure that has none. */
function differencesOf({ mock }: Edge, aws: Outcome, embedded: Outcome): readonly string[] {
  const isCauseless = mock !== undefined && 'error' in mock && mock.cause === undefined;
  const compared = (output: Json | undefined) => (isCauseless ? withoutCauses(output) : output);
  const fields = ['status', 'next', 'retryIndex', 'error'] as const;
  const differing: string[] = fields.filter((field) => aws[field] !== embedded[field]);
  const isSameOutput = isDeepStrictEqual(compared(aws.output), compared(embedded.output));
  return isSameOutput ? differing : [...differing, 'output'];
}

function withoutCauses(value: Json | undefined): Json | undefined {
  if (Array.isArray(value)) return value;
  if (typeof value !== 'object' || value === null) return value;
  const { Cause: _cause, ...others } = value as Record<string, Json>;
  return Object.fromEntries(
    Object.entries(others).map(([name, inner]) => [name, withoutCauses(inner) ?? null]),
  );
}
