import * as z from 'zod';

/**
 * Every payload that travels between the states, one schema per hop. Payloads hold names, small numbers and flags. Items,
 * their keys and cursors with key values are in S3 and in the ledger.
 */

const RUN_ID_PATTERN = /^[A-Za-z0-9_-]{1,80}$/;

/** A run's id, which is the name of the execution that began it. Keys of the ledger and the bucket contain it. */
export const runIdSchema = z
  .string()
  .regex(RUN_ID_PATTERN, 'must be the id of a run: letters, digits, _ and -, at most 80');

/** ARN of an execution, or `manual:<run id>:<request id>` of a step called alone. */
export const executionArnSchema = z
  .string()
  .max(400)
  .regex(/^(arn|manual):\S+$/, 'must be the ARN of an execution');

/** What `Prepare` notes of the execution. Read by every state outside a Map. */
const executionSchema = z.lazy(() =>
  z.object({
    /** ARN of the execution. */
    id: executionArnSchema,
    /** Name of the execution. Step Functions takes more characters than a run's id may have. */
    name: z.string().min(1).max(80),
    /** ISO 8601. */
    startTime: z.iso.datetime({ offset: true }).max(40),
  }),
);
export type Execution = z.infer<typeof executionSchema>;

/** An execution that begins a run: its name becomes the run's id. */
export const beginningSchema = z.lazy(() =>
  executionSchema.unwrap().extend({
    name: z
      .string()
      .regex(RUN_ID_PATTERN, 'becomes the id of the run, so it may have at most 80 letters, digits, _ and -'),
  }),
);

/** A Map over less than all of `[0..n-1]` would silently leave something out. */
const indexes = z.lazy(() =>
  z
    .array(z.number())
    .min(1)
    .max(1000)
    .refine((numbers) => numbers.every((number, index) => number === index), 'must be the numbers from 0'),
);

/** TestConnection -> BeginRun: how the run is cut. */
export const planSchema = z.lazy(() =>
  z.object({
    /** `[0..n-1]`: Scan segments of the source, and of the target when it is verified. */
    segments: indexes,
    /** `[0..n-1]`: shards of the backup's files. */
    shards: indexes,
    /** Map workers at once. */
    workers: z.number().int().min(1).max(1000),
    /** Items in one backup file, at most. */
    itemsPerFile: z.number().int().min(1),
    /** Cap over all workers in read units a second; 0: none. */
    readUnitsPerSecond: z.number().min(0),
    /** Cap over all workers in write units a second; 0: none. */
    writeUnitsPerSecond: z.number().min(0),
    /** Indexes of the filled table that has most of them; absent: none. A write takes units of the cap for each. */
    indexes: z.number().int().min(1).optional(),
    /** Products that the table probably holds: by DescribeTable, up to six hours old, or counted if the table is small. */
    estimatedProducts: z.number().min(0),
    estimatedBytes: z.number().min(0),
    /** What one source item becomes on average, measured on the first of them. Absent: assumed as for the shop's. */
    made: z
      .object({
        items: z.number(),
        bytes: z.number(),
        writeUnits: z.number(),
        indexWriteUnits: z.number(),
        indexStorageBytes: z.number(),
      })
      .optional(),
    /** DynamoDB's TableId of the source. BeginRun notes it in the run instead of the plan. */
    sourceTableId: z.string().optional(),
    /** The source's time to live attribute, if time to live is on. */
    timeToLiveAttribute: z.string().optional(),
    /** What fills the tables, and a clause that says why; absent: batch. */
    writeEngine: z.object({ engine: z.enum(['batch', 'bulk']), why: z.string() }).optional(),
    /** Class of one of the run's tables that is not Standard, whose prices nobody has written down. */
    unpricedClass: z.string().optional(),
    /** Present where the source has provisioned capacity, which is paid for anyway. */
    sourceBilling: z.literal('PROVISIONED').optional(),
    /**
     * Seconds and dollars of a whole run, estimated; of a run by bulk put the seconds without it. No dollars: a price is
     * unknown.
     */
    estimate: z.object({ seconds: z.number(), dollars: z.number().optional() }),
    /** Events of all Maps in the history of an INLINE run, at most. Absent where nobody has counted them. */
    mapEvents: z.number().int().min(0).optional(),
    /** Sentences for the report. */
    warnings: z.array(z.string()).max(20),
  }),
);
export type Plan = z.infer<typeof planSchema>;

/** TestConnection's payload: the first state that sees what was typed. Its answer is the {@link Plan}. */
export const testConnectionSchema = z.lazy(() =>
  z.object({
    input: z.unknown(),
    /** Absent where it is called alone. */
    execution: beginningSchema.optional(),
    /** Asks for the list of checks instead of the plan. Stops are listed, not thrown. */
    check: z.boolean().optional(),
  }),
);
export type TestConnectionInput = z.infer<typeof testConnectionSchema>;

/** BeginRun's payload: the whole state so far. */
export const beginRunSchema = z.lazy(() =>
  z.object({
    machine: z.literal('migrate'),
    input: z.unknown(),
    execution: beginningSchema,
    tested: z.object({ plan: planSchema }),
  }),
);
export type BeginRunInput = z.infer<typeof beginRunSchema>;

/** BeginRun's answer, which replaces the state: the plan is left out once the run has it. */
export interface BeginRunOutput extends Omit<BeginRunInput, 'tested'> {
  /** Kept for `RECOVER` only, because BeginRun is called again. */
  readonly tested?: BeginRunInput['tested'];
  readonly run: BegunRun;
}

