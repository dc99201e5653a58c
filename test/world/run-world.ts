import { DeleteResourcePolicyCommand } from '@aws-sdk/client-dynamodb';
import { hireOperator } from './actors/operator.ts';
import { openShop } from './actors/shop.ts';
import { NOTHING_SHOWN } from './check/going-back.ts';
import type { DeployedService } from './deployed.ts';
import { migrationsOf, objectBody, restoresOf, runsOf } from './holdings.ts';
import { startMappings } from './mappings.ts';
import { createMemory } from './memory.ts';
import type { Strike } from './misfortunes.ts';
import { drawPlan } from './draw-plan.ts';
import type { OperatorAct, Plan } from './plan.ts';
import { type Scene, untilRest } from './scene.ts';
import { splitShop } from './split-shop.ts';
import { stock } from './stock.ts';
import { followRun } from './sync-story.ts';
import { refusalOf, watchRequests, watchTransactions } from './watch.ts';
import { createWorld, type World } from './world.ts';

/** Which world, and how. */
export interface WorldCase {
  readonly seed: number;
  readonly trace?: ((line: string) => void) | undefined;
  /** The misfortunes that happen, by their ordinals; absent: all. */
  readonly only?: ReadonlySet<number> | undefined;
  /** The theme that the plan has; absent: the seed decides. */
  readonly theme?: string | undefined;
}

/** How a world ended. */
export interface WorldResult {
  readonly seed: number;
  /** Name of its theme. */
  readonly theme: string | undefined;
  /** One sentence for each promise that did not hold. */
  readonly violations: readonly string[];
  readonly struck: readonly Strike[];
  /** Status of each run, in their order. */
  readonly ends: readonly string[];
  /** With what states have failed in the end: `migrate CreateTables TableQuotaError`. */
  readonly stateFailures: readonly string[];
  readonly events: number;
  readonly virtualMillis: number;
}

