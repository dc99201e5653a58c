import { activeBulkOperations, stepBulk } from './aws/dynamodb/bulk/step-bulk.ts';
import type { BulkOperation } from './aws/dynamodb/bulk/bulk-state.ts';
import type { World } from './world.ts';

/** How long DynamoDB takes for a line, and how long where it is slow. */
const LINE_MILLIS = 40;
const SLOW_MILLIS = 15_000;

type Carried = Pick<World, 'aws' | 'scheduler' | 'misfortunes'>;

/** DynamoDB carries on each bulk put that nobody carries on yet, line by line. */
export function carryOnBulkPuts(world: Carried, known: Set<string>): void {
  for (const operation of activeBulkOperations(world.aws)) {
    if (known.has(operation.arn)) continue;
    known.add(operation.arn);
    carryOn(world, operation);
  }
}

function carryOn(world: Carried, operation: BulkOperation): void {
  const { scheduler, misfortunes, aws } = world;
  const name = (): string => `the bulk put into ${operation.tableName}`;
  const most = misfortunes.strikes('slow', name) ? SLOW_MILLIS : LINE_MILLIS;
  scheduler.after(scheduler.between(1, most), '', () => {
    const isBegun = operation.lines !== undefined;
    const isLeft = stepBulk(aws.aws, operation);
    if (!isBegun && misfortunes.strikes('failed', name)) spoilLine(operation);
    if (isLeft) carryOn(world, operation);
    else scheduler.note(() => `${name()} ends: ${operation.status}`);
  });
}

/** A line that DynamoDB cannot write, for a reason of its own. */
function spoilLine({ lines = [] }: BulkOperation): void {
  const [first] = lines.splice(0, 1);
  if (first === undefined) return;
  const { s3Key, lineNumber } = first;
  lines.push({ s3Key, lineNumber, problem: 'The line could not be written.' });
}
