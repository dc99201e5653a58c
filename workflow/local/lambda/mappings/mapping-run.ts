import { setTimeout as sleep } from 'node:timers/promises';
import type { MappingCalls } from './mapping-calls.ts';
import type { MappingSettings } from './mapping-settings.ts';

/** What readers and lanes of a mapping share while it runs. */
export interface MappingRun {
  readonly streamArn: string;
  readonly functionArn: string;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly settings: MappingSettings;
  readonly calls: MappingCalls;
  /** Whether nothing may be read or delivered just now. */
  readonly isPaused: boolean;
  /** Aborted at the mapping's end. */
  readonly signal: AbortSignal;
  /** Rung whenever something changes that somebody may be waiting for. */
  readonly bell: Bell;
  /** Takes the place of the pauses before a new try. */
  readonly pauseMillis: number | undefined;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Takes each batch as it is handed to the function. */
  readonly onBatch: (shardId: string, event: string) => void;
  /** Takes what the last call came to, in Lambda's words. */
  readonly onResult: (result: string) => void;
}

/** Lets loops wait for a change. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring. */
  heard(): Promise<void>;
}

export function createBell(): Bell {
  let next = Promise.withResolvers<void>();
  return {
    ring() {
      const { resolve } = next;
      next = Promise.withResolvers<void>();
      resolve();
    },
    heard: () => next.promise,
  };
}

/** Waits until a condition holds; it is looked at whenever the bell rings. */
export async function until(bell: Bell, holds: () => boolean): Promise<void> {
  while (!holds()) await bell.heard();
}

/** Waits, or until the signal. */
export async function pause(millis: number, signal: AbortSignal): Promise<void> {
  await sleep(millis, undefined, { signal, ref: false }).catch(() => undefined);
}

const FIRST_PAUSE_MILLIS = 200;
const LONGEST_PAUSE_MILLIS = 10_000;

/** The pause before a new try, longer each time. @param failures so far, from 1 */
export function backOffMillis({ pauseMillis }: Pick<MappingRun, 'pauseMillis'>, failures: number): number {
  return pauseMillis ?? Math.min(LONGEST_PAUSE_MILLIS, FIRST_PAUSE_MILLIS * 2 ** (failures - 1));
}
