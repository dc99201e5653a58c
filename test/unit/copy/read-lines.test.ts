import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ObjectStore } from '../../../functions/shared/aws/object-store.ts';
import {
  cursorBehind,
  FIRST_LINE,
  type LineCursor,
  type LoadFile,
  readLines,
} from '../../../functions/shared/copy/load/read-lines.ts';

/** Files of parts with so many lines each, `<file>.<part>.<line>`, long enough for several chunks of gzip's output. */
function stored(files: readonly (readonly number[])[], isInterleaved: boolean) {
  const bodies = new Map<string, Buffer>();
  const objects: Pick<ObjectStore, 'get'> = {
    async get(key) {
      const body = bodies.get(key);
      if (body === undefined) return undefined;
      return { body, etag: key, sha256: hash('sha256', body, 'base64'), isAsStored: true };
    },
  };
  const loadFiles = files.map((parts, file): LoadFile => {
    const expected = parts.map((itemCount, part) => {
      const key = `${file}.${part}`;
      const lines = Array.from({ length: itemCount }, (_, line) => `${key}.${line}:${'x'.repeat(5_000)}\n`);
      const body = gzipSync(lines.join(''));
      bodies.set(key, body);
      return { key, itemCount, sha256: hash('sha256', body, 'base64'), gzipBytes: body.length };
    });
    const itemCount = parts.reduce((sum, count) => sum + count, 0);
    return { stem: String(file), itemCount, parts: expected, isInterleaved };
  });
  return { objects, loadFiles };
}

async function linesFrom({ objects, loadFiles }: ReturnType<typeof stored>, start: LineCursor) {
  const read: { readonly name: string; readonly next: LineCursor }[] = [];
  for await (const group of readLines(objects, loadFiles, start)) {
    expect(group.lines.length).toBeLessThanOrEqual(25);
    const names = group.lines.map((line) => line.toString('utf8').split(':')[0] ?? '');
    read.push(...names.map((name) => ({ name, next: cursorBehind(group) })));
  }
  return read;
}

describe('the lines of files', () => {
  it('go on behind every cursor with what is left, in the same order', async () => {
    const counts = fc.array(fc.array(fc.nat(60), { minLength: 1, maxLength: 3 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(counts, fc.boolean(), async (files, isInterleaved) => {
        const store = stored(files, isInterleaved);
        const all = await linesFrom(store, FIRST_LINE);
        const expected = files.flatMap((parts, file) =>
          parts.flatMap((count, part) =>
            Array.from({ length: count }, (_, line) => `${file}.${part}.${line}`),
          ),
        );
        expect(all.map(({ name }) => name).toSorted()).toEqual(expected.toSorted());
        const isInOrder = all.map(({ name }) => name).join() === expected.join();
        expect(isInOrder || isInterleaved).toBe(true);
        const cursors = new Map(all.map(({ next }, index) => [JSON.stringify(next), { next, index }]));
        for (const { next, index } of cursors.values()) {
          const rest = await linesFrom(store, next);
          expect(rest.map(({ name }) => name)).toEqual(all.slice(index + 1).map(({ name }) => name));
        }
      }),
      { numRuns: 25 },
    );
  });

  it('are taken from the parts in turn, where a file asks for that', async () => {
    const read = await linesFrom(stored([[60, 30]], true), FIRST_LINE);
    const parts = read.map(({ name }) => Number(name.split('.')[1]));
    const blocks = [25, 25, 25, 5, 10].flatMap((length, block) =>
      Array.from({ length }, () => (block % 2 === 0 ? 0 : 1)),
    );
    expect(parts).toEqual(blocks);
  });
});
