import { describe, expect, it } from 'vitest';
import { functionsOnTheWay } from '../../../workflow/graph/functions-on-the-way.ts';
import { drawGraph, type GraphMarks } from '../../../workflow/graph/draw-graph.ts';
import { type GraphEvent, historyMarks } from '../../../workflow/graph/history-marks.ts';
import { edgeKey } from '../../../workflow/graph/machine-graph.ts';
import { layoutMachine, type PlacedScope, type PlacedState } from '../../../workflow/graph/layout-graph.ts';
import type { MachineDefinition } from '../../../workflow/local/states/prepare-machine.ts';
import { readMachine } from '../../support/draw-machine.ts';
import { drawings } from '../../support/machine-drawings.ts';

/** A worker inside a Map that may fail, a way around it, and a roll back. */
const machine: MachineDefinition = {
  StartAt: 'Which',
  States: {
    Which: { Type: 'Choice', Choices: [{ Next: 'Ended' }], Default: 'Work' },
    Work: {
      Type: 'Map',
      ItemProcessor: {
        StartAt: 'Turn',
        States: {
          Turn: { Type: 'Task', Next: 'Turned', Catch: [{ Next: 'Recorded' }] },
          Turned: { Type: 'Choice', Choices: [{ Next: 'Turn' }], Default: 'TurnEnd' },
          TurnEnd: { Type: 'Pass', End: true },
          Recorded: { Type: 'Fail' },
        },
      },
      Catch: [{ Next: 'RollBack' }],
      Next: 'Ended',
    },
    RollBack: { Type: 'Task', Next: 'RolledBack' },
    RolledBack: { Type: 'Fail' },
    Ended: { Type: 'Succeed' },
  },
};

const noMarks: GraphMarks = { statuses: new Map(), taken: new Set() };
const namesIn = ({ states }: PlacedScope): readonly string[] =>
  states.flatMap(({ name, inner }) => [name, ...inner.flatMap(namesIn)]);

function overlaps(one: PlacedState, other: PlacedState): boolean {
  const apart = (at: 'x' | 'y', size: 'width' | 'height'): boolean =>
    one[at] + one[size] <= other[at] || other[at] + other[size] <= one[at];
  return !apart('x', 'width') && !apart('y', 'height');
}

function checkBoxes({ states }: PlacedScope): void {
  for (const [index, one] of states.entries()) {
    for (const other of states.slice(index + 1))
      expect(overlaps(one, other), `${one.name}, ${other.name}`).toBe(false);
    for (const scope of one.inner) {
      for (const { x, y, width, height } of scope.states) {
        expect(x).toBeGreaterThan(one.x);
        expect(y).toBeGreaterThan(one.y);
        expect(x + width).toBeLessThan(one.x + one.width);
        expect(y + height).toBeLessThan(one.y + one.height);
      }
      checkBoxes(scope);
    }
  }
}

const untouched = { entered: new Set<string>(), taken: new Set<string>() } as const;

