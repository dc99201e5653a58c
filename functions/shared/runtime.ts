import { migration } from '#migration/index.ts';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Logger } from '@aws-lambda-powertools/logger';
import { createLogger } from './logger.ts';
import { type ObjectStore, objectStore } from './aws/object-store.ts';
import { type Clients, createClients } from './aws/clients.ts';
import { type Config, readConfig } from './env.ts';
import { bucketName } from './names.ts';
import { createInDoubt, type InDoubt } from './aws/in-doubt.ts';
import type { LedgerTable } from './ledger/ledger-table.ts';
import type { Migration } from './migration/migration.ts';
import { type Clock, SYSTEM_CLOCK } from './retry.ts';
import { type ItemTable, itemTable } from './aws/item-table.ts';

/** Everything that a stage depends on, and its first argument. Built once per cold start, replaced in tests. */
export interface Runtime {
  readonly config: Config;
  /** What is migrated; the one that `#migration` in package.json names. */
  readonly migration: Migration;
  readonly clients: Clients;
  readonly ledger: LedgerTable;
  readonly items: ItemTable;
  readonly objects: ObjectStore;
  /** Twelve digits. */
  readonly accountId: string;
  /** Backup bucket of the stack. */
  readonly bucket: string;
  readonly clock: Clock;
  /** Waits this many milliseconds by {@link clock}. */
  readonly sleep: (millis: number) => Promise<unknown>;
  /** Requests of this sandbox that got no answer. */
  readonly inDoubt: InDoubt;
  /** In [0, 1). */
  readonly random: () => number;
  /** An id that nobody else has: of a call, a request, a claim. */
  readonly newId: () => string;
  readonly logger: Logger;
}

/** What one invocation has left. */
export interface Turn {
  /** Milliseconds until Lambda ends the invocation. */
  readonly remainingMillis: () => number;
  /** Unique to the invocation. */
  readonly requestId: string;
}

/** A worker with less time left than this saves its checkpoint and returns. Covers a request (10 s), its drain and the checkpoint. */
export const RESERVE_MILLIS = 20_000;

/** Until when a call may begin what it does. */
export interface Deadlines {
  /** Epoch milliseconds after which no request begins but the ones that save what is done. */
  readonly deadline: number;
  /** Epoch milliseconds until which saving what is done may go on trying. */
  readonly saveDeadline: number;
}

/** Keeps back {@link RESERVE_MILLIS}, or a quarter of a smaller time limit; half of it is for saving. */
export function deadlinesOf(clock: Clock, turn: Turn): Deadlines {
  const remaining = turn.remainingMillis();
  const reserve = Math.min(RESERVE_MILLIS, remaining / 4);
  const end = clock.now() + remaining;
  return { deadline: end - reserve, saveDeadline: end - reserve / 2 };
}

/** The fence: a look of at most 5 s, a request of at most 20 s, and 5 s for flight and clocks. */
export function fenceMillisOf({ fenceWaitSeconds }: Pick<Config, 'fenceWaitSeconds'>): number {
  return fenceWaitSeconds * 1_000;
}

/** How long a request without an answer may still take effect: one fence for its sender and one for its way. */
export function doubtMillisOf(config: Pick<Config, 'fenceWaitSeconds'>): number {
  return 2 * fenceMillisOf(config);
}

/** Until when requests of this sandbox may still take effect (epoch milliseconds); `undefined`: none is in doubt. */
export function inDoubtUntil({ inDoubt, clock }: Pick<Runtime, 'inDoubt' | 'clock'>): number | undefined {
  return inDoubt.until > clock.now() ? inDoubt.until : undefined;
}

/**
 * Begins to watch for requests of this sandbox that change something and get no answer.
 *
 * @returns asks for the result: until when such a request may still take effect (epoch milliseconds); `undefined`: there
 *   was none since
 */
export function watchDoubt({ inDoubt }: Pick<Runtime, 'inDoubt'>): () => number | undefined {
  const before = inDoubt.until;
  return () => (inDoubt.until > before ? inDoubt.until : undefined);
}

let cached: Promise<Runtime> | undefined;

/**
 * The runtime of this sandbox. The function's ARN, where it is known, names the account, so that a cold start need not
 * ask STS for it.
 *
 * @throws ConfigurationError (not retried); the STS client's errors, which are (the next call tries again).
 */
export function getRuntime(functionArn: string | undefined): Promise<Runtime> {
  cached ??= createRuntime(functionArn).catch((error: unknown) => {
    cached = undefined;
    throw error;
  });
  return cached;
}

async function createRuntime(functionArn: string | undefined): Promise<Runtime> {
  const config = readConfig(migration.settings);
  const clock = SYSTEM_CLOCK;
  const inDoubt = createInDoubt(clock, doubtMillisOf(config));
  const clients = createClients(inDoubt);
  const accountId = accountOf(functionArn) ?? (await askAccount(clients));
  const bucket = bucketName({ ...config, accountId });
  return {
    config,
    migration,
    clients,
    ledger: { client: clients.ledger, tableName: config.ledgerTable, clock },
    items: itemTable(clients.dynamo),
    objects: objectStore(clients.s3, bucket, clock),
    accountId,
    bucket,
    clock,
    sleep: clock.sleep,
    inDoubt,
    random: clock.random,
    newId: () => crypto.randomUUID(),
    logger: createLogger(config.service),
  };
}

const accountOf = (functionArn = ''): string | undefined =>
  /^arn:[^:]+:lambda:[^:]+:(\d{12}):function:/.exec(functionArn)?.[1];

async function askAccount({ sts }: Pick<Clients, 'sts'>): Promise<string> {
  const { Account = '' } = await sts.send(new GetCallerIdentityCommand({}));
  return Account;
}
