import type { MigrateInput } from '../../../functions/shared/runs/migrate-input.ts';
import type { BeginRunInput, Plan } from '../../../functions/shared/state.ts';

/** What a report with every list of samples full stays below; one without any has a quarter of it. */
const REPORT_BYTES = 16 * 1_024;

/** An execution whose name, and so its ARN, is as long as can be. */
const EXECUTION = {
  id: 'x'.repeat(240),
  name: 'x'.repeat(80),
  startTime: '2026-01-01T00:00:00.000Z',
};

/** Bytes of the largest payload of a run: what BeginRun is given, which holds the plan, or the report at the end. */
export function largestPayload(plan: Plan, input: MigrateInput): number {
  const begin: BeginRunInput = { machine: 'migrate', input, execution: EXECUTION, tested: { plan } };
  return Math.max(Buffer.byteLength(JSON.stringify(begin)), REPORT_BYTES);
}