describe('the layout of a machine', () => {
  it('leaves out the ways of failures that did not happen, where only the outside is drawn', () => {
    const entered = new Set(Object.keys(machine.States));
    const failures = (detail: 'outside' | 'usual', taken: readonly string[]): readonly string[] =>
      layoutMachine(machine, { detail, entered, taken: new Set(taken) })
        .edges.filter(({ isCatch }) => isCatch)
        .map(edgeKey);
    const [way = ''] = failures('usual', []);
    expect(way).toMatch(/ failed /);
    expect(failures('outside', [])).toEqual([]);
    expect(failures('outside', [way])).toEqual([way]);
  });

  it.each(drawings.map((drawing) => drawing.machine))(
    'places the states of %s side by side and below one another, and those of a Map inside its box',
    (name) => {
      for (const detail of ['outside', 'usual', 'all'] as const)
        checkBoxes(layoutMachine(readMachine(name), { detail, ...untouched }));
    },
  );

  it('is made again only where other states are drawn', () => {
    const known = readMachine('migrate');
    const place = (detail: 'usual' | 'all' | 'taken', entered: readonly string[]) =>
      layoutMachine(known, { detail, entered: new Set(entered), taken: new Set() });
    const usual = place('usual', []);
    expect(place('usual', ['Prepare', 'BackupSegment', 'RollBack'])).toBe(usual);
    const failed = place('usual', ['RecordBackupFailure']);
    expect(namesIn(failed)).toContain('RecordBackupFailure');
    expect(namesIn(usual)).not.toContain('RecordBackupFailure');
    expect(namesIn(place('all', []))).toContain('BackupSegmentFailedUnrecorded');
    expect(namesIn(place('taken', ['Prepare']))).toEqual(['Prepare']);
    expect(namesIn(place('taken', ['Prepare', 'TestConnection']))).toHaveLength(2);
  });

  it('places what is inside of what is inside a Map as well', () => {
    const nested: MachineDefinition = {
      StartAt: 'Outer',
      States: { Outer: { Type: 'Parallel', Branches: [machine, machine], End: true } },
    };
    checkBoxes(layoutMachine(nested, { detail: 'all', ...untouched }));
  });

  it('cuts no line at the edge of the picture, even of a failure far from its roll back', () => {
    const entered = new Set(['MigrateProducts', 'RollBack', 'RolledBackYet', 'RolledBack']);
    const options = { detail: 'usual', entered, taken: new Set<string>() } as const;
    const { width, height, edges } = layoutMachine(readMachine('migrate'), options);
    for (const { points } of edges) {
      for (const { x, y } of points) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(height);
      }
    }
  });

  it('shows every state, or only those that no failure leads to', () => {
    const named = (
      detail: 'taken' | 'outside' | 'usual' | 'all',
      entered: readonly string[] = [],
    ): readonly string[] =>
      namesIn(layoutMachine(machine, { ...untouched, detail, entered: new Set(entered) })).toSorted();
    expect(named('taken', ['Which', 'Work'])).toEqual(['Which', 'Work']);
    expect(named('outside')).toEqual(['Ended', 'Which', 'Work']);
    expect(named('outside', ['RollBack'])).toEqual(['Ended', 'RollBack', 'Which', 'Work']);
    expect(named('usual')).toEqual([
      'Ended',
      'RollBack',
      'RolledBack',
      'Turn',
      'TurnEnd',
      'Turned',
      'Which',
      'Work',
    ]);
    expect(named('usual', ['Recorded'])).toContain('Recorded');
    expect(named('all')).toHaveLength(9);
  });
});

describe('the drawing of a machine', () => {
  it('says of every state how it stands, in words too', () => {
    const drawn = drawGraph(
      { machine, title: 'Graph', detail: 'usual' },
      { statuses: new Map([['Work', 'running']]), taken: new Set(['Which to Work']) },
    ).toString();
    expect(drawn).toContain('<title>Work: In progress</title>');
    expect(drawn).toContain('<title>RollBack: Not started</title>');
    expect(drawn.match(/class="edge taken"/g)).toHaveLength(1);
    expect(drawn.match(/class="edge catch"/g)).toHaveLength(1);
  });

  it('shows a hostile name as text', () => {
    const evil = '<script>alert(1)</script>';
    const drawn = drawGraph(
      { machine: { StartAt: evil, States: { [evil]: { Type: evil } } }, title: evil, detail: 'all' },
      { ...noMarks, hrefOf: () => '"><script>' },
    ).toString();
    expect(drawn).not.toContain('<script');
  });
});

/** Events in one line unless said otherwise: `[type, state, id of the event before]`. */
function events(
  ...given: readonly (readonly [string, (string | undefined)?, number?])[]
): readonly GraphEvent[] {
  return given.map(([type, state, previousEventId], index) => ({
    id: index + 1,
    previousEventId: previousEventId ?? index,
    type,
    state,
  }));
}

const begun = [
  ['ExecutionStarted'],
  ['ChoiceStateEntered', 'Which'],
  ['ChoiceStateExited', 'Which'],
  ['MapStateEntered', 'Work'],
  ['MapStateStarted'],
] as const;

