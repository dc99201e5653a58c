import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { HostAnswer, HostRequest, Spent } from './messages.ts';

/** A child process with one module loaded. */
export interface Host {
  /** Milliseconds that loading the module took. */
  readonly loadMillis: number;
  /** Processor time of it, milliseconds. */
  readonly loadCpuMillis: number;
  call(payload: unknown): Promise<{ readonly result: unknown; readonly spent: Spent }>;
  stop(): Promise<void>;
}

/** What a host loads, and with which environment. */
export interface HostParts {
  readonly modulePath: string;
  readonly exportName: string;
  /** Absent where the module is no function of the service. */
  readonly functionArn?: string;
  readonly env: Readonly<Record<string, string>>;
}

const script = fileURLToPath(new URL('./host-process.ts', import.meta.url));

/** The one setting that measured processes take over from this one. */
const profiles = process.env['BENCH_PROFILES'];

/** Starts a process; what its code writes is dropped, its errors are shown. */
export async function startHost({ modulePath, exportName, functionArn, env }: HostParts): Promise<Host> {
  const child = fork(script, {
    env: profiles === undefined ? env : { ...env, BENCH_PROFILES: profiles },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const loaded = await ask(child, { kind: 'load', modulePath, exportName, functionArn });
  if (loaded.kind !== 'loaded') throw new Error('The module was not loaded.');
  return {
    loadMillis: loaded.millis,
    loadCpuMillis: loaded.cpuMillis,
    async call(payload) {
      const answer = await ask(child, { kind: 'call', payload });
      if (answer.kind !== 'done') throw new Error('The call was not answered.');
      return { result: answer.result, spent: answer.spent };
    },
    stop: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.once('exit', () => resolve());
        child.kill();
      }),
  };
}

function ask(child: ChildProcess, request: HostRequest): Promise<Exclude<HostAnswer, { kind: 'failed' }>> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      child.off('message', onMessage).off('exit', onExit);
      act();
    };
    const onMessage = (answer: HostAnswer): void =>
      settle(() => (answer.kind === 'failed' ? reject(new Error(answer.message)) : resolve(answer)));
    const onExit = (code: number | null): void =>
      settle(() => reject(new Error(`A process ended with ${code ?? 'a signal'}.`)));
    child.on('message', onMessage).on('exit', onExit);
    child.send(request);
  });
}
