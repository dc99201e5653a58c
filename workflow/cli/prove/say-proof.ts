import { count, counted } from '../../../functions/shared/format.ts';
import { tableText } from '../plain-table.ts';
import type { Terminal } from '../terminal.ts';
import type { Outcome } from './edge.ts';
import type { Proof, ProvenEdge } from './prove-machines.ts';
import type { Shape } from './shapes.ts';

const columns = [
  { name: '' },
  { name: 'In' },
  { name: 'State' },
  { name: 'Edge' },
  { name: 'AWS' },
  { name: 'Embedded' },
];

/** A line for each edge and each shape, and what it comes to. */
export function sayProof({ edges, shapes }: Proof, terminal: Terminal): void {
  const rows = [
    ...edges.map((edge) => edgeRow(edge, terminal)),
    ...shapes.map((shape) => shapeRow(shape, terminal)),
  ];
  terminal.say(tableText(terminal, columns, rows));
  const differing = edges.filter(({ differences }) => differences.length > 0);
  for (const edge of differing) for (const line of differenceLines(edge)) terminal.say(line);
  const badShapes = shapes.filter(({ problem }) => problem !== undefined).length;
  terminal.say(
    differing.length + badShapes === 0
      ? `\nAWS and the embedded engine agree on all ${counted(edges.length, 'edge')}; ${counted(shapes.length, 'state')} without an edge to ask about have the right shape.`
      : `\nAWS and the embedded engine differ on ${count(differing.length)} of ${counted(edges.length, 'edge')}; ${count(badShapes)} of ${counted(shapes.length, 'state')} have the wrong shape. What the tests on this machine say of these states does not hold on AWS.`,
  );
}

function edgeRow({ scope, state, edge, aws, embedded, differences }: ProvenEdge, { signs }: Terminal) {
  const sign = differences.length === 0 ? signs.good : signs.bad;
  return [
    sign,
    scope,
    state,
    edge,
    wordsFor(aws),
    differences.length === 0 ? 'the same' : wordsFor(embedded),
  ];
}

function shapeRow({ scope, state, type, problem }: Shape, { signs }: Terminal) {
  const sign = problem === undefined ? signs.good : signs.bad;
  return [sign, scope, state, `shape of a ${type}`, problem ?? 'right', ''];
}

/** An outcome in a few words. */
function wordsFor({ status, next, retryIndex, error }: Outcome): string {
  if (status === 'RETRIABLE') return `retried by Retry ${(retryIndex ?? -1) + 1}`;
  if (status === 'FAILED') return `fails with ${error ?? 'no error'}`;
  return status === 'CAUGHT_ERROR' ? `caught, to ${next}` : `to ${next}`;
}

function differenceLines({ scope, state, edge, aws, embedded, differences }: ProvenEdge): readonly string[] {
  return [
    `\n${scope}/${state}, ${edge}: they differ in ${differences.join(', ')}.`,
    `  AWS      ${JSON.stringify(aws)}`,
    `  embedded ${JSON.stringify(embedded)}`,
  ];
}
