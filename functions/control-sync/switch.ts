import { commandsOf, type Step, stepText } from '../shared/commands.ts';
import { counted } from '../shared/counted.ts';
import { joinMessage } from '../shared/message.ts';
import { printable } from '../shared/printable.ts';
import { EXISTING, updateItem } from '../shared/ledger/actions.ts';
import { runKey } from '../shared/ledger/ledger-table.ts';
import { warnOfDeadCalls } from '../shared/copy/unseen-deletion.ts';
import { rely } from '../shared/ledger/reliant.ts';
import { readRun, type Run } from '../shared/ledger/run.ts';
import { changeSync, NOTHING_ARRIVED, ownHolder, switchedPut } from '../shared/ledger/sync.ts';
import { listNamed, type NamedKey } from '../shared/ledger/sync-names.ts';
import type { Arrived, Compared } from '../shared/ledger/sync-facts.ts';
import { listPending } from '../shared/ledger/sync-records.ts';
import type { TransactItem } from '../shared/ledger/transact.ts';
import { noteMissedChanges } from '../shared/runs/failed-batches.ts';
import { backToSyncing, backWithoutGap } from '../shared/runs/sync-ends.ts';
import { watchBothEnds } from '../shared/runs/known-source.ts';
import { finishOpening } from '../shared/runs/finish-opening.ts';
import type { SyncRuntime } from './sync-runtime.ts';
import type { RunStepInput } from '../shared/state.ts';
import { deliveryProblems } from './check-ends.ts';
import { samples } from './checks.ts';
import { againStep, frozenStep } from './again-steps.ts';
import { pendingSteps, pendingText } from './pending-text.ts';
import { changeOwn, readOwnSync } from './open-sync.ts';
import type { SwitchAnswer } from './payloads.ts';
import { secondsToQuiet } from './quiet-sync.ts';

/**
 * Writes SWITCHING: from now on no call writes into the target. What calls have sent before is through after the fence.
 * Batches that Lambda gave up before are noted first, so that the report names the gap that the compare closes.
 *
 * @returns how long the compare has to wait
 */
export async function beginSwitching(
  runtime: SyncRuntime,
  input: RunStepInput,
): Promise<{ readonly waitSeconds: number }> {
  const run = await readOwnSync(runtime, input);
  await noteMissedChanges(runtime, run);
  const markedAt = runtime.clock.now();
  if (run.status === 'SYNCING')
    await changeOwn(runtime, run, { to: 'SWITCHING', step: 'switching', facts: { markedAt } });
  return { waitSeconds: await secondsToQuiet(runtime, run, markedAt) };
}

/**
 * Switches by one conditional write, if the read-only compare of this execution found no difference and nothing has
 * arrived since. Otherwise the sync goes on, and a compare with repair follows.
 *
 * @throws TableUnavailableError, SourceReplacedError (not retried) where somebody has deleted or replaced a table
 */
export async function switchSync(runtime: SyncRuntime, input: RunStepInput): Promise<SwitchAnswer> {
  const run = await readOwnSync(runtime, input);
  if (run.status === 'SWITCHED') return afterSwitch(runtime, run);
  const obstacle = run.status === 'SWITCHING' ? await obstacleOf(runtime, run) : LOST;
  if (obstacle !== undefined) return goBack(runtime, run, obstacle);
  // The shop must not switch to a table that nobody has compared.
  await watchBothEnds(runtime, run)();
  if ((await deliveryProblems(runtime, run)) !== undefined) return goBack(runtime, run, unknownWrites(run));
  await warnOfDeadCalls(runtime.ledger, run);
  const switched = await writeSwitched(runtime, run);
  if (switched !== undefined) return afterSwitch(runtime, switched);
  // Where another execution has taken the sync meanwhile, it is not this call's to send back.
  const now = await readOwnSync(runtime, input);
  return goBack(runtime, now, (await obstacleOf(runtime, now)) ?? LOST);
}

