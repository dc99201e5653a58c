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
 * @param findPort a port that is free, as far as one can know
 * @throws MissingEngineError with what to do, where this machine has no binary of it
 */
export async function startDynoxide(findPort = freePort): Promise<Engine> {
  const binary = findBinary();
  for (let attempt = 1; ; attempt += 1) {
    const port = await findPort();
    const child = spawnTied(binary, ['--host', '127.0.0.1', '--port', String(port)]);
    const url = `http://127.0.0.1:${port}`;
    if (await isUp(child, url)) return { url, stop: () => stopChild(child) };
    await stopChild(child);
    // Another process may have taken the port between its discovery and its use.
    if (attempt === ATTEMPTS)
      throw new Error(`The DynamoDB engine ${binary} did not start; is it built for this machine?`);
  }
}

/**
 * Runs the engine beside a reader of this process's end of a pipe, which the system closes however the process
 * ends, by SIGKILL too; then the engine is ended. `cat` reads descriptor 3, because a shell gives what it runs
 * in the background no standard input.
 */
const tiedScript =
  '"$0" "$@" & engine=$!; trap \'kill "$engine"\' TERM; exec 3<&0; (cat <&3; kill "$engine") >/dev/null 2>&1 & wait "$engine"';

/** An engine must not outlive this process, whatever ends it. */
function spawnTied(binary: string, parameters: readonly string[]): ChildProcess {
  if (process.platform === 'win32') return spawn(binary, parameters, { stdio: ['ignore', 'ignore', 'pipe'] });
  return spawn('sh', ['-c', tiedScript, binary, ...parameters], { stdio: ['pipe', 'ignore', 'pipe'] });
}

/** A machine, as far as it matters for which binary runs on it. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly arch: string;
  /** Folders with programs, as in `PATH`. */
  readonly path: string;
}

const thisMachine = (): Machine => ({
  platform: process.platform,
  arch: process.arch,
  path: process.env['PATH'] ?? '',
});

/** There is no engine for this machine. Its message has lines to be pasted and is shown as it is. */
export class MissingEngineError extends Error {
  override readonly name = 'MissingEngineError';

  constructor({ platform, arch }: Machine) {
    super(`There is no DynamoDB engine for ${platform}-${arch} among the installed packages.
Start Amazon's DynamoDB Local in another terminal, and run the command again with its address:

  docker run --rm -p 8000:8000 amazon/dynamodb-local -jar DynamoDBLocal.jar -inMemory -sharedDb
  npm start -- --dynamodb localhost:8000

Without Docker, download DynamoDB Local from https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/DynamoDBLocal.DownloadingAndRunning.html, unpack it, and in place of the first line:

  java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -sharedDb -port 8000`);
  }
}

/**
 * The engine's program: from its package, or else from the PATH.
 *
 * @throws MissingEngineError where there is none for the machine
 */
export function findBinary(machine = thisMachine()): string {
  const name = machine.platform === 'win32' ? 'dynoxide.exe' : 'dynoxide';
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${machine.platform}-${machine.arch}/${name}`);
  } catch {
    const onPath = machine.path.split(delimiter).map((folder) => join(folder, name));
    const found = onPath.find(isExecutable);
    if (found !== undefined) return found;
  }
  throw new MissingEngineError(machine);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A port of this machine that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/**
 * Waits until the engine says that it listens, and for the first answer: on a port that another process has taken, that
 * one answers at once.
 *
 * @returns false: the process has ended, or does not answer in time
 */
async function isUp(child: ChildProcess, url: string): Promise<boolean> {
  const ended = new AbortController();
  let isListening = false;
  child.stderr?.on('data', (text: Buffer) => (isListening ||= text.includes('listening')));
  for (const event of ['exit', 'error']) child.once(event, () => ended.abort());
  const deadline = Date.now() + START_SECONDS * 1000;
  while (!ended.signal.aborted && Date.now() < deadline) {
    const answered = isListening
      ? await fetch(url, { method: 'POST', body: '{}', signal: AbortSignal.timeout(2000) }).catch(
          () => undefined,
        )
      : undefined;
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
  child.stdin?.end();
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), 2000);
  await ended;
  clearTimeout(force);
}
