import type { LoggedRequest } from '../../workflow/local/gateway/request-log.ts';
import type { FaultShop } from './fault-shop.ts';

const prefix = 'products-migration-local-';

/** The functions of a run, in the order of their first request. */
export const stages = [
  'testConnection',
  'beginRun',
  'backupProducts',
  'transformProducts',
  'sealBackup',
  'createCartTable',
  'createOrdersTable',
  'createReturnsTable',
  'createProductsEnhancedTable',
  'migrateProductsEnhanced',
  'verifyMigration',
  'completeRun',
] as const;

export type StageKey = (typeof stages)[number];

/** A function's full name. */
export const functionName = (stage: string): string => prefix + stage;

/** How many requests each function sent, by its key. */
export function requestCounts(entries: readonly LoggedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { functionName: name } of entries)
    if (name !== undefined)
      counts.set(name.slice(prefix.length), (counts.get(name.slice(prefix.length)) ?? 0) + 1);
  return counts;
}

/** Acts when the `nth` request of a function arrives, and lets the request continue. */
export function whenRequested(
  { aws }: FaultShop,
  { stage, nth }: { readonly stage: string; readonly nth: number },
  act: () => void,
): void {
  let count = 0;
  const where = (): boolean => {
    count += 1;
    if (count === nth) act();
    return false;
  };
  aws.faults.add({ functionName: functionName(stage), where, kind: 'reset' });
}
