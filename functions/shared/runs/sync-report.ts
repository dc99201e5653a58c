import { commandsOf, type StagePlace, stepText } from '../commands.ts';
import { count, counted } from '../counted.ts';
import { RUN_LAYOUT } from '../files/layout.ts';
import type { Compared, Gap } from '../ledger/sync-facts.ts';
import { runKey } from '../ledger/ledger-table.ts';
import type { Run, RunStatus } from '../ledger/run.ts';
import { get } from '../ledger/store.ts';
import { listNamed } from '../ledger/sync-names.ts';
import { warningsOfRun } from '../ledger/warnings.ts';
import {
  findTotal,
  listMinutes,
  listPending,
  type SyncCounts,
  type SyncMinute,
} from '../ledger/sync-records.ts';
import type { Runtime } from '../runtime.ts';
import { followingSteps, followingText, namedCounts, type NamedCounts } from './following.ts';
import { syncInputOf } from './start-again.ts';
import { listed, shorten } from '../text.ts';

/** Keys that a sync or a compare names: how many there are, and the first ten. */
export interface NamedKeys {
  readonly count: number;
  readonly keys: readonly string[];
  /** Of each of these keys, why it is named: a sentence. */
  readonly reasons: readonly string[];
}

/** One thing that a cut over depends on. */
export interface SyncCheck {
  /** `execution`, `length`, `mapping`, `stream`, `targets`, `pending`, `quarantined`, `conflicts`, `compared`, `transform`, `failures`, `gap` or `lag`. */
  readonly what: string;
  /** False: a cut over would be refused, or would end without a switch. */
  readonly ok: boolean;
  /** For the operator. */
  readonly sentence: string;
}

/** What a sync did in one minute; lags in seconds, of which stream records carry whole ones only. */
export interface ReportedMinute extends Pick<SyncMinute, 'minute' | 'records' | 'repaired'> {
  readonly meanLagSeconds: number;
  readonly maxLagSeconds: number;
}

/** The report of a sync or of a compare: output of the machine `sync`, and `runs/<runId>/report.json`. */
export interface SyncReport {
  readonly runId: string;
  readonly kind: 'sync' | 'compare';
  readonly status: RunStatus;
  readonly source: { readonly table: string };
  /** The migration that is followed, and the tables that are kept in step. */
  readonly follows: { readonly runId: string; readonly tables: readonly string[] };
  readonly streamArn: string | null;
  readonly mappingId: string | null;
  /** The last compare that came to its end. */
  readonly compared: Compared | null;
  readonly gap: Gap | null;
  readonly pending: NamedKeys;
  readonly conflicts: NamedKeys;
  readonly quarantined: NamedKeys;
  readonly differing: NamedKeys;
  /** Since the sync began. */
  readonly followed: { readonly records: number; readonly repaired: number; readonly maxLagSeconds: number };
  /** The last minutes with changes, oldest first. */
  readonly minutes: readonly ReportedMinute[];
  /** Of a cut over that was only checked. */
  readonly checks?: readonly SyncCheck[];
  /** Of a cut over that was only checked: how to freeze the source, and how to undo it. */
  readonly freeze?: FreezeCommands;
  /** One sentence that stands for the whole report. */
  readonly summary: string;
  readonly nextStep: string | null;
  readonly warnings: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string | null;
  /** ISO 8601: what is said of an open sync was so at this moment. */
  readonly lookedAt: string;
  readonly reportUri: string | null;
}

/** Commands to paste. */
export interface FreezeCommands {
  /** The policy that denies writing, merged with what is there. */
  readonly policy: string;
  readonly freeze: string;
  /** The cut over with the options that were checked. */
  readonly cutOver: string;
  readonly undo: string;
  /** The same for each other region of a global table: a policy of one replica is none of the others. */
  readonly replicas?: readonly ReplicaCommands[];
}

/** Commands to paste for one replica. */
export interface ReplicaCommands {
  readonly region: string;
  /** Refused by DynamoDB where the replica has a policy already. */
  readonly freeze: string;
  readonly undo: string;
}

const MAX_KEYS = 10;
const MAX_KEY_BYTES = 120;
const MAX_REASON_BYTES = 240;

/** What a look at a sync needs: a function's runtime has it, and a command's context. */
export interface SyncReportScope extends Pick<Runtime, 'ledger' | 'bucket'> {
  readonly config: StagePlace;
}

/** Looks at everything that is known of a sync or a compare now. */
export async function buildSyncReport(
  scope: SyncReportScope,
  run: Run,
  more: Pick<SyncReport, 'checks' | 'freeze'> = {},
): Promise<SyncReport> {
  const { ledger, bucket } = scope;
  const lookedAt = new Date(ledger.clock.now()).toISOString();
  const [pending, named, minutes, total, isClosed] = await Promise.all([
    listPending(ledger, run.runId),
    listNamed(ledger, run.runId),
    listMinutes(ledger, run.runId),
    findTotal(ledger, run.runId),
    isStillClosed(ledger, run),
  ]);
  const namedAs = (kind: string): NamedKeys => namedKeys(named.filter((one) => one.kind === kind));
  return {
    runId: run.runId,
    kind: run.kind === 'compare' ? 'compare' : 'sync',
    status: run.status,
    source: { table: run.sourceTable },
    follows: { runId: run.follows?.runId ?? '', tables: (run.follows?.tables ?? []).map(({ name }) => name) },
    streamArn: run.stream?.arn ?? null,
    mappingId: run.stream?.mappingId ?? null,
    compared: run.compared ?? null,
    gap: run.gap ?? null,
    pending: namedKeys(pending),
    conflicts: namedAs('conflict'),
    quarantined: namedAs('quarantined'),
    differing: namedAs('differing'),
    followed: totalOf(total),
    // A call for pending keys alone has followed no change, so it has no lag.
    minutes: minutes.filter(({ records }) => records > 0).map(reportedMinute),
    ...more,
    summary: summaryOf(run, { isClosed, ...namedCounts(pending.length, named) }),
    nextStep: nextStepOfSync(scope, run, isClosed) ?? null,
    warnings: warningsOfRun(run),
    startedAt: run.startedAt,
    finishedAt: run.finishedAt ?? null,
    lookedAt,
    reportUri: `s3://${bucket}/${RUN_LAYOUT.report(run.runId)}`,
  };
}

