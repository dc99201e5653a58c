import { hash } from 'node:crypto';
import { type OnDemandCapacity, onDemandCapacity } from './on-demand-capacity.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** Simulates a table in virtual time, request by request, with token buckets for the table and for each partition. */
export interface SimulatedTable {
  /** Charges what fits after the network's time, and returns the keys that were refused. */
  write(
    items: readonly CostedKey[],
  ): Promise<{ readonly refused: readonly string[]; readonly units: number }>;
  readonly requests: number;
  /** Requests of which at least one write was refused. */
  readonly throttledRequests: number;
  /** Units that were consumed in each second since the start. */
  readonly unitsBySecond: readonly number[];
}

export interface CostedKey {
  readonly key: string;
  readonly units: number;
}

export interface SimulatedTableOptions {
  readonly clock: VirtualClock;
  /** Units a second. A number makes it a provisioned table. */
  readonly capacity: OnDemandCapacity | number;
  /** In [0, 1). */
  readonly random: () => number;
  /** Units a second of one partition. If absent, only the table's limit counts. */
  readonly partitionUnits?: number;
}

/** A bucket holds the units of this time. DynamoDB keeps those of up to 300 s, at its own discretion. */
const bucketMillis = 1_000;
const leastMillis = 8;
const spreadMillis = 12;

interface Bucket {
  tokens: number;
  filledAt: number;
}

/** A capacity that does not change. */
const provisioned = (units: number): OnDemandCapacity =>
  onDemandCapacity({ first: units, quota: units, partition: 1_000 });

/** A table that refuses writes above its capacity, item by item, as DynamoDB does. */
export function simulatedTable(options: SimulatedTableOptions): SimulatedTable {
  const { clock, random, partitionUnits = Number.POSITIVE_INFINITY } = options;
  const capacity = typeof options.capacity === 'number' ? provisioned(options.capacity) : options.capacity;
  const whole: Bucket = { tokens: capacity.perSecond(clock.now()), filledAt: clock.now() };
  const partitions = new Map<number, Bucket>();
  const unitsBySecond: number[] = [];
  let requests = 0;
  let throttledRequests = 0;

  const fill = (bucket: Bucket, perSecond: number): Bucket => {
    const now = clock.now();
    const added = (perSecond * (now - bucket.filledAt)) / 1_000;
    bucket.tokens = Math.min((perSecond * bucketMillis) / 1_000, bucket.tokens + added);
    bucket.filledAt = now;
    return bucket;
  };
  const partitionOf = (key: string): Bucket => {
    const number = Number.parseInt(hash('md5', key).slice(0, 8), 16) % capacity.partitions(clock.now());
    const bucket = partitions.get(number) ?? { tokens: partitionUnits, filledAt: clock.now() };
    partitions.set(number, bucket);
    return bucket;
  };
  const tell = (units: number): void => {
    const second = Math.floor(clock.now() / 1_000);
    const last = unitsBySecond[second - 1];
    if (unitsBySecond[second] === undefined && last !== undefined) capacity.served(last, clock.now());
    unitsBySecond[second] = (unitsBySecond[second] ?? 0) + units;
  };
  const take = ({ key, units }: CostedKey): boolean => {
    const table = fill(whole, capacity.perSecond(clock.now()));
    const partition =
      partitionUnits === Number.POSITIVE_INFINITY ? undefined : fill(partitionOf(key), partitionUnits);
    if (table.tokens < units || (partition !== undefined && partition.tokens < units)) return false;
    table.tokens -= units;
    if (partition !== undefined) partition.tokens -= units;
    tell(units);
    return true;
  };

  return {
    async write(items) {
      await clock.sleep(leastMillis + random() * spreadMillis);
      requests += 1;
      const refused = items.filter((item) => !take(item)).map(({ key }) => key);
      if (refused.length > 0) throttledRequests += 1;
      const left = new Set(refused);
      const units = items.reduce((sum, item) => (left.has(item.key) ? sum : sum + item.units), 0);
      return { refused, units };
    },
    get requests() {
      return requests;
    },
    get throttledRequests() {
      return throttledRequests;
    },
    unitsBySecond,
  };
}
