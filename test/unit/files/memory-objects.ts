import { hash } from 'node:crypto';
import type { ObjectStore, StoredObject } from '../../../functions/shared/aws/object-store.ts';

/** An object store in memory, with the order of its writes and places where a test can step in. */
export interface MemoryObjects extends ObjectStore {
  readonly bodies: Map<string, Buffer>;
  /** Keys in the order in which they were first written. */
  readonly written: string[];
  /** Called before each PUT; what it throws, the caller gets. */
  beforePut: (key: string, body: Buffer) => void | Promise<void>;
  /** Called after each PUT that stored something; a throw is an answer lost. */
  afterPut: (key: string) => void | Promise<void>;
}

const stored = (body: Buffer): StoredObject => ({
  body,
  etag: hash('md5', body, 'hex'),
  sha256: hash('sha256', body, 'base64'),
});

export function memoryObjects(): MemoryObjects {
  const bodies = new Map<string, Buffer>();
  const written: string[] = [];
  const store = async (objects: MemoryObjects, key: string, body: Buffer): Promise<void> => {
    bodies.set(key, body);
    written.push(key);
    await objects.afterPut(key);
  };
  const objects: MemoryObjects = {
    bodies,
    written,
    beforePut: () => undefined,
    afterPut: () => undefined,
    async putOnce(key, content, options) {
      const body = Buffer.from(content);
      await options?.beforeAttempt?.();
      await objects.beforePut(key, body);
      const existing = bodies.get(key);
      if (existing !== undefined) {
        const { etag, sha256 } = stored(existing);
        return { outcome: existing.equals(body) ? 'same' : 'other', etag, sha256 };
      }
      await store(objects, key, body);
      const { etag, sha256 } = stored(body);
      return { outcome: 'stored', etag, sha256 };
    },
    async put(key, content, options) {
      const body = Buffer.from(content);
      await options?.beforeAttempt?.();
      await objects.beforePut(key, body);
      await store(objects, key, body);
    },
    async replace(key, content, { etag }) {
      const body = Buffer.from(content);
      await objects.beforePut(key, body);
      const current = bodies.get(key);
      if (etag !== (current && stored(current).etag)) return false;
      await store(objects, key, body);
      return true;
    },
    async get(key) {
      const body = bodies.get(key);
      return body && stored(body);
    },
    async list(prefix) {
      return [...bodies]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, body]) => ({ key, size: body.length, etag: stored(body).etag }))
        .toSorted((one, other) => (one.key < other.key ? -1 : 1));
    },
    async listFolders(prefix) {
      const folders = [...bodies.keys()]
        .filter((key) => key.startsWith(prefix) && key.slice(prefix.length).includes('/'))
        .map((key) => key.slice(prefix.length).replace(/\/.*$/, ''));
      return [...new Set(folders)].toSorted();
    },
  };
  return objects;
}