/** BeginRun -> Choice, every Map and every later state. */
export interface BegunRun {
  /**
   * `RESUMED`: a held or planned run continues. `RECOVER`: a dead run has the lock and must be recovered first. Then
   * BeginRun is called again.
   */
  readonly outcome: 'BEGUN' | 'RESUMED' | 'RECOVER';
  /** The run to work on, or, for `RECOVER`, the dead one. */
  readonly runId: string;
  readonly dryRun: boolean;
  /** Which of MigrateProducts and BulkLoad fills the tables. */
  readonly writeEngine: 'batch' | 'bulk';
  readonly segments: readonly number[];
  readonly shards: readonly number[];
  readonly workers: number;
}

/** Payload of every worker inside a Map, in and out: a worker returns what its next turn is called with. */
export const workerSchema = z.lazy(() =>
  z.strictObject({
    runId: runIdSchema,
    /** ARN of the execution the run belongs to: a worker of any other execution changes nothing. */
    executionArn: executionArnSchema,
    /** Which segment or shard. */
    shard: z.number().int().min(0).max(999),
    /** Turns taken so far; absent at the first. */
    turn: z.number().int().min(0).optional(),
    /** True when the shard is finished. Otherwise the Choice calls the worker again. */
    done: z.boolean().optional(),
    /** How far the last turn got, for readers of the history. The ledger's checkpoint decides. */
    itemsDone: z.number().int().min(0).optional(),
    /** Present while the run is paused: when the worker is called again. */
    waitSeconds: z.number().int().min(1).optional(),
  }),
);
export type WorkerInput = z.infer<typeof workerSchema>;

/** A worker's answer. */
export interface WorkerOutput extends WorkerInput {
  readonly turn: number;
  readonly done: boolean;
  readonly itemsDone: number;
}

/** Payload of a state that works on the run as a whole (SealBackup, the CreateTables branches, JudgeDigests, CompleteRun). */
export const runStepSchema = z.lazy(() =>
  z.strictObject({ runId: runIdSchema, executionArn: executionArnSchema }),
);
export type RunStepInput = z.infer<typeof runStepSchema>;

/** BulkLoad -> Choice -> Wait | the verification. */
export interface BulkLoadTurn {
  /** True when every operation has ended and everything of it is counted. */
  readonly done: boolean;
  readonly waitSeconds: number;
}

/** JudgeDigests -> Choice. */
export interface JudgedDigests {
  /** True when a digest differs, or a target existed before: compare key by key. */
  readonly byKey: boolean;
}

/** JudgeCompare -> Choice, and the output of a compare: source items, but for `conflicts`, which are target items. */
export interface ComparedOutput {
  /** Still different, because nothing was to be repaired, or because they changed at every look. */
  readonly differing: number;
  readonly repaired: number;
  /** Target items that the shop has changed. They stay. */
  readonly conflicts: number;
  /** Cannot be transformed. Their target items stay. */
  readonly quarantined: number;
}

/** A caught failure, as Step Functions writes it. `Cause` is the function's error as JSON, or a sentence. */
export const failureSchema = z.lazy(() =>
  z.object({ Error: z.string().optional(), Cause: z.string().optional() }),
);
export type Failure = z.infer<typeof failureSchema>;

/**
 * RollBack's payload. After a Catch it is the whole state of `migrate` or `restore`. From `rollback` it has the input.
 * From RecoverPrevious it names a dead run.
 */
export const rollBackSchema = z.lazy(() =>
  z.discriminatedUnion('machine', [
    z.object({
      machine: z.enum(['migrate', 'restore']),
      execution: executionSchema,
      /** Absent: TestConnection itself failed, so nothing was begun. */
      tested: z.unknown().optional(),
      run: z.unknown().optional(),
      failure: failureSchema,
    }),
    z.object({ machine: z.literal('rollback'), execution: executionSchema, input: z.unknown() }),
    z.object({ machine: z.literal('recover'), execution: executionSchema, runId: runIdSchema }),
  ]),
);
export type RollBackInput = z.infer<typeof rollBackSchema>;

/** Input of the `rollback` machine, as typed or as `recoverRun` sends it. */
export const rollBackRequestSchema = z.lazy(() =>
  z.strictObject({
    runId: runIdSchema,
    /**
     * Needed for a run that a later one relies on: the id of the latest such run. Also needed for any other run that
     * succeeded: its own id.
     */
    confirm: runIdSchema.optional(),
    /** A dead run is recovered as its `onFailure` says; without it, it is rolled back. */
    recover: z.boolean().optional(),
    /** The console fills this in; ignored. */
    Comment: z.unknown().optional(),
  }),
);
export type RollBackRequest = z.infer<typeof rollBackRequestSchema>;

/** RollBack -> Choice -> Wait | an end. */
export interface RollBackTurn {
  readonly done: boolean;
  readonly waitSeconds: number;
  /**
   * `REFUSED`: no run was begun, another execution works on it, or the request to `rollback` cannot be granted. This
   * execution has changed nothing. `SUCCEEDED`: the run is past its commit, and nothing was rolled back.
   */
  readonly end: 'ROLLED_BACK' | 'HELD' | 'ROLLBACK_FAILED' | 'SUCCEEDED' | 'REFUSED' | 'PENDING';
  /** The original error's name. */
  readonly error: string;
  /** What failed, what was rolled back, and where the report is. */
  readonly cause: string;
  /** The report, for `SUCCEEDED` only. */
  readonly report: unknown;
}
