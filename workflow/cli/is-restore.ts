import type { Report } from '../../functions/shared/runs/report.ts';

const restoreExecution = /:execution:[^:]+-restore:/;

/**
 * Whether the run put a backup back. One that failed has no counts, but knows where they were to go; of one that was
 * refused there is only its execution.
 */
export function isRestore({ restored, details, executionArn = '' }: Report): boolean {
  return (
    restored !== undefined ||
    typeof details?.['targetTable'] === 'string' ||
    restoreExecution.test(executionArn)
  );
}