function namedKeys(all: readonly { readonly text: string; readonly reason: string }[]): NamedKeys {
  const first = all.slice(0, MAX_KEYS);
  return {
    count: all.length,
    keys: first.map(({ text }) => shorten(text, MAX_KEY_BYTES)),
    reasons: first.map(({ reason }) => shorten(reason, MAX_REASON_BYTES)),
  };
}

function totalOf(total: SyncCounts | undefined): SyncReport['followed'] {
  const { records = 0, repaired = 0, maxLagMillis = 0 } = total ?? {};
  return { records, repaired, maxLagSeconds: maxLagMillis / 1_000 };
}

function reportedMinute({ minute, records, repaired, lagMillis, maxLagMillis }: SyncMinute): ReportedMinute {
  const meanLagSeconds = records === 0 ? 0 : Math.round(lagMillis / records) / 1_000;
  return { minute, records, repaired, meanLagSeconds, maxLagSeconds: maxLagMillis / 1_000 };
}

/** Whether the shop has switched to tables that were kept closed until then, and that could not be opened yet. */
async function isStillClosed(ledger: SyncReportScope['ledger'], { status, follows }: Run): Promise<boolean> {
  if (status !== 'SWITCHED' || follows === undefined) return false;
  return (await get<Pick<Run, 'opening'>>(ledger, runKey(follows.runId)))?.opening === 'PENDING';
}

const SUMMARIES: Readonly<Partial<Record<RunStatus, (run: Run, tables: string, isOne: boolean) => string>>> =
  {
    SWITCHING: ({ sourceTable }, tables) =>
      `A cut over from table ${sourceTable} to ${tables} is at work. The shop must not switch yet.`,
    SWITCHED: ({ sourceTable }, tables) =>
      `The shop may use ${tables} now. Table ${sourceTable} is as of the freeze, and nothing follows it any more.`,
    CANCELLING: () => 'The sync is being cancelled.',
    CANCELLED: ({ kind }, tables, isOne) =>
      kind === 'compare'
        ? 'The compare did not come to its end. It has changed nothing.'
        : `The sync was cancelled. ${tables} ${isOne ? 'stays as it is, and no longer follows' : 'stay as they are, and no longer follow'} the source.`,
  };

interface SummaryFacts extends NamedCounts {
  readonly isClosed: boolean;
}

function summaryOf(run: Run, { isClosed, ...named }: SummaryFacts): string {
  const names = (run.follows?.tables ?? []).map(({ name }) => name);
  if (run.status === 'SYNCING') return followingText(run, names, named);
  const tables = listed(names);
  if (isClosed)
    return `The sync has switched, but ${tables} could not be opened yet: the shop cannot write there. recoverRun tries again every 15 minutes.`;
  const summary = SUMMARIES[run.status]?.(run, tables, names.length === 1);
  if (summary !== undefined) return summary;
  return run.compared === undefined ? `The compare is ${run.status}.` : comparedSentence(run.compared);
}

/** `12 source items and 60 target items were compared: 1 differs, ...` */
export function comparedSentence(compared: Compared): string {
  const { sourceItems, targetItems, repairs, repaired, differing, conflicts, quarantined } = compared;
  const differ = differing === 1 ? 'differs' : 'differ';
  const found = repairs
    ? `${count(repaired)} repaired, ${count(differing)} still ${differ}`
    : `${count(differing)} ${differ}`;
  return `${counted(sourceItems, 'source item')} and ${counted(targetItems, 'target item')} were compared: ${found}, ${count(conflicts)} changed by others, ${count(quarantined)} cannot be transformed.`;
}

function nextStepOfSync({ config }: SyncReportScope, run: Run, isClosed: boolean): string | undefined {
  const { startSync, report } = commandsOf(config);
  switch (run.status) {
    case 'SYNCING':
      return stepText(...followingSteps(config, run));
    case 'CANCELLED':
      return run.kind === 'sync'
        ? stepText([
            'To follow the source again (it begins with a compare, so nothing is missed)',
            startSync(syncInputOf(run)),
          ])
        : undefined;
    case 'SWITCHED':
      return stepText(
        ...(isClosed
          ? [['See why, and the command that opens it', report(run.follows?.runId ?? '')] as const]
          : []),
        [
          `${isClosed ? 'Once it is open, point' : 'Point'} the shop at the target. What it writes there stays there: the source does not follow`,
        ],
      );
    case 'SUCCEEDED':
      return (run.compared?.differing ?? 0) > 0
        ? stepText([
            'A compare without a sync repairs nothing. To repair and follow the source',
            startSync(syncInputOf(run)),
          ])
        : undefined;
    default:
      return undefined;
  }
}