describe('the marks of an execution', () => {
  it('name what runs now, in every iteration', () => {
    const { statuses, taken } = historyMarks(
      machine,
      events(
        ...begun,
        ['MapIterationStarted', undefined, 5],
        ['MapIterationStarted', undefined, 5],
        ['TaskStateEntered', 'Turn', 6],
        ['TaskStateEntered', 'Turn', 7],
        ['TaskStateExited', 'Turn', 8],
        ['ChoiceStateEntered', 'Turned', 10],
      ),
    );
    expect(Object.fromEntries(statuses)).toEqual({
      Which: 'succeeded',
      Work: 'running',
      Turn: 'running',
      Turned: 'running',
    });
    expect([...taken]).toEqual(['Which to Work', 'Turn to Turned']);
  });

  it('tell a caught failure from the one that ended the execution, and what was broken off with it', () => {
    const { statuses, taken } = historyMarks(
      machine,
      events(
        ...begun,
        ['MapIterationStarted', undefined, 5],
        ['MapIterationStarted', undefined, 5],
        ['TaskStateEntered', 'Turn', 6],
        ['TaskStateEntered', 'Turn', 7],
        ['TaskFailed', undefined, 8],
        ['TaskStateExited', 'Turn', 10],
        ['FailStateEntered', 'Recorded', 11],
        ['MapStateFailed', undefined, 5],
        ['MapStateExited', 'Work', 13],
        ['TaskStateEntered', 'RollBack', 14],
        ['TaskStateExited', 'RollBack', 15],
        ['FailStateEntered', 'RolledBack', 16],
        ['ExecutionFailed', undefined, 17],
      ),
    );
    expect(Object.fromEntries(statuses)).toEqual({
      Which: 'succeeded',
      Work: 'caught',
      Turn: 'caught',
      Recorded: 'failed',
      RollBack: 'succeeded',
      RolledBack: 'failed',
    });
    expect(taken).toContain('Work failed RollBack');
    expect(taken).toContain('Turn failed Recorded');
  });

  it.each([
    ['ExecutionAborted', 'aborted'],
    ['ExecutionTimedOut', 'aborted'],
    ['ExecutionFailed', 'failed'],
  ])('after %s show what was being done as %s', (type, status) => {
    const { statuses } = historyMarks(machine, events(...begun, [type]));
    expect(statuses.get('Work')).toBe(status);
    expect(statuses.get('Which')).toBe('succeeded');
  });

  it('show what a redriven execution has begun again as it is now', () => {
    const redriven = [
      ...begun,
      ['MapIterationStarted', undefined, 5],
      ['TaskStateEntered', 'Turn', 6],
      ['ExecutionAborted', undefined, 5],
      ['ExecutionRedriven'],
      ['MapStateEntered', 'Work'],
      ['MapStateStarted'],
      ['MapIterationStarted'],
      ['TaskStateEntered', 'Turn'],
    ] as const;
    expect(historyMarks(machine, events(...redriven)).statuses.get('Turn')).toBe('running');
    const { statuses } = historyMarks(
      machine,
      events(
        ...redriven,
        ['TaskStateExited', 'Turn'],
        ['MapIterationSucceeded'],
        ['MapStateSucceeded'],
        ['MapStateExited', 'Work'],
      ),
    );
    expect(Object.fromEntries(statuses)).toEqual({
      Which: 'succeeded',
      Work: 'succeeded',
      Turn: 'succeeded',
    });
  });
});

describe('the functions on the way of a machine', () => {
  const task = (name: string, more: object) => ({
    Type: 'Task',
    Parameters: { FunctionName: name },
    ...more,
  });

  it('are those that it calls if nothing fails, in order, those of a Map two at once', () => {
    const calls = functionsOnTheWay({
      StartAt: 'Begin',
      States: {
        Begin: task('begin', { Next: 'Begun', Catch: [{ Next: 'Undo' }] }),
        Begun: { Type: 'Choice', Choices: [{ Next: 'Recover' }], Default: 'Work' },
        Recover: task('recover', { Next: 'Begin' }),
        Work: {
          Type: 'Map',
          ItemProcessor: { StartAt: 'Turn', States: { Turn: task('work', { End: true }) } },
          Next: 'Both',
        },
        Both: {
          Type: 'Parallel',
          Branches: ['left', 'right'].map((name) => ({
            StartAt: name,
            States: { [name]: task(name, { End: true }) },
          })),
          Next: 'End',
        },
        End: task('end', { End: true }),
        Undo: task('undo', { End: true }),
      },
    });
    expect(calls.map(({ name, atOnce }) => `${name} ${atOnce}`)).toEqual([
      'begin 1',
      'work 2',
      'left 1',
      'right 1',
      'end 1',
    ]);
  });
});