/** Runs one world to its end, and judges it. */
export async function runWorld(
  deployed: DeployedService,
  { seed, trace, only, theme }: WorldCase,
): Promise<WorldResult> {
  const plan = drawPlan(seed, theme);
  const { timeoutMillis, leavesTablesOpen, clocksOffMillis } = plan;
  const options = { seed, trace, only, timeoutMillis, leavesTablesOpen, clocksOffMillis };
  const world = createWorld(plan.isSplit ? { ...deployed, migration: splitShop } : deployed, options);
  stock(world, plan);
  const begun = world.scheduler.now();
  const found = await live(world, plan).catch((error: unknown) => [
    `the world ended: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  ]);
  return {
    seed,
    theme: plan.theme,
    violations: found,
    struck: world.misfortunes.struck,
    ends: runsOf(world).map(({ status }) => String(status)),
    stateFailures: world.stateFailures,
    events: world.scheduler.count(),
    virtualMillis: world.scheduler.now() - begun,
  };
}

async function live(world: World, plan: Plan): Promise<readonly string[]> {
  const memory = createMemory(world);
  if (plan.sync !== undefined) startMappings(world);
  const scene: Scene = {
    world,
    plan,
    memory,
    shop: openShop(world, memory),
    operator: hireOperator(world, plan.input),
    isTampered: false,
    told: { shown: NOTHING_SHOWN, counted: new Map(), struck: 0, openClaims: 0 },
    isLast: false,
    isFrozen: false,
  };
  const writes: string[] = [];
  watchRequests(scene, writes);
  watchTransactions(scene, writes);
  world.trouble = plan.trouble;
  world.refusal = (request) => refusalOf(plan, request);
  const isHasty = plan.isHasty && plan.followUps.length > 0;
  const first = await untilRest(scene, () => scene.operator.start(), isHasty);
  const early = first.length > 0 || !plan.mustSucceed ? first : failedFor(scene);
  const problems = early.length > 0 ? early : await goOn(scene);
  return [...writes, ...problems];
}

/** A fault that passes is waited out. */
function failedFor({ world }: Scene): readonly string[] {
  const status = String(migrationsOf(world).at(-1)?.['status']);
  const [execution] = world.aws.state.executions.values();
  return status === 'SUCCEEDED' && execution?.status === 'SUCCEEDED'
    ? []
    : [`4: the run ended ${status} for faults that pass (${failureOf(world).slice(0, 500)})`];
}

/** What comes after the first run, until a promise is found broken. */
async function goOn(scene: Scene): Promise<readonly string[]> {
  const { world, plan } = scene;
  const early = await carryOut(scene, plan.beforeSync);
  if (early.length > 0) return early;
  const last = migrationsOf(world).findLast(({ status }) => status !== 'PLANNED');
  if (plan.sync !== undefined && last?.['status'] === 'SUCCEEDED') {
    const found = await followRun(scene, plan.sync);
    if (found.length > 0) return found;
  }
  const late = await carryOut(scene, plan.followUps);
  if (late.length > 0) return late;
  const failed = plan.mustSucceed ? failedFor(scene) : [];
  if (failed.length > 0) return failed;
  const finished = await finish(scene);
  return finished.length > 0 ? finished : goAgain(scene);
}

async function carryOut(scene: Scene, acts: readonly OperatorAct[]): Promise<readonly string[]> {
  const { world, plan, operator } = scene;
  for (const [index, act] of acts.entries()) {
    if (!world.misfortunes.happens('operator', act)) continue;
    if (plan.isTroubledAfterwards) world.trouble = plan.trouble;
    const isHasty = plan.isHasty && index + 1 < acts.length;
    const found = await untilRest(scene, () => operator.act(act), isHasty);
    if (found.length > 0) return found;
  }
  return [];
}

/** Does what the report of a run without a good end advises. */
async function finish(scene: Scene): Promise<readonly string[]> {
  const { operator, world } = scene;
  if (runsOf(world).some((run) => run['status'] === 'SYNCING')) {
    const found = await untilRest(scene, () => operator.sync({ action: 'cancel' }));
    if (found.length > 0) return found;
  }
  // What somebody does meanwhile may leave another run that waits.
  const seen = new Set<string>();
  for (;;) {
    const run = waitingRuns(world).find(({ runId }) => !seen.has(runId));
    if (run === undefined) return [];
    seen.add(run.runId);
    const found = await finishRun(scene, run);
    if (found.length > 0) return found;
  }
}

async function finishRun(scene: Scene, { runId, kind, isHeld }: WaitingRun): Promise<readonly string[]> {
  const { operator, world } = scene;
  if (kind === 'migrate' && isHeld) {
    const found = await untilRest(scene, () => operator.resume(runId));
    if (found.length > 0) return found;
  }
  const isWaiting = waitingRuns(world).some((run) => run.runId === runId);
  return isWaiting ? untilRest(scene, () => operator.rollBack(runId)) : [];
}

type WaitingRun = ReturnType<typeof waitingRuns>[number];

/** Runs that wait for somebody. */
function waitingRuns(world: World) {
  return runsOf(world).flatMap((run) => {
    const { status, kind } = run;
    const isHeld = status === 'HELD';
    return isHeld || status === 'ROLLBACK_FAILED' ? [{ runId: String(run['runId']), kind, isHeld }] : [];
  });
}

/** Promise 4: another run without trouble succeeds, and so does another restore, unless its backup is damaged. */
async function goAgain(scene: Scene): Promise<readonly string[]> {
  const { world, plan } = scene;
  scene.isLast = true;
  const found = plan.startsAgain ? await startAgain(scene) : [];
  return found.length > 0 || restoresOf(world).length === 0 ? found : restoreAgain(scene);
}

async function startAgain(scene: Scene, name = 'again'): Promise<readonly string[]> {
  const { world, plan } = scene;
  // A table that the shop has switched to is not written without a word.
  const switched = runsOf(world).findLast((run) => run['status'] === 'SWITCHED')?.['runId'];
  const again = hireOperator(world, {
    ...plan.input,
    dryRun: false,
    maxQuarantined: 1_000,
    ...(switched !== undefined && { confirm: switched }),
  });
  const count = migrationsOf(world).length;
  const found = await untilRest(scene, () => again.start(name));
  const newest = migrationsOf(world).at(-1);
  if (found.length > 0) return found.map((gap) => `4: ${gap}`);
  if (migrationsOf(world).length > count && newest?.['status'] === 'SUCCEEDED') return [];
  if (name === 'again' && (await openAsAdvised(scene))) return startAgain(scene, 'opened');
  return [`4: the next run ended ${String(newest?.['status'])} (${failureOf(world).slice(0, 500)})`];
}

/** Somebody has removed the record of a run that was being rolled back, and the next run says how to open its tables. */
async function openAsAdvised(scene: Scene): Promise<boolean> {
  const { clients } = scene.world;
  const [, ResourceArn] =
    /delete-resource-policy --resource-arn (\S+[\w-])/.exec(failureOf(scene.world)) ?? [];
  if (!scene.isTampered || ResourceArn === undefined) return false;
  await untilRest(scene, () => clients.dynamo.send(new DeleteResourcePolicyCommand({ ResourceArn })));
  await finish(scene);
  return true;
}

async function restoreAgain(scene: Scene): Promise<readonly string[]> {
  const { world, operator } = scene;
  const found = await untilRest(scene, () => operator.restore());
  const newest = restoresOf(world).at(-1);
  if (found.length > 0) return found.map((gap) => `4: ${gap}`);
  const isDone = newest?.['runId'] === 'restored-again' && newest['status'] === 'SUCCEEDED';
  return isDone || namesDamage(scene)
    ? []
    : [`4: the next restore ended ${String(newest?.['status'])} (${failureOf(world)})`];
}

/** The last execution has refused a backup for a file that somebody has damaged. Without its summary, a backup is none. */
function namesDamage({ world, memory }: Scene): boolean {
  const failure = failureOf(world);
  const damaged = [...memory.damaged.keys()];
  const isUnsealed = damaged.some(
    (key) => key.endsWith('/manifest-summary.json') && objectBody(world, key) === undefined,
  );
  return (
    (failure.startsWith('BackupDamagedError') && damaged.some((key) => failure.includes(key))) ||
    (failure.startsWith('BackupNotFoundError') && isUnsealed)
  );
}

function failureOf({ aws }: World): string {
  const { error = 'no error', cause = '' } = [...aws.state.executions.values()].at(-1) ?? {};
  return `${error}: ${cause}`;
}
