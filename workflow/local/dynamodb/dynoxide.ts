import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';

/** A running engine. */
export interface Engine {
  readonly url: string;
  stop(): Promise<void>;
}

const START_SECONDS = 20;
const ATTEMPTS = 5;

/**
 * Starts the DynamoDB engine, in memory, on a port of its own.
 *
 * @throws Error with what to do, where this machine has no binary of it
 */
export async function startDynoxide(): Promise<Engine> {
  const binary = findBinary();
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const child = spawn(binary, ['--host', '127.0.0.1', '--port', String(port)], { stdio: 'ignore' });
    const url = `http://127.0.0.1:${port}`;
    endWithThisProcess(child);
    if (await isUp(child, url)) return { url, stop: () => stopChild(child) };
    await stopChild(child);
    // Another process may have taken the port between its discovery and its use.
    if (attempt === ATTEMPTS)
      throw new Error(`The DynamoDB engine ${binary} did not start; is it built for this machine?`);
  }
}

/** An engine must not outlive a process that ends without stopping it, by an uncaught error for example. */
function endWithThisProcess(child: ChildProcess): void {
  const end = () => void child.kill('SIGTERM');
  process.once('exit', end);
  child.once('exit', () => process.off('exit', end));
}

function findBinary(): string {
  const name = process.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide';
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${process.platform}-${process.arch}/${name}`);
  } catch {
    const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
    const found = onPath.find(isExecutable);
    if (found !== undefined) return found;
  }
  throw new Error(
    `There is no DynamoDB engine for ${process.platform}-${process.arch} among the installed packages. ` +
      'Put a dynoxide binary on the PATH, or give a running DynamoDB with --dynamodb URL, ' +
      'DynamoDB Local for example.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits for the first answer; `false` when the process has ended, or says nothing for too long. */
async function isUp(child: ChildProcess, url: string): Promise<boolean> {
  const ended = new AbortController();
  for (const event of ['exit', 'error']) child.once(event, () => ended.abort());
  const deadline = Date.now() + START_SECONDS * 1000;
  while (!ended.signal.aborted && Date.now() < deadline) {
    const answered = await fetch(url, {
      method: 'POST',
      body: '{}',
      signal: AbortSignal.timeout(2000),
    }).catch(() => undefined);
    if (answered !== undefined) {
      await answered.arrayBuffer();
      return !ended.signal.aborted;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(force);
}
