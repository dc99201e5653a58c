/** The capacity of an on-demand table, and how it grows with what the table has served. */
export interface OnDemandCapacity {
  /** Units a second at this time. */
  perSecond(now: number): number;
  /** The time in milliseconds at which it can next have grown, or `Infinity`. */
  nextChange(now: number): number;
  /** Records the units a second that the table has served since the last call. */
  served(perSecond: number, now: number): void;
  /** Partitions that the capacity is spread over. */
  partitions(now: number): number;
}

/** The limits of a table's capacity. */
export interface CapacityLimits {
  /** Units a second at once: 4,000 write or 12,000 read of a new table, more of a warm one. */
  readonly first: number;
  /** Units a second that the account's quota for one table allows. */
  readonly quota: number;
  /** Units a second of one partition: 1,000 write, 3,000 read. */
  readonly partition: number;
  /** How old a peak must be. The default is {@link doublingMillis}. */
  readonly doublingMillis?: number;
}

/** @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
export const doublingMillis = 30 * 60 * 1_000;
export const writePartitionUnits = 1_000;
export const readPartitionUnits = 3_000;
/** A new on-demand table. */
export const newTableWriteUnits = 4_000;
export const newTableReadUnits = 12_000;
/** The quota of one table, for reads and for writes, unless a higher one was requested. */
export const tableQuotaUnits = 40_000;

/** Twice the last peak, once that is half an hour old. Never more than the quota. */
export function onDemandCapacity(limits: CapacityLimits): OnDemandCapacity {
  let limit = Math.min(limits.first, limits.quota);
  let peak = 0;
  let growsAt = Number.POSITIVE_INFINITY;
  const grow = (now: number): void => {
    if (now < growsAt) return;
    limit = Math.min(limits.quota, Math.max(limit, 2 * peak));
    peak = 0;
    growsAt = Number.POSITIVE_INFINITY;
  };
  return {
    perSecond(now) {
      grow(now);
      return limit;
    },
    nextChange(now) {
      grow(now);
      return growsAt;
    },
    served(perSecond, now) {
      if (2 * perSecond > limit && limit < limits.quota)
        growsAt = Math.min(growsAt, now + (limits.doublingMillis ?? doublingMillis));
      peak = Math.max(peak, perSecond);
    },
    partitions(now) {
      grow(now);
      return Math.ceil(limit / limits.partition);
    },
  };
}
