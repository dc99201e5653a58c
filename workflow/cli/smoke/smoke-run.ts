import type { OperatorContext } from '../context.ts';
import type { Pace } from './pace.ts';
import type { SmokeSettings } from './settings.ts';

/** One smoke test: where it runs, and what it has begun. */
export interface Smoke {
  readonly context: OperatorContext;
  readonly settings: SmokeSettings;
  readonly pace: Pace;
  /** ISO 8601. */
  readonly startedAt: string;
  /** ARNs of the executions that were started, so that none is left running. */
  readonly executions: string[];
}
