/**
 * How quick the services and one worker are. Times of AWS are what its users commonly see, on the slow
 * side; a worker's own speed is what the planner counts on (`functions/shared/cost/throughput.ts`), and where that is
 * coarser than what is modelled, what follows.
 */

/** Step Functions' way from one state to the next. */
export const transitionMillis = 40;
/** A new sandbox with the bundle loaded and the first connections made. */
export const coldStartMillis = 700;
/** A call of a warm function beside what it does. */
export const invokeMillis = 30;
/** A request to the ledger. */
export const ledgerMillis = 8;
/** A Query page of 1 MB. */
export const ledgerPageMillis = 120;
/** An object of up to 8 MiB, there or back. */
export const objectMillis = 250;
/** A page of a listing, 1,000 objects. */
export const listMillis = 200;
/** Products a second that one worker reads, digests, transforms and digests again: half of what a laptop does. */
export const transformedPerSecond = 6_000;
/** Products a second that one worker reads back and digests, likewise. */
export const digestedPerSecond = 15_000;
/** A table's way to ACTIVE. */
export const createTableMillis = 12_000;
/** TestConnection, BeginRun, CompleteRun: a handful of requests each. */
export const stepMillis = 400;
/** The writer drains before each checkpoint. */
export const checkpointEveryMillis = 5_000;
export const checkpointMillis = 60;
/** The run is looked at this often while a worker writes. */
export const fenceEveryMillis = 2_500;

/** A file's record in the ledger. */
export const fileRecordBytes = 750;
/** A checkpoint with its marks, digests and samples. */
export const checkpointBytes = 2_600;
/** The run's record without the plan's lists. */
export const runRecordBytes = 3_000;
