import { isTransient } from '../../retry.ts';
import type { ScanPosition, SegmentScan, TakePage } from '../scan.ts';
import type { ShardTurn } from '../shard-turn.ts';
import type { Tally } from './tally.ts';
import { CHECKPOINT_MILLIS, type Verification } from './verify-shard.ts';

/** Where a segment's Scans continue, by name. */
export type ScansCursor<Name extends string> = Readonly<Record<Name, ScanPosition>>;

/** A Scan whose pages are verified. */
export interface VerifiedScan {
  readonly scan: SegmentScan;
  readonly take: TakePage;
  /** Called once the Scan is at its end. */
  readonly finish?: () => void | Promise<void>;
  /** Begun only when this one is done; absent: read side by side with the others. */
  readonly after?: SegmentScan;
}

/** One segment's Scans, one for each table that is read. */
export interface ScanVerification<Name extends string> {
  readonly scans: Readonly<Record<Name, VerifiedScan>>;
  readonly tally: Tally<'items'>;
}

/** Opens the verification of a segment by reading it whole. */
export function openScans<Name extends string>(
  verification: ScanVerification<Name>,
  turn: ShardTurn<ScansCursor<Name>>,
): Verification {
  const scans = Object.values<VerifiedScan>(verification.scans);
  return {
    next: () => readSome(verification, turn),
    close: async () => {
      for (const { scan } of scans) await scan.settle();
    },
  };
}

/** Some seconds of every Scan, one page of each at least. */
async function readSome<Name extends string>(
  { scans, tally }: ScanVerification<Name>,
  turn: ShardTurn<ScansCursor<Name>>,
): Promise<boolean> {
  const all = Object.values<VerifiedScan>(scans);
  const isAtEnd = (): boolean => all.every(({ scan }) => scan.position.isDone);
  const until = turn.clock.now() + CHECKPOINT_MILLIS;
  const before = tally.counters.items;
  let failure: PromiseRejectedResult | undefined;
  do failure = await readPages(all, tally);
  while (failure === undefined && !isAtEnd() && turn.clock.now() < until && !turn.isShort());
  const done = failure === undefined && isAtEnd();
  const hasMoved = tally.counters.items > before;
  // A page without items is progress, too: another Scan may have to wait for it.
  if (failure === undefined || hasMoved)
    await turn.save({ ...tally.saved(), done, cursor: done ? undefined : positionsOf(scans) });
  if (failure !== undefined && !(hasMoved && isTransient(failure.reason))) throw failure.reason;
  return true;
}

/** One page of every Scan that is under way; the first failure, once all have settled. */
async function readPages(
  scans: readonly VerifiedScan[],
  tally: Tally<'items'>,
): Promise<PromiseRejectedResult | undefined> {
  const ready = scans.filter(({ scan, after }) => !scan.position.isDone && after?.position.isDone !== false);
  const pages = await Promise.allSettled(ready.map((one) => readPage(one, tally)));
  return pages.find((page) => page.status === 'rejected');
}

async function readPage({ scan, take, finish }: VerifiedScan, { counters }: Tally<'items'>): Promise<void> {
  const { items } = await scan.readPage(take);
  counters.items += items.length;
  if (scan.position.isDone) await finish?.();
}

function positionsOf<Name extends string>(scans: Readonly<Record<Name, VerifiedScan>>): ScansCursor<Name> {
  const positions = Object.entries<VerifiedScan>(scans).map(([name, { scan }]) => [name, scan.position]);
  return Object.fromEntries(positions) as ScansCursor<Name>;
}
