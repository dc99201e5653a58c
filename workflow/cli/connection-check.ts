import { printable } from '../../functions/shared/printable.ts';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { planSchema } from '../../functions/shared/state.ts';
import type { OperatorContext } from './context.ts';
import { splitMessage } from '../../functions/shared/message.ts';
import { startRefusal } from './start-refusal.ts';
import { functionName } from '../../functions/shared/names.ts';
import { OperatorError } from './operator-error.ts';
import type { Terminal } from './terminal.ts';

const connectionReportSchema = z.object({
  ok: z.boolean(),
  checks: z.array(
    z.object({ name: z.string(), outcome: z.enum(['done', 'warning', 'stop']), sentence: z.string() }),
  ),
  plan: planSchema.optional(),
  bulkObstacles: z.array(z.string()).optional(),
  deployed: z.object({ sourceTable: z.string(), tablePrefix: z.string() }),
});

/** What testConnection and the ledger say: the list of checks, and how the run would be cut. */
export interface ConnectionReport extends z.infer<typeof connectionReportSchema> {
  /** What to do about a run, a sync or a switch in the way. */
  readonly nextStep?: string;
}

const failureSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/**
 * Asks the deployed testConnection for its list, and the ledger whether a run may begin. Reads only.
 *
 * @throws OperatorError with the function's own sentence when it fails, for bad input say.
 */
export async function checkConnection(
  context: OperatorContext,
  input: Readonly<Record<string, unknown>>,
): Promise<ConnectionReport> {
  const { FunctionError, Payload } = await context.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(context, 'testConnection'),
      Payload: JSON.stringify({ input: { ...input, dryRun: true }, check: true }),
    }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
  if (FunctionError === undefined) {
    const { data: report } = connectionReportSchema.safeParse(answer);
    if (report === undefined)
      throw new OperatorError(
        `Stage ${context.stage} has another version of this service, whose checks this command cannot read. Deploy this version first.`,
      );
    return withStart(context, report, input);
  }
  const { errorType, errorMessage } = failureSchema.parse(answer);
  throw new OperatorError(`${errorType}: ${errorMessage}`);
}

/** Adds the ledger's part, which the function may not read. */
async function withStart(
  context: OperatorContext,
  report: Omit<ConnectionReport, 'nextStep'>,
  input: Readonly<Record<string, unknown>>,
): Promise<ConnectionReport> {
  const refusal = await startRefusal(context, report.deployed, input);
  if (refusal === undefined) return report;
  const { said, nextStep } = splitMessage(refusal.message);
  const check = { name: 'start', outcome: 'stop', sentence: said } as const;
  const checks = [...report.checks, check];
  return { ...report, ok: false, checks, ...(nextStep !== undefined && { nextStep }) };
}

const TONES = { done: 'good', warning: 'notice', stop: 'bad' } as const;

/** The list of checks, a line each. */
export function sayChecks({ checks }: Pick<ConnectionReport, 'checks'>, { say, signs }: Terminal): void {
  for (const { outcome, sentence } of checks) say(`  ${signs[TONES[outcome]]} ${printable(sentence)}`);
}
