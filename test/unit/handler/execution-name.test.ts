import { describe, expect, it } from 'vitest';
import { handler as controlSync } from '../../../functions/control-sync/handler.ts';
import { handler as restoreFromBackup } from '../../../functions/restore-from-backup/handler.ts';
import { handler as testConnection } from '../../../functions/test-connection/handler.ts';
import type { Runtime } from '../../../functions/shared/runtime.ts';
import { nextStepOf } from '../../../functions/shared/runs/next-step.ts';

/** Nothing of it is asked before the payload is read. */
const runtime = {
  config: {},
  logger: { addContext: () => undefined },
  newId: () => 'call-1',
} as unknown as Runtime;

const execution = {
  id: 'arn:aws:states:us-east-1:123456789012:execution:m:nightly.2026-11-30',
  name: 'nightly.2026-11-30',
  startTime: '2026-11-30T00:00:00.000Z',
};

describe('an execution whose name cannot be the id of a run', () => {
  it.each([
    ['migrate', testConnection, { input: {}, execution }],
    ['restore', restoreFromBackup, { action: 'prepare', input: {}, execution }],
    ['sync', controlSync, { action: 'begin', input: {}, execution }],
  ])('of %s is refused for its name, and not for an input that may be right', async (_, handler, payload) => {
    await expect(handler.with(runtime)(payload)).rejects.toMatchObject({
      name: 'ExecutionNameError',
      message:
        'The name of the execution becomes the id of the run, so it may have at most 80 letters, digits, _ and -. Nothing was changed. Start the state machine again under another name.',
    });
  });

  it('is started again by the command, which chooses a name', () => {
    const ending = { status: 'REFUSED', runId: execution.name, isRestore: false } as const;
    const place = { stage: 'prod', region: 'ap-southeast-2' };
    expect(nextStepOf({ ...ending, error: 'ExecutionNameError' }, place)).toContain(
      'npm run migrate -- --stage prod\n',
    );
  });
});
