import { expect, it } from 'vitest';
import { freePort, startDynoxide } from '../../../workflow/local/dynamodb/dynoxide.ts';

it('an engine has a port of its own, also where another one has taken the port that was free a moment ago', async () => {
  const first = await startDynoxide();
  const ports = [Number(new URL(first.url).port)];
  const second = await startDynoxide(async () => ports.shift() ?? freePort());
  expect(second.url).not.toBe(first.url);
  await Promise.all([first.stop(), second.stop()]);
});
