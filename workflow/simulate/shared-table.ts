import type { OnDemandCapacity } from './on-demand-capacity.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** A table that many workers read or write side by side, as a flow of units rather than request by request. */
export interface SharedTable {
  /** Returns how many units were done when all are, or when time is up. */
  transfer(flow: FlowRequest): Promise<number>;
  /** Units done so far. */
  readonly units: number;
  /** Highest units a second so far. */
  readonly peakPerSecond: number;
}

export interface FlowRequest {
  readonly units: number;
  /** What the worker can do, or may by its share of a cap. */
  readonly perSecond: number;
  /** Milliseconds; no flow goes on behind it. */
  readonly until: number;
}

interface Flow extends FlowRequest {
  remaining: number;
  rate: number;
  readonly finish: (done: number) => void;
}

/**
 * Of what a table gives, workers that back off and recover use this part on average; `test/unit/rate`
 * measures it request by request.
 */
export const backOffEfficiency = 0.9;
const leastUnits = 1e-6;

/** Every flow gets the same, but none more than it asks for. */
function shareOut(flows: ReadonlySet<Flow>, perSecond: number): void {
  const wanted = [...flows].toSorted((one, other) => one.perSecond - other.perSecond);
  const asked = wanted.reduce((sum, flow) => sum + flow.perSecond, 0);
  let left = asked > perSecond ? perSecond * backOffEfficiency : perSecond;
  for (const [index, flow] of wanted.entries()) {
    flow.rate = Math.min(flow.perSecond, left / (wanted.length - index));
    left -= flow.rate;
  }
}

/** A table of this capacity. */
export function sharedTable(clock: VirtualClock, capacity: OnDemandCapacity): SharedTable {
  const flows = new Set<Flow>();
  let updatedAt = clock.now();
  let round = 0;
  let wakesAt = Number.POSITIVE_INFINITY;
  let units = 0;
  let peakPerSecond = 0;

  const advance = (): void => {
    const now = clock.now();
    for (const flow of flows) {
      const moved = Math.min(flow.remaining, (flow.rate * (now - updatedAt)) / 1_000);
      flow.remaining -= moved;
      units += moved;
    }
    updatedAt = now;
    for (const flow of flows) {
      if (flow.remaining > leastUnits && now < flow.until) continue;
      flows.delete(flow);
      flow.finish(flow.units - flow.remaining);
    }
  };
  const plan = (): void => {
    const now = clock.now();
    shareOut(flows, capacity.perSecond(now));
    const total = [...flows].reduce((sum, { rate }) => sum + rate, 0);
    peakPerSecond = Math.max(peakPerSecond, total);
    if (total > 0) capacity.served(total, now);
    const ends = [...flows].map(({ remaining, rate, until }) =>
      Math.min(until, now + (remaining / rate) * 1_000),
    );
    const next = Math.min(capacity.nextChange(now), ...ends);
    if (flows.size > 0) wakeAt(next);
  };
  const wakeAt = (at: number): void => {
    if (at >= wakesAt && wakesAt > clock.now()) return;
    wakesAt = at;
    round += 1;
    const mine = round;
    // A thousandth of a millisecond more, so that rounding never leaves a rest behind.
    void clock.sleep(at - clock.now() + 0.001).then(() => {
      if (mine !== round) return;
      wakesAt = Number.POSITIVE_INFINITY;
      step();
    });
  };
  const step = (): void => {
    advance();
    plan();
  };

  return {
    transfer: (request) =>
      new Promise((resolve) => {
        advance();
        flows.add({ ...request, remaining: request.units, rate: 0, finish: resolve });
        plan();
      }),
    get units() {
      return units;
    },
    get peakPerSecond() {
      return peakPerSecond;
    },
  };
}
