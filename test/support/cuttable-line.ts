import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to an endpoint that can be cut, as a network is. */
export interface CuttableLine {
  readonly url: string;
  /** Destroys every connection; new ones are refused. */
  cut(): void;
  /** Takes connections again, at the same address. */
  mend(): Promise<void>;
}

/** Listens on loopback and hands everything on to `target`. */
export async function openLine(target: string): Promise<CuttableLine> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const keep = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  };
  const listen = async (at: number): Promise<Server> => {
    const server = createServer((near) => {
      const far = keep(connect(Number(port), hostname));
      keep(near).pipe(far).pipe(near);
    });
    server.listen(at, '127.0.0.1');
    await once(server, 'listening');
    return server;
  };
  let server = await listen(0);
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    cut() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
    async mend() {
      server = await listen(own);
    },
  };
}
