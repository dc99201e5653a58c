import { randomUUID } from 'node:crypto';
import { arnOf } from '../../account.ts';
import type { MappingCalls } from './mapping-calls.ts';
import type { Bell, MappingRun } from './mapping-run.ts';
import type { MappingSettings } from './mapping-settings.ts';
import { startPoller, type StreamPoller } from './poll-stream.ts';

/** What Lambda says of a mapping's progress. */
export type MappingState =
  | 'Creating'
  | 'Enabling'
  | 'Enabled'
  | 'Disabling'
  | 'Disabled'
  | 'Updating'
  | 'Deleting';

/** What a mapping connects. */
export interface MappingTarget {
  readonly functionArn: string;
  /** With the role of this function. */
  readonly calls: MappingCalls;
}

/** What all mappings share. */
export interface MappingSurroundings {
  /** How long a mapping stays Creating, Updating or Deleting. */
  readonly transitionMillis: number;
  readonly pauseMillis: number | undefined;
  readonly now: () => number;
  /** Whether no mapping may read or deliver just now. */
  readonly isHeld: () => boolean;
  readonly bell: Bell;
  readonly onBatch: (mapping: Mapping, shardId: string, event: string) => void;
}

/** What a new mapping is made of. */
export interface MappingParts extends MappingTarget {
  readonly streamArn: string;
  readonly startingPosition: 'TRIM_HORIZON' | 'LATEST';
  readonly settings: MappingSettings;
  readonly isEnabled: boolean;
  readonly surroundings: MappingSurroundings;
  /** Called when a deleted mapping is gone. */
  readonly onGone: (mapping: Mapping) => void;
}

/** A change of a mapping; what is absent stays. */
export interface MappingChange {
  readonly target: MappingTarget | undefined;
  readonly settings: MappingSettings;
  readonly isEnabled: boolean | undefined;
}

/** An event source mapping, from its creation until it is gone. */
export interface Mapping {
  readonly uuid: string;
  readonly streamArn: string;
  readonly functionArn: string;
  readonly settings: MappingSettings;
  readonly state: MappingState;
  /** As Lambda's API gives it; dates are epoch seconds. */
  describe(): object;
  update(change: MappingChange): void;
  /** Goes on delivering until it is gone, as on AWS. */
  delete(): void;
  /** Ends it at once, but for the call under way. */
  stop(): void;
}

/** Begins to read once it is Enabled. */
export function createMapping(parts: MappingParts): Mapping {
  const uuid = randomUUID();
  const { streamArn, startingPosition, surroundings } = parts;
  const ending = new AbortController();
  let { functionArn, calls, settings, isEnabled } = parts;
  let state: MappingState = 'Creating';
  /** Changes when it has become Enabled or Disabled, not before. */
  let isReading = false;
  let result = 'No records processed';
  let modifiedAt = Date.now();
  let poller: StreamPoller | undefined;
  let timer: NodeJS.Timeout | undefined;

  const become = (next: MappingState): void => {
    [state, modifiedAt] = [next, Date.now()];
    surroundings.bell.ring();
  };
  /** A state that passes. */
  const pass = (through: MappingState, then: () => void): void => {
    become(through);
    timer = setTimeout(then, surroundings.transitionMillis).unref();
  };
  const arrive = (): void => {
    isReading = isEnabled;
    become(isEnabled ? 'Enabled' : 'Disabled');
    if (isEnabled) poller ??= startPoller(run);
  };
  const stop = (): void => {
    clearTimeout(timer);
    ending.abort();
    surroundings.bell.ring();
  };
  const run: MappingRun = {
    streamArn,
    startingPosition,
    get functionArn() {
      return functionArn;
    },
    get settings() {
      return settings;
    },
    get calls() {
      return calls;
    },
    get isPaused() {
      return !isReading || surroundings.isHeld();
    },
    signal: ending.signal,
    bell: surroundings.bell,
    pauseMillis: surroundings.pauseMillis,
    now: surroundings.now,
    onBatch: (shardId, event) => surroundings.onBatch(mapping, shardId, event),
    onResult: (text) => void (result = text),
  };
  const mapping: Mapping = {
    uuid,
    streamArn,
    get functionArn() {
      return functionArn;
    },
    get settings() {
      return settings;
    },
    get state() {
      return state;
    },
    describe: () => ({
      UUID: uuid,
      EventSourceArn: streamArn,
      EventSourceMappingArn: arnOf('lambda', `event-source-mapping:${uuid}`),
      FunctionArn: functionArn,
      StartingPosition: startingPosition,
      ...settings,
      LastModified: modifiedAt / 1000,
      LastProcessingResult: result,
      State: state,
      StateTransitionReason: 'User action',
    }),
    update(change) {
      const lanes = settings.ParallelizationFactor;
      ({ settings } = change);
      if (change.target !== undefined) ({ functionArn, calls } = change.target);
      if (settings.ParallelizationFactor !== lanes) void poller?.relane();
      const toggles = change.isEnabled !== undefined && change.isEnabled !== isEnabled;
      isEnabled = change.isEnabled ?? isEnabled;
      const toggling = isEnabled ? 'Enabling' : 'Disabling';
      pass(toggles ? toggling : 'Updating', arrive);
    },
    delete() {
      pass('Deleting', () => {
        stop();
        parts.onGone(mapping);
      });
    },
    stop,
  };
  pass('Creating', arrive);
  return mapping;
}
