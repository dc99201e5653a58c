import type { WireItem } from '../../shared/items/wire-item.ts';
import * as asWritten from '../../shared/migration/as-written.ts';
import { migration } from '#migration/index.ts';

export { haveSameDigest, isAsMigrated, isOfRun } from '../../shared/migration/as-written.ts';

export function isSameContent(existing: WireItem, fresh: WireItem, startedAt: string): boolean {
  return asWritten.isSameContent(existing, fresh, { startedAt, madeAttributes: migration.madeAttributes });
}
