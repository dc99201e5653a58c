import type { Engine } from '../dynamodb/dynoxide.ts';

/** Starts the S3 engine in this process, in memory, on a port of its own, on loopback only. */
export async function startFauxqs(): Promise<Engine> {
  // Loaded while the other engine starts.
  const { buildApp } = await import('fauxqs');
  const app = buildApp({ logger: false });
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return { url, stop: () => Promise.resolve(app.close()) };
}
