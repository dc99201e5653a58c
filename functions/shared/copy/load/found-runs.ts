import { MAX_FOUND_RUNS } from '../../ledger/shard.ts';
import { runIdSchema } from '../../state.ts';
import { stringAttribute, type WireItem } from '../../items/wire-item.ts';

/** Collects the runs whose items stood where one was to be written. */
export interface FoundRuns {
  see(existing: WireItem): void;
  /** For a checkpoint; {@link MAX_FOUND_RUNS} ids at most. */
  ids(): readonly string[];
}

/** Goes on from a checkpoint's ids. What cannot be the id of a run is left out, and so is `own`. */
export function createFoundRuns(own: string, saved: readonly string[] = []): FoundRuns {
  const found = new Set(saved);
  return {
    see(existing) {
      const id = stringAttribute(existing, 'migrationRun');
      if (id === undefined || id === own || found.has(id) || found.size >= MAX_FOUND_RUNS) return;
      if (runIdSchema.safeParse(id).success) found.add(id);
    },
    ids: () => [...found],
  };
}
