import type { HistoryEvent, HistoryEventType } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { stateVisits } from '../../../workflow/cli/state-visits.ts';

const topLevel = new Set(['TestConnection', 'BackupProducts', 'RollBack', 'RolledBackYet', 'RolledBack']);

const at = (second: number): Date => new Date(second * 1000);

const entered = (second: number, type: HistoryEventType, name: string): HistoryEvent => ({
  id: 1,
  timestamp: at(second),
  type,
  stateEnteredEventDetails: { name },
});

const exited = (second: number, type: HistoryEventType, name: string): HistoryEvent => ({
  id: 1,
  timestamp: at(second),
  type,
  stateExitedEventDetails: { name },
});

const other = (second: number, type: HistoryEventType): HistoryEvent => ({
  id: 1,
  timestamp: at(second),
  type,
});

describe('stateVisits', () => {
  it('follows the top level and leaves out what is inside a Map', () => {
    const events = [
      other(0, 'ExecutionStarted'),
      entered(0, 'TaskStateEntered', 'TestConnection'),
      exited(1, 'TaskStateExited', 'TestConnection'),
      entered(1, 'MapStateEntered', 'BackupProducts'),
      entered(1, 'TaskStateEntered', 'BackupSegment'),
      exited(3, 'TaskStateExited', 'BackupSegment'),
    ];
    expect(stateVisits(events, topLevel, 5_000)).toEqual([
      { state: 'TestConnection', type: 'Task', enteredAt: 0, leftAt: 1_000, outcome: 'done' },
      { state: 'BackupProducts', type: 'Map', enteredAt: 1_000, leftAt: 5_000, outcome: 'open' },
    ]);
  });

  it('marks the state whose failure was caught, and the end', () => {
    const events = [
      entered(0, 'MapStateEntered', 'BackupProducts'),
      exited(2, 'MapStateExited', 'BackupProducts'),
      entered(2, 'TaskStateEntered', 'RollBack'),
      exited(3, 'TaskStateExited', 'RollBack'),
      entered(3, 'ChoiceStateEntered', 'RolledBackYet'),
      exited(3, 'ChoiceStateExited', 'RolledBackYet'),
      entered(3, 'TaskStateEntered', 'RollBack'),
      exited(4, 'TaskStateExited', 'RollBack'),
      entered(4, 'FailStateEntered', 'RolledBack'),
      other(4, 'ExecutionFailed'),
    ];
    const visits = stateVisits(events, topLevel, 9_000);
    expect(visits.map(({ state, outcome }) => [state, outcome])).toEqual([
      ['BackupProducts', 'failed'],
      ['RollBack', 'done'],
      ['RolledBackYet', 'done'],
      ['RollBack', 'done'],
      ['RolledBack', 'failed'],
    ]);
    expect(visits.at(-1)?.leftAt).toBe(4_000);
  });

  it('ends a state that was cut off where the execution ended', () => {
    const events = [entered(0, 'MapStateEntered', 'BackupProducts'), other(7, 'ExecutionAborted')];
    expect(stateVisits(events, topLevel, 60_000)).toMatchObject([{ leftAt: 7_000, outcome: 'done' }]);
  });
});
