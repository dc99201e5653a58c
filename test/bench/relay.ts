import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** A way to the engine on which every answer takes longer, in a process of its own. */
export interface Relay {
  readonly url: string;
  stop(): void;
}

const script = fileURLToPath(new URL('./relay-process.ts', import.meta.url));

export async function startRelay(engineUrl: string, delayMillis: number): Promise<Relay> {
  const child: ChildProcess = fork(script, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const listening = new Promise<number>((resolve, reject) => {
    child.once('message', (port) => resolve(port as number));
    child.once('exit', (code) => reject(new Error(`The relay ended with ${code ?? 'a signal'}.`)));
  });
  child.send({ port: Number(new URL(engineUrl).port), delayMillis });
  return { url: `http://127.0.0.1:${await listening}`, stop: () => void child.kill() };
}
