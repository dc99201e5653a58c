import { printable } from '../../functions/shared/printable.ts';
import { InvokeCommand } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { planSchema } from '../../functions/shared/state.ts';
import type { OperatorContext } from './context.ts';
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
});

/** What testConnection found: its list of checks, and how it would cut the run. */
export type ConnectionReport = z.infer<typeof connectionReportSchema>;

const failureSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/**
 * Asks the deployed testConnection for its list. Reads only.
 *
 * @throws OperatorError with the function's own sentence when it fails, for bad input say.
 */
export async function checkConnection(context: OperatorContext, input: unknown): Promise<ConnectionReport> {
  const { FunctionError, Payload } = await context.lambda.send(
    new InvokeCommand({
      FunctionName: functionName(context, 'testConnection'),
      Payload: JSON.stringify({ input, check: true }),
    }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString('utf8'));
  if (FunctionError === undefined) return connectionReportSchema.parse(answer);
  const { errorType, errorMessage } = failureSchema.parse(answer);
  throw new OperatorError(`${errorType}: ${errorMessage}`);
}

const TONES = { done: 'good', warning: 'notice', stop: 'bad' } as const;

/** The list of checks, a line each. */
export function sayChecks({ checks }: ConnectionReport, { say, signs }: Terminal): void {
  for (const { outcome, sentence } of checks) say(`  ${signs[TONES[outcome]]} ${printable(sentence)}`);
}
