import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { objectStore } from '../../../functions/shared/aws/object-store.ts';

interface Call {
  readonly operation: string;
  readonly input: Record<string, unknown>;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64');
const failure = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode } });
const bodyOf = (text: string) =>
  Object.assign(Readable.from([text]), { transformToByteArray: async () => Buffer.from(text) });
const found = (text: string, contentLength = text.length) => ({
  Body: bodyOf(text),
  ContentLength: contentLength,
  ETag: '"e"',
});

/** A client that gives these answers one after the other; an Error is thrown. */
function scripted(answers: readonly unknown[]) {
  const calls: Call[] = [];
  const client = {
    send: async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
      const answer = answers[calls.length];
      calls.push({ operation: command.constructor.name.replace('Command', ''), input: command.input });
      if (answer instanceof Error) throw answer;
      return answer;
    },
  };
  return { calls, store: objectStore(client as unknown as S3Client, 'bucket') };
}

describe('putOnce', () => {
  it('never overwrites, and sends the SHA-256 along', async () => {
    const { calls, store } = scripted([{ ETag: '"abc"' }]);
    expect(await store.putOnce('key', 'text')).toEqual({
      outcome: 'stored',
      etag: 'abc',
      sha256: sha256('text'),
    });
    expect(calls[0]?.input).toMatchObject({ IfNoneMatch: '*', ChecksumSHA256: sha256('text') });
  });
  it('recognises its own object after a lost answer', async () => {
    const { store, calls } = scripted([
      failure('InternalError', 500),
      failure('PreconditionFailed', 412),
      found('text'),
    ]);
    expect(await store.putOnce('key', 'text')).toMatchObject({ outcome: 'same', sha256: sha256('text') });
    expect(calls.map(({ operation }) => operation)).toEqual(['PutObject', 'PutObject', 'GetObject']);
  });
  it('sends a body again that did not arrive as it was sent', async () => {
    const { store, calls } = scripted([failure('BadDigest', 400), { ETag: '"abc"' }]);
    expect(await store.putOnce('key', 'text')).toMatchObject({ outcome: 'stored' });
    expect(calls).toHaveLength(2);
  });
  it('reads its own object again that arrives with other bytes than S3 has stored', async () => {
    const changed = { ...found('tezt'), ChecksumSHA256: sha256('text') };
    const { store } = scripted([
      failure('InternalError', 500),
      failure('PreconditionFailed', 412),
      changed,
      { ...found('text'), ChecksumSHA256: sha256('text') },
    ]);
    expect(await store.putOnce('key', 'text')).toMatchObject({ outcome: 'same' });
  });
  it("says what somebody else's object is", async () => {
    const { store } = scripted([failure('PreconditionFailed', 412), found('other')]);
    expect(await store.putOnce('key', 'text')).toEqual({
      outcome: 'other',
      etag: 'e',
      sha256: sha256('other'),
    });
  });
  it('writes again when the object that was in the way is gone', async () => {
    const { store } = scripted([
      failure('PreconditionFailed', 412),
      failure('NotFound', 404),
      { ETag: '"abc"' },
    ]);
    expect(await store.putOnce('key', 'text')).toMatchObject({ outcome: 'stored' });
  });
  it.each(['ConditionalRequestConflict', 'SlowDown'])('goes on after %s', async (name) => {
    const { store } = scripted([failure(name, name === 'SlowDown' ? 503 : 409), { ETag: '"abc"' }]);
    expect(await store.putOnce('key', 'text')).toMatchObject({ outcome: 'stored' });
  });
  it('asks before every attempt, and stops when the answer is no', async () => {
    let asked = 0;
    const { store, calls } = scripted([failure('SlowDown', 503), { ETag: '"abc"' }]);
    const beforeAttempt = async () => {
      asked += 1;
      if (asked === 2) throw new Error('closed');
    };
    await expect(store.putOnce('key', 'text', { beforeAttempt })).rejects.toThrow('closed');
    expect(calls).toHaveLength(1);
  });
  it('does not try again what is forbidden, nor beyond its deadline', async () => {
    await expect(scripted([failure('AccessDenied', 403)]).store.putOnce('key', 'text')).rejects.toThrow(
      'AccessDenied',
    );
    const { store, calls } = scripted([failure('SlowDown', 503), { ETag: '"abc"' }]);
    await expect(store.putOnce('key', 'text', { deadline: Date.now() - 1 })).rejects.toThrow('SlowDown');
    expect(calls).toHaveLength(1);
  });
});

describe('get', () => {
  it('reads again what was cut short', async () => {
    const { store, calls } = scripted([found('te', 4), found('text')]);
    expect((await store.get('key'))?.body.toString()).toBe('text');
    expect(calls).toHaveLength(2);
  });
  it('reads again after a reset during the stream', async () => {
    const cut = {
      ...found('text'),
      Body: {
        transformToByteArray: async () =>
          Promise.reject(Object.assign(new Error('aborted'), { code: 'ECONNRESET' })),
      },
    };
    const { store } = scripted([cut, found('text')]);
    expect((await store.get('key'))?.sha256).toBe(sha256('text'));
  });
  it('knows that there is none', async () => {
    expect(await scripted([failure('NotFound', 404)]).store.get('key')).toBeUndefined();
  });
});

describe('list', () => {
  it('turns every page', async () => {
    const { store, calls } = scripted([
      { Contents: [{ Key: 'a', Size: 1, ETag: '"1"' }], NextContinuationToken: 'more' },
      { Contents: [{ Key: 'b', Size: 2, ETag: '"2"' }] },
    ]);
    expect(await store.list('p/')).toEqual([
      { key: 'a', size: 1, etag: '1' },
      { key: 'b', size: 2, etag: '2' },
    ]);
    expect(calls[1]?.input).toMatchObject({ ContinuationToken: 'more' });
  });
  it('names folders without the path', async () => {
    const { store } = scripted([{ CommonPrefixes: [{ Prefix: 'p/two/' }, { Prefix: 'p/one/' }] }]);
    expect(await store.listFolders('p/')).toEqual(['one', 'two']);
  });
});
