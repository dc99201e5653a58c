/** A fix that is taken out of the source, to see whether the worlds miss it. */
export interface Mutation {
  /** What the service does no longer. */
  readonly name: string;
  /** The kind of attack that it stands against. */
  readonly attack: string;
  /** Path below functions/. */
  readonly file: string;
  /** Occurs once in the file. */
  readonly from: string;
  readonly to: string;
  /** What else is taken out, because either alone keeps the promise. */
  readonly also?: { readonly from: string; readonly to: string };
}

const LATE = 'a late write of our own';
const LOOK = 'look, then delete';
const LESS = 'success on less';
const OLDER = 'what was read before a sync or another run, and is applied after it';
const COST = 'a cost that nobody sees';
const OURS = 'an unconditional write into a table that is ours no more';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'no worker looks at its run again',
    attack: LATE,
    file: 'shared/ledger/fence.ts',
    from: 'const lookOut = createLookout(clock, lookAgain,',
    to: 'const lookOut = createLookout({ now: () => readAt }, lookAgain,',
  },
  {
    name: 'nobody waits for claims that were left open',
    attack: LATE,
    file: 'shared/ledger/claims.ts',
    from: 'return Math.min(Math.max(0, ...times), stoppedAt + longestWaitMillis(fenceMillis));',
    to: 'return 0 * Math.max(0, ...times);',
  },
  {
    name: 'a takeover of a claim is not remembered',
    attack: LATE,
    file: 'shared/ledger/claims.ts',
    from: 'isTakeover ? now + fenceMillis : undefined',
    to: 'isTakeover ? undefined : undefined',
  },
  {
    name: 'a request without an answer counts as over',
    attack: LATE,
    file: 'shared/ledger/claims.ts',
    from: 'return { claim: undefined, quietAt: latest(before.quietAt, inDoubtUntil) };',
    to: 'return { claim: undefined, quietAt: latest(before.quietAt, undefined) };',
  },
  {
    name: 'a roll back does not wait for tables that were announced',
    attack: LATE,
    file: 'roll-back/table-facts.ts',
    from: 'isIntentWaitOver(times, runtime.config.intentWaitSeconds * 1_000)',
    to: 'isIntentWaitOver(times, 0)',
  },
  {
    name: 'a data file is overwritten',
    attack: LATE,
    file: 'shared/aws/object-store.ts',
    from: "const NOTHING_THERE = { IfNoneMatch: '*' } as const;",
    to: "const NOTHING_THERE = {} as { IfNoneMatch: '*' };",
  },
  {
    name: 'a segment ends while a data file may still land in it',
    attack: LATE,
    file: 'backup-products/backup-segment.ts',
    from: 'if (!hasItems && !(await turn.areEarlierCallsQuiet())) return',
    to: 'if (!hasItems && !turn) return',
  },
  {
    name: 'a roll back does not wait after closing the tables of a run that succeeded',
    attack: LOOK,
    file: 'roll-back/close-table.ts',
    from: 'const leftMillis = closedAt + runtime.config.closeWaitSeconds * 1_000 - runtime.clock.now();',
    to: 'const leftMillis = closedAt * 0;',
  },
  {
    name: 'a roll back looks into a table that it closed a minute ago',
    attack: LOOK,
    file: 'roll-back/close-table.ts',
    from: 'closedAt + runtime.config.closeWaitSeconds * 1_000',
    to: 'closedAt + 60_000',
  },
  {
    name: 'nobody waits until the tags of a table show that is CREATING',
    attack: LATE,
    file: 'shared/tables/create-or-find.ts',
    from: "else if (existing?.TableStatus === 'CREATING') await waitUntilUsable(runtime, scope);",
    to: '',
  },
  {
    name: 'a run writes without conditions into a table that others can write to',
    attack: LOOK,
    file: 'shared/tables/close-table.ts',
    from: "return record?.outcome === 'CREATED' && record.access === 'CLOSED' && !resumed;",
    to: "return record?.outcome === 'CREATED' && !resumed;",
  },
  {
    name: 'what was deleted with more than was read does not come back',
    attack: LOOK,
    file: 'shared/copy/put-back.ts',
    from: "if (isSame(deleted, asRead)) return 'gone';",
    to: "if (isSame(deleted, deleted)) return 'gone';",
  },
  {
    name: 'a deletion without an answer may take what was put back',
    attack: LATE,
    file: 'shared/copy/put-back.ts',
    from: 'isInDoubt ? withoutDigest(deleted) : deleted',
    to: 'isInDoubt ? deleted : deleted',
  },
  {
    name: 'an item whose put-back gets no answer counts as lost',
    attack: LATE,
    file: 'roll-back/removal-pass.ts',
    from: "doubt() === undefined ? 'lost' : 'unsure'",
    to: "doubt() === undefined ? 'lost' : 'lost'",
  },
  {
    name: 'a roll back deletes tables without looking inside',
    attack: LOOK,
    file: 'roll-back/look-inside.ts',
    from: 'isHarmless: (item) => isFilled && isOfRun(item, run.runId) && isAsMigrated(item),',
    to: 'isHarmless: (item) => isFilled || isOfRun(item, run.runId) || !isAsMigrated(item),',
  },
  {
    name: 'a worker does not compare the id of its table',
    attack: OURS,
    file: 'shared/tables/known-table.ts',
    from: 'for (const table of tables) await assertSameTable(runtime, table);',
    to: 'for (const table of tables) await describeKnown(runtime, table.name);',
  },
  {
    name: 'a worker compares the id of its table only once in a turn',
    attack: OURS,
    file: 'shared/copy/load/write-scope.ts',
    from: 'const isSameTable = watchTables(runtime, [table]);',
    to: 'let looked; const isSameTable = () => (looked ??= watchTables(runtime, [table])());',
  },
  {
    name: 'a roll back leaves the items of its run in a table that has replaced one of its own',
    attack: LATE,
    file: 'roll-back/roll-back-target.ts',
    from: "const isWrittenTo = replacedBy !== undefined && run.rolledBackFrom !== 'SUCCEEDED';",
    to: 'const isWrittenTo = false;',
  },
  {
    name: 'items of existing tables are overwritten',
    attack: OURS,
    file: 'shared/aws/unchanged.ts',
    from: "expression: 'attribute_not_exists(#key)'",
    to: "expression: 'attribute_not_exists(#key) OR attribute_exists(#key)'",
  },
  {
    name: 'a run is committed without a judgement',
    attack: LESS,
    file: 'complete-run/judge.ts',
    from: 'if (problems.length === 0 && isVerified) return verification;',
    to: 'if (problems.length >= 0) return verification;',
  },
  {
    name: 'nobody looks at the tables before the commit',
    attack: LESS,
    file: 'complete-run/judge.ts',
    from: '...facts.tables.flatMap(tableProblems),',
    to: '',
  },
  {
    name: 'a quarantine does not name what it counts',
    attack: LESS,
    file: 'shared/copy/transform/transform-file.ts',
    from: 'lines.push(quarantineLine(item, refusal));',
    to: '',
  },
  {
    name: 'what DynamoDB leaves unprocessed is not sent again',
    attack: LESS,
    file: 'shared/copy/load/batch-writer.ts',
    from: 'await noteBatch(batch, missingOf(scope, batch, outcome.unprocessed));',
    to: 'await noteBatch(batch, []);',
  },
  {
    name: 'a run that others rely on is rolled back without a confirmation',
    attack: 'an old unfinished run is rolled back after a later one succeeded on its tables',
    file: 'roll-back/confirm.ts',
    from: "if (order.reason !== 'operator') return;",
    to: 'if (order.reason.length > 0) return;',
  },
  {
    name: 'nobody notes which runs a run relies on',
    attack: 'an old unfinished run is rolled back after a later one succeeded on its tables',
    file: 'shared/ledger/reliance.ts',
    from: 'const reliance = await findReliance(ledger, runId, evidence);',
    to: 'const reliance = new Map() as Awaited<ReturnType<typeof findReliance>>;',
  },
  {
    name: 'a plan is carried out though a sync has followed the source since',
    attack: OLDER,
    file: 'shared/runs/plan-obstacle.ts',
    from: 'const sync = await syncedSince(ledger, sourceTable, plannedAt);',
    to: 'const sync = await syncedSince(ledger, sourceTable, Number.MAX_SAFE_INTEGER);',
  },
  {
    name: 'a plan is carried out though another run was committed since',
    attack: OLDER,
    file: 'shared/runs/plan-obstacle.ts',
    from: "if (status === 'SUCCEEDED' && Date.parse(finishedAt ?? '') > plannedAt)",
    to: "if (status === 'HELD' && Date.parse(finishedAt ?? '') > plannedAt)",
  },
  {
    name: 'a step called alone takes a backup from before a sync',
    attack: OLDER,
    file: 'migrate-products/migrate-alone.ts',
    from: 'if (sync === undefined) return;',
    to: 'if (sync === undefined || sync) return;',
  },
  {
    name: 'a table that cannot be rolled back stops the roll back',
    attack: 'roll back cannot read or delete one thing',
    file: 'roll-back/roll-back-table.ts',
    from: 'if (endsTurn(error) && !(error instanceof TransientError)) throw error;',
    to: 'if (error !== undefined) throw error;',
  },
  {
    name: 'a run whose lock was removed is waited for',
    attack: 'ledger records removed by hand',
    file: 'recover-run/recover-run.ts',
    from: 'if (!(await isAbandoned(runtime, run)) && !(await lacksReport(runtime, run))) return undefined;',
    to: 'if (run.runId.length > 0) return undefined;',
  },
  {
    name: 'a report says what its run has recorded, not what is there',
    attack: 'the report rebuilt from a status',
    file: 'shared/runs/report-tables.ts',
    from: "if (found === 'same') return as(outcome);",
    to: 'if (found.length > 0) return as(outcome);',
  },
  {
    name: 'a report that nobody lived to write is not written',
    attack: 'the report rebuilt from a status',
    file: 'recover-run/recover-run.ts',
    from: "if (reporting !== 'PENDING' ||",
    to: "if (reporting !== 'NEVER' ||",
  },
  {
    name: 'a roll back does not wait for the tags of new tables',
    attack: 'tags are eventually consistent',
    file: 'roll-back/decide-table.ts',
    from: "if (isUndecided(facts)) return { action: 'wait' };",
    to: '',
  },
  {
    name: 'an object that arrives cut is taken as it is',
    attack: 'GET cut in mid-stream',
    file: 'shared/aws/object-store.ts',
    from: 'const body = await wholeBody(answer, key);',
    to: 'const body = Buffer.from((await answer.Body?.transformToByteArray()) ?? []);',
    also: {
      from: 'const isAsStored = answer.ChecksumSHA256 === undefined || answer.ChecksumSHA256 === sha256;',
      to: 'const isAsStored = true;',
    },
  },
  {
    name: 'a change of status counts as a refusal',
    attack: 'applied, answer lost',
    file: 'shared/ledger/transition.ts',
    from: 'return changed(change);',
    to: 'return undefined;',
    also: {
      from: 'return after?.changedBy === writer ? after : undefined;',
      to: "return after?.changedBy === writer && after.status === 'NONE' ? after : undefined;",
    },
  },
  {
    name: 'a worker looks at its run before each request',
    attack: COST,
    file: 'shared/ledger/fence.ts',
    from: 'if (age < RENEW_MILLIS) return;',
    to: 'if (age < -RENEW_MILLIS) return;',
  },
  {
    name: 'nobody counts what a roll back is charged for deleting items',
    attack: COST,
    file: 'roll-back/roll-back-items.ts',
    from: "writeUnits: (counters['writeUnits'] ?? 0) + charged.writeUnits,",
    to: "writeUnits: counters['writeUnits'] ?? 0,",
  },
  {
    name: 'nobody counts what a look into a table is charged',
    attack: COST,
    file: 'shared/runs/build-report.ts',
    from: "countOverAll(shards, 'readUnits') + lookReadUnits(tables)",
    to: "countOverAll(shards, 'readUnits') + 0 * lookReadUnits(tables)",
  },
  {
    name: 'a refused write counts as one unit, however large the item',
    attack: COST,
    file: 'shared/items/item-size.ts',
    from: 'return Math.max(1, ...items.map((item) => (item === undefined ? 0 : writeUnitsOf(item))));',
    to: 'return Math.min(1, items.length);',
  },
  {
    name: 'a restore does not look for what the shop has put into its table',
    attack: LOOK,
    file: 'roll-back/inspect-restored.ts',
    from: 'if (sum > equal)',
    to: 'if (sum > 1_000_000 + equal)',
    also: {
      from: 'if (seen.different !== undefined) return changed(scope, seen.different);',
      to: '',
    },
  },
  {
    name: 'the report of a restore tells what was restored only where its own call writes it',
    attack: 'the report rebuilt from a status',
    file: 'shared/runs/build-report.ts',
    from: "isRestore(run) && end.status === 'SUCCEEDED'",
    to: "isRestore(run) && end.status === 'REFUSED'",
  },
  {
    name: 'a restore overwrites what its table has',
    attack: OURS,
    file: 'restore-from-backup/restore-shard.ts',
    from: 'const isBatch = isAloneIn(target, run);',
    to: 'const isBatch = isAloneIn(target, run) || target !== undefined;',
  },
  {
    name: 'a roll back lets a bulk put go on',
    attack: LATE,
    file: 'shared/copy/bulk/end-bulk-loads.ts',
    from: "if (operation.status === 'IN_PROGRESS') return cancel(runtime, operation, load.check);",
    to: "if (operation.status === 'IN_PROGRESS') return true;",
    also: { from: 'if (!isEnded(operation)) return false;', to: '' },
  },
];
