import type { Run } from '../ledger/run.ts';

/** What the transform depends on besides the book; the same for every book of a run. */
export interface TransformContext {
  readonly runId: string;
  /** ISO 8601; stands in for a time that the source lacks. */
  readonly runStartedAt: string;
}

/** What a run's context is made from; its settings say nothing about books. */
export type ContextSource = Pick<Run, 'runId' | 'startedAt'> & { readonly settings: object };

/** The context of a run's transform: the rehearsal and the migration must use the same, or their digests differ. */
export function transformContext({ runId, startedAt }: ContextSource): TransformContext {
  return { runId, runStartedAt: startedAt };
}
