import type { Json, PreparedMachine, Work } from './prepare-machine.ts';
import type { Line } from './line.ts';

type Run = (machine: PreparedMachine, input: Json, line: Line) => Promise<Json>;

/**
 * Runs the branches of a Parallel at once. The first failure stops the others; what their functions have begun goes on, as
 * on AWS.
 *
 * @throws StateError: the first branch's
 */
export async function runParallel(
  work: Work & { kind: 'parallel' },
  input: Json,
  line: Line,
  run: Run,
): Promise<Json> {
  line.events.add('ParallelStateStarted');
  const failure = new AbortController();
  const signal = AbortSignal.any([line.signal, failure.signal]);
  const { onEntered: _onEntered, onRetried: _onRetried, ...shared } = line;
  const lines = work.branches.map((): Line => ({ ...shared, signal, events: line.events.branch() }));
  const running = work.branches.map((branch, index) => run(branch, input, lines[index] ?? line));
  try {
    const outputs = await Promise.all(running);
    const last = lines.toSorted((a, b) => a.events.lastId - b.events.lastId).at(-1);
    if (last !== undefined) line.events.continueAfter(last.events);
    line.events.add('ParallelStateSucceeded');
    return outputs;
  } catch (thrown) {
    failure.abort();
    await Promise.allSettled(running);
    if (!line.signal.aborted) line.events.add('ParallelStateFailed');
    throw thrown;
  }
}
