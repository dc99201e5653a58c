import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** Carries bytes between clients and the engine; those of answers wait. Nothing is looked at. */
interface Way {
  /** Of the engine, on 127.0.0.1. */
  readonly port: number;
  readonly delayMillis: number;
}

function carry(client: Socket, { port, delayMillis }: Way): void {
  const engine = connect(port, '127.0.0.1');
  for (const socket of [client, engine]) socket.setNoDelay(true);
  client.on('data', (bytes) => void engine.write(bytes));
  engine.on('data', (bytes) => setTimeout(() => client.write(bytes), delayMillis));
  const end = (): void => {
    client.destroy();
    engine.destroy();
  };
  for (const socket of [client, engine]) socket.on('close', end).on('error', end);
}

process.once('message', (way: Way) => {
  const server = createServer((client) => carry(client, way));
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
});
process.once('disconnect', () => process.exit());
