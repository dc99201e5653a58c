import type { Runtime, Turn } from '../shared/runtime.ts';
import { beginRestore } from './begin-restore.ts';
import { completeRestore } from './complete-restore.ts';
import { createRestoredTable } from './create-restored-table.ts';
import type { RestorePayload } from './payloads.ts';
import { prepareRestore } from './plan-restore.ts';
import { proveShard } from './prove-shard.ts';
import { parseRestoreInput } from './restore-input.ts';
import { restoreShard } from './restore-shard.ts';
import { verifyRestored } from './verify-restored.ts';

/** One step of the `restore` machine. */
export function restoreFromBackup(runtime: Runtime, payload: RestorePayload, turn: Turn): Promise<unknown> {
  switch (payload.action) {
    case 'prepare':
      return prepareRestore(runtime, parseRestoreInput(payload.input), payload.execution.startTime);
    case 'begin':
      return beginRestore(runtime, payload.state);
    case 'prove':
      return proveShard(runtime, payload.worker, turn);
    case 'create':
      return createRestoredTable(runtime, payload.run);
    case 'restore':
      return restoreShard(runtime, payload.worker, turn);
    case 'verify':
      return verifyRestored(runtime, payload.worker, turn);
    case 'complete':
      return completeRestore(runtime, payload.run);
  }
}
