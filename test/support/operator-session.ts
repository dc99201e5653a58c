import { stripVTControlCharacters } from 'node:util';
import { type RecordOptions, type Recording, recordCommand } from '../integration/cli/run-command.ts';
import type { TestShop } from './migration.ts';
import { catalogueTable } from './shop.ts';

/** The commands of {@link playSession}, in the order in which they were given. */
export interface OperatorSession {
  readonly migrate: Recording;
  readonly pause: Recording;
  readonly throttle: Recording;
  readonly unpause: Recording;
  readonly rollback: Recording;
}

/** Products of the shop, and its cap: it writes for a quarter of a minute, in which it is paused. */
export const SESSION_PRODUCTS = 300;
const WRITE_UNITS_PER_SECOND = '100';

export interface SessionOptions extends RecordOptions {
  /** Told the id of the run as soon as it writes. */
  readonly onWriting?: (runId: string) => void;
}

/**
 * An operator with two terminals: one follows a migration, and from the other it is paused as soon as it writes, goes on
 * without its cap, and is rolled back in the end.
 */
export async function playSession(
  { aws }: TestShop,
  { onWriting, ...options }: SessionOptions,
): Promise<OperatorSession> {
  const type = (name: string, args: readonly string[], more: RecordOptions = {}): Promise<Recording> =>
    recordCommand(name, ['--stage', 'local', ...args], {
      ...options,
      ...more,
      environment: { AWS_ENDPOINT_URL: aws.endpoint, ...options.environment },
    });
  const isWriting = watchFor(/ MigrateProducts +[━─]+ +(?!0 )[1-9]/);
  const isPaused = watchFor(/paused since/);
  const migrating = type('migrate', ['--write-units-per-second', WRITE_UNITS_PER_SECOND], {
    onWritten: (soFar) => [isWriting, isPaused].forEach((watch) => watch.look(soFar)),
  });
  const written = await Promise.race([isWriting.seen, migrating.then(ended)]);
  const [, runId = ''] = /:(migrate-[\w-]+)/.exec(written) ?? [];
  // However long the commands take, the writing does not end before them.
  const held = aws.faults.add({ operation: 'BatchWriteItem', table: catalogueTable.name, kind: 'held' });
  onWriting?.(runId);
  const pause = await type('pause', [runId]);
  await Promise.race([isPaused.seen, migrating.then(ended)]);
  held.remove();
  held.release();
  const throttle = await type('throttle', [runId, '--write', '0']);
  const unpause = await type('unpause', [runId]);
  const migrate = await migrating;
  const rollback = await type('rollback', [runId, '--confirm', runId]);
  return { migrate, pause, throttle, unpause, rollback };
}

function ended({ stdout, stderr }: Recording): never {
  throw new Error(`The migration ended too early:\n${stdout}\n${stderr}`);
}

/** Waits for words on a terminal; resolves to all that was written until then. */
function watchFor(words: RegExp): { readonly seen: Promise<string>; readonly look: (soFar: string) => void } {
  const { promise, resolve } = Promise.withResolvers<string>();
  const look = (soFar: string): void => {
    const plain = stripVTControlCharacters(soFar);
    if (words.test(plain)) resolve(plain);
  };
  return { seen: promise, look };
}