/** Why the shop must not switch now. */
interface Obstacle {
  /** Sentences. */
  readonly reason: string;
  /** What is to be done. Absent: the source is to be frozen. */
  readonly steps?: readonly Step[];
  /** No change was missed, and nothing is left that a compare could repair. */
  readonly isKnown?: boolean;
}

const LOST: Obstacle = { reason: 'The sync was changed by somebody else during the cut over.' };

async function obstacleOf(runtime: SyncRuntime, run: Run): Promise<Obstacle | undefined> {
  const { compared, arrived, executionArn, runId } = run;
  if (arrived !== undefined) return arrivalOf(runtime, run, arrived);
  const isOfThisCutOver = compared?.executionArn === executionArn && !compared.repairs;
  if (!isOfThisCutOver) return { reason: 'Source and target were not compared by this cut over.' };
  if (compared.transformVersion !== runtime.config.transformVersion) return otherTransform(runtime, run);
  if (compared.differing > 0) return differenceOf(runtime, run, compared);
  const pending = (await listPending(runtime.ledger, runId)).filter(({ isExpiry }) => isExpiry !== true);
  if (pending.length > 0) return { reason: pendingText(pending), steps: pendingSteps(runtime, run, pending) };
  if (compared.quarantined > run.parameters.maxQuarantined) return quarantineOf(runtime, run, compared);
  return undefined;
}

/** Where no change can arrive, it says nothing that none has arrived. */
const unknownWrites = ({ sourceTable }: Run): Obstacle => ({
  reason: `Nobody can tell whether anything was written to table ${sourceTable} during the cut over.`,
});

/** A writer that is not frozen, or a change from before the cut over that came late or twice. */
function arrivalOf(runtime: SyncRuntime, run: Run, arrived: Arrived): Obstacle {
  const { sourceTable, executionStartTime, markedAt = Number.POSITIVE_INFINITY } = run;
  const { key, count, at, newestChangeAt = at } = arrived;
  const what = `A change of ${key} arrived at ${isoText(at)}`;
  // Its second may have ended after the cut over had begun.
  const isOlder = newestChangeAt + 1_000 <= Math.min(Date.parse(executionStartTime), markedAt);
  if (!isOlder)
    return {
      reason: `${what}, after writes to table ${sourceTable} were said to have stopped (${count} in all). A writer is not frozen.`,
    };
  return {
    reason: `${what}, while nothing may be written to the target any more (${count} in all). All of them were made before the cut over, the newest one at ${isoText(newestChangeAt)}, so they came late, or twice.`,
    steps: [
      ['Watch the sync until it has caught up', commandsOf(runtime.config).showSync()],
      againStep(runtime, run, 'Then cut over again'),
    ],
  };
}

const isoText = (millis: number): string => new Date(millis).toISOString();

/** A compare by the former transform is no evidence of what the deployed one makes. */
function otherTransform(runtime: SyncRuntime, run: Run): Obstacle {
  return {
    reason: 'Another transform was deployed during the cut over, so its compare does not count.',
    steps: [
      ['Compare with the deployed transform', commandsOf(runtime.config).compare()],
      againStep(runtime, run, 'Then cut over again'),
    ],
  };
}

/** Of items that a compare can repair, a change was missed. Those that it cannot change are no sign of that. */
async function differenceOf(runtime: SyncRuntime, run: Run, compared: Compared): Promise<Obstacle> {
  const { differing, byHand = 0 } = compared;
  const named = (await listNamed(runtime.ledger, run.runId)).filter(({ kind }) => kind === 'differing');
  const [stuck, missed] = [named.filter(isByHand), named.filter((one) => !isByHand(one))];
  const others = differing - byHand;
  const reasons = [
    ...(others > 0
      ? [
          `${counted(others, 'source item differs', 'source items differ')} from the target although nothing is pending${samples(missed)}. A writer is not frozen, changes were missed, or somebody else has changed the target.`,
        ]
      : []),
    ...(byHand > 0
      ? [
          `${counted(byHand, 'target item differs', 'target items differ')} from what the source says and cannot be changed, because no condition can name so many attributes${samples(stuck)}.`,
        ]
      : []),
  ];
  const reason = reasons.join(' ');
  if (byHand === 0) return { reason };
  const { compare } = commandsOf(runtime.config);
  const deletion: Step = [
    'Delete the items that cannot be changed from the target by hand, and have them written again',
    compare(),
  ];
  return { reason, steps: [deletion, frozenStep(runtime, run)], isKnown: others === 0 };
}

