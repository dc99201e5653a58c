import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { median } from './measurement.ts';

const PASSES = 3;

/** Seconds from the command to the summary of a migration of 1,000 products; each pass one after the other. */
export async function measureNpmStart(): Promise<number> {
  const seconds: number[] = [];
  for (let pass = 0; pass < PASSES; pass += 1) seconds.push(await startOnce());
  return median(seconds);
}

async function startOnce(): Promise<number> {
  const startedAt = performance.now();
  const child = spawn('npm', ['start', '--', '--products', '1000'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let summaryAt = Number.NaN;
  child.stdout.on('data', (text: Buffer) => {
    if (Number.isNaN(summaryAt) && text.includes('Succeeded.')) summaryAt = performance.now();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0 || Number.isNaN(summaryAt)) throw new Error(`npm start ended with ${code ?? 'a signal'}.`);
  return (summaryAt - startedAt) / 1_000;
}
