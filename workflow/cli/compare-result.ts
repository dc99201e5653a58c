import type { LedgerTable } from '../../functions/shared/ledger/ledger-table.ts';
import type { Compared } from '../../functions/shared/ledger/sync-facts.ts';
import type { Run } from '../../functions/shared/ledger/run.ts';
import { listNamed } from '../../functions/shared/ledger/sync-names.ts';
import type { KeyKind } from '../../functions/shared/runs/page/sync-sections.ts';
import { readShards } from './run-record.ts';

/** Keys that a compare names, by what it found. */
export type ComparedKeys = Readonly<Record<KeyKind, readonly string[]>>;

/** Source items, but for conflicts and foreign ones, which are items of a target. */
const KINDS = [
  'repaired',
  'differing',
  'conflicts',
  'quarantined',
  'expired',
  'foreign',
] as const satisfies readonly KeyKind[];

/** What a compare has come to. */
export interface CompareResult {
  readonly run: Run;
  readonly compared: Compared;
  /** Some of each kind, 20 a segment at most; where a sync is open, all that it names. */
  readonly keys: ComparedKeys;
}

/** What an execution has compared; `undefined` where it ended before its judgement. */
export async function findCompareResult(
  ledger: LedgerTable,
  run: Run,
  executionArn: string,
): Promise<CompareResult | undefined> {
  const { compared, runId } = run;
  if (compared?.executionArn !== executionArn) return undefined;
  const samples = await samplesOf(ledger, runId, executionArn);
  return { run, compared, keys: run.kind === 'sync' ? await withNamed(ledger, runId, samples) : samples };
}

/** Of the segments that this execution has compared. */
async function samplesOf(ledger: LedgerTable, runId: string, executionArn: string): Promise<ComparedKeys> {
  const shards = [...(await readShards(ledger, runId)).values()].flat();
  const own = shards.filter(({ basis }) => basis?.startsWith(`${executionArn}#`));
  return byKind((kind) => [...new Set(own.flatMap(({ samples }) => samples?.[kind] ?? []))].toSorted());
}

const NAMED_AS = { differing: 'differing', conflict: 'conflicts', quarantined: 'quarantined' } as const;

async function withNamed(ledger: LedgerTable, runId: string, samples: ComparedKeys): Promise<ComparedKeys> {
  const named = await listNamed(ledger, runId);
  return byKind((kind) => {
    const known = named.filter((one) => NAMED_AS[one.kind] === kind).map(({ text }) => text);
    return [...new Set([...samples[kind], ...known])].toSorted();
  });
}

function byKind(keysOf: (kind: KeyKind) => readonly string[]): ComparedKeys {
  return Object.fromEntries(KINDS.map((kind) => [kind, keysOf(kind)])) as ComparedKeys;
}
