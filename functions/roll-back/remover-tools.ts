import type { Run } from '../shared/ledger/run.ts';
import type { ConditionalPutScope } from '../shared/copy/load/conditional-put.ts';
import { capsOf } from '../shared/ledger/control.ts';
import type { WriteMeter } from '../shared/copy/load/write-scope.ts';
import { warnRun } from '../shared/ledger/run-update.ts';
import { createRate } from '../shared/copy/rate.ts';
import { readPace } from '../shared/copy/read-pace.ts';
import { lookScope, type ScanMeter, type ScanScope } from '../shared/copy/scan.ts';
import { unseenDeletionWarner } from '../shared/copy/unseen-deletion.ts';
import { retry } from '../shared/retry.ts';
import type { Runtime } from '../shared/runtime.ts';
import { isAsMigrated, isOfRun } from '../shared/migration/as-written.ts';
import { type UpdateIf, updateIf } from '../shared/aws/update-if.ts';
import type { WireItem } from '../shared/items/wire-item.ts';
import { filledTable } from '../shared/tables/run-tables.ts';
import { shorten } from '../shared/text.ts';
import { type AsBefore, createAsBefore } from './as-before.ts';
import { type LeftReason, type Taken, Tally } from './left-items.ts';

export interface TakerScope {
  readonly run: Run;
  readonly tableName: string;
  /** Of the table that has this name now. */
  readonly tableId?: string | undefined;
  /** Whether somebody has put the table in the place of the one that the run has worked with. */
  readonly isReplaced?: boolean;
  /** Why items with the run's mark stay, where nothing shows that the run has written them. Absent: it has. */
  readonly keepsMarked?: Extract<LeftReason, 'foreign' | 'unproven'> | undefined;
  /** Epoch milliseconds after which no request begins. */
  readonly deadline: number;
  /** Awaited before every request that changes something. Its error ends the call. */
  readonly check: () => Promise<void>;
}

/** What DynamoDB has charged a roll back of items for. */
export type RemovalMeter = ScanMeter & WriteMeter;

/** What both passes of a roll back of items share. Writes keep to the rate, and are checked before each attempt. */
export interface TakerTools extends TakerScope, ConditionalPutScope {
  readonly runtime: Runtime;
  readonly updateIf: UpdateIf;
  /** The table's number among the filled ones. */
  readonly number: number;
  readonly tally: Tally;
  readonly meter: RemovalMeter;
  /** Returns the tally, with what DynamoDB has charged for it, and begins another one. */
  readonly takeTally: () => Taken & { readonly charged: Readonly<RemovalMeter> };
  /** Says that nobody has seen what was deleted. */
  readonly warnUnseen: () => Promise<void>;
  readonly asBefore: AsBefore;
  /** Reads the whole table, which others use meanwhile, inside the run's cap. */
  readonly scan: ScanScope;
  /** Says once why DynamoDB does not take an item back. */
  readonly warnRefused: (error: Error) => Promise<void>;
  /** Whether the run wrote the item last, and nobody has changed it since. */
  readonly isUntouched: (item: WireItem) => boolean;
}

export const WRITES_IN_FLIGHT = 32;

export function takerTools(runtime: Runtime, scope: TakerScope): TakerTools {
  const { clock, items, clients } = runtime;
  const { run, tableName, deadline, check } = scope;
  const { readUnitsPerSecond, writeUnitsPerSecond } = capsOf(run);
  const { spec, number } = filledTable(runtime, run, tableName);
  const meter = { readUnits: 0, writeUnits: 0, throttles: 0 };
  const tools: TakerTools & { tally: Tally } = {
    ...scope,
    runtime,
    number,
    key: spec.tableKey,
    items,
    updateIf: updateIf(clients.dynamo),
    rate: createRate({ unitsPerSecond: writeUnitsPerSecond, clock, deadline }),
    fence: { check },
    meter,
    retry: (attempt, onRetry) => retry({ clock, deadline, onRetry }, attempt),
    onRead: (readUnits) => {
      meter.readUnits += readUnits;
    },
    tally: new Tally(),
    takeTally: () => {
      const taken = { ...tools.tally.taken(), charged: { ...meter } };
      tools.tally = new Tally();
      Object.assign(meter, { readUnits: 0, writeUnits: 0, throttles: 0 });
      return taken;
    },
    warnUnseen: unseenDeletionWarner(runtime.ledger, run, tableName),
    scan: {
      ...lookScope(runtime, deadline),
      pace: readPace({ unitsPerSecond: () => readUnitsPerSecond, clock, deadline }),
      meter,
    },
    asBefore: createAsBefore(runtime, { ...scope, key: spec.tableKey }),
    warnRefused: refusalWarner(runtime.ledger, run, tableName),
    isUntouched: (item) => isOfRun(item, run.runId) && isAsMigrated(item),
  };
  return tools;
}

function refusalWarner(
  ledger: Runtime['ledger'],
  run: Run,
  tableName: string,
): (error: Error) => Promise<void> {
  let warned: Promise<void> | undefined;
  return ({ name, message }) =>
    (warned ??= warnRun(ledger, run, [
      `DynamoDB refused items that the roll back was to put back into table ${tableName}: ${name}: ${shorten(message, 500)}`,
    ]));
}