const isByHand = ({ isByHand: is = false }: NamedKey): boolean => is;

function quarantineOf({ config }: SyncRuntime, { parameters }: Run, { quarantined }: Compared): Obstacle {
  return {
    reason: `${counted(quarantined, 'source item')} cannot be transformed, and maxQuarantined allows ${parameters.maxQuarantined}.`,
    steps: [
      [
        'Correct these items in the source, or cut over without them',
        commandsOf(config).cutOver({ frozen: true, maxQuarantined: quarantined }),
      ],
    ],
    isKnown: true,
  };
}

/** Status, lock, and what keeps later runs from overwriting what the shop writes from now on: one transaction. */
async function writeSwitched(runtime: SyncRuntime, run: Run): Promise<Run | undefined> {
  const { ledger, clock } = runtime;
  const { runId, follows } = run;
  if (follows === undefined) return undefined;
  const committedAt = new Date(clock.now()).toISOString();
  const relied = await rely(ledger, { runId, committedAt }, new Map([[follows.runId, follows.tables]]));
  const switched = follows.tables.map(({ name, tableId }) =>
    switchedPut(ledger, name, { syncId: runId, switchedAt: committedAt, tableId }),
  );
  return changeSync(
    ledger,
    {
      run,
      to: 'SWITCHED',
      step: 'switched',
      holder: ownHolder(run),
      if: NOTHING_ARRIVED,
      releases: true,
      facts: { finishedAt: committedAt },
    },
    [...relied, ...switched, openingDue(ledger, follows.runId)],
  );
}

/** Tables that were kept closed until the switch are opened after it. */
function openingDue(ledger: SyncRuntime['ledger'], followedId: string): TransactItem {
  return updateItem(ledger, runKey(followedId), { if: EXISTING, set: { opening: 'PENDING' } });
}

async function afterSwitch(runtime: SyncRuntime, { follows }: Run): Promise<SwitchAnswer> {
  if (follows !== undefined) await finishOpening(runtime, await readRun(runtime.ledger, follows.runId));
  return { switched: true, error: '', cause: '' };
}

/**
 * What has arrived is pending, so that nothing is lost: the compare that follows repairs it. It closes no gap where changes
 * are not delivered.
 */
async function goBack(runtime: SyncRuntime, run: Run, obstacle: Obstacle): Promise<SwitchAnswer> {
  const undelivered = await deliveryProblems(runtime, run);
  const {
    reason,
    steps = [frozenStep(runtime, run)],
    isKnown = false,
  } = undelivered === undefined ? obstacle : withoutDelivery(runtime, run, { obstacle, undelivered });
  const isBack = isKnown && (await backWithoutGap(runtime, run));
  if (!isBack) await backToSyncing(runtime, run, { reason, isLasting: undelivered !== undefined });
  const repaired = isKnown ? '' : ', and a compare has repaired what it could';
  return {
    switched: false,
    error: 'SyncRefusedError',
    cause: joinMessage({
      said: printable(`The shop has not switched. ${reason} The sync goes on${repaired}.`),
      nextStep: stepText(...steps),
    }),
  };
}

interface Undelivered {
  readonly obstacle: Obstacle;
  /** Sentences. */
  readonly undelivered: string;
}

function withoutDelivery(
  runtime: SyncRuntime,
  run: Run,
  { obstacle: { reason }, undelivered }: Undelivered,
): Obstacle {
  return {
    reason: `${undelivered} ${reason}`,
    steps: [
      againStep(runtime, run, 'If changes can be delivered again, cut over again then'),
      ['Or end the sync', commandsOf(runtime.config).cancelSync()],
    ],
  };
}
