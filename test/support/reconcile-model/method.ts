import type { ReconcileIo } from '../../../functions/shared/copy/reconcile/reconcile-io.ts';
import type { Send } from './actor.ts';
import type { ChangeRecord, World } from './world.ts';

/** What a worker is given: a record of the stream, or a key alone. */
export type Delivery = Pick<ChangeRecord, 'key'> & Partial<ChangeRecord>;

/** How the target is kept in step. Empty: by the rule. */
export interface Method {
  /** Whether writes ignore what stands there. */
  readonly ignoresConditions?: boolean;
  /** What stands between the rule and its requests. */
  readonly distort?: (io: ReconcileIo, delivery: Delivery) => ReconcileIo;
  /** Takes the place of the rule for a record. */
  readonly apply?: (world: World, send: Send, record: Delivery) => Promise<void>;
  readonly maxTries?: number;
  /** Whether a key that is pending counts as settled. */
  readonly forgetsPending?: boolean;
  /** Whether the mapping begins at the end of the stream, once the compare has ended. */
  readonly comparesFirst?: boolean;
}

/** What happens in a schedule. */
export interface Happenings {
  /** Source items; default 2. */
  readonly keys?: number;
  readonly shopWrites: number;
  /** Of items of the target, by the shop. */
  readonly edits: number;
  /** Whether a write of a dead worker may land at any time after its death. */
  readonly landsLate?: boolean;
  /** Whether everything is compared once more when nothing is on its way any more. */
  readonly comparesAtTheEnd?: boolean;
}
