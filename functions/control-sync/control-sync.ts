import type { SyncRuntime } from './sync-runtime.ts';
import { beginSync } from './begin-sync.ts';
import { cancelSync } from './cancel-sync.ts';
import { deleteOwnMapping } from './delete-mapping.ts';
import { drain } from './drain.ts';
import { failSync } from './fail-sync.ts';
import { checkCutOver, finishSync } from './finish-sync.ts';
import type { ControlSyncPayload } from './payloads.ts';
import { startMapping } from './start-mapping.ts';
import { beginSwitching, switchSync } from './switch.ts';

/** One step of the machine `sync`. */
export function controlSync(runtime: SyncRuntime, payload: ControlSyncPayload): Promise<unknown> {
  switch (payload.action) {
    case 'begin':
      return beginSync(runtime, payload);
    case 'startMapping':
      return startMapping(runtime, payload.run);
    case 'drain':
      return drain(runtime, payload);
    case 'switching':
      return beginSwitching(runtime, payload.run);
    case 'switch':
      return switchSync(runtime, payload.run);
    case 'deleteMapping':
      return deleteOwnMapping(runtime, payload.run);
    case 'cancel':
      return cancelSync(runtime, payload.run);
    case 'check':
      return checkCutOver(runtime, payload);
    case 'finish':
      return finishSync(runtime, payload.run);
    case 'fail':
      return failSync(runtime, payload);
  }
}
