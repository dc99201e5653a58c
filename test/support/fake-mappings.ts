import type {
  EventSourceMappings,
  FoundMapping,
  MappingEnds,
} from '../../functions/shared/aws/event-source-mapping.ts';
import { fakeFailureQueue } from './fake-failure-queue.ts';

/** A mapping, and the stream that it reads. */
export type FakeMapping = FoundMapping & Pick<MappingEnds, 'streamArn'>;

/** Event source mappings in memory, for stages alone. `found` can be changed by the test at any time. */
export function fakeMappings(
  found: FakeMapping[] = [],
): EventSourceMappings & { readonly found: FakeMapping[] } {
  const isOf = (mapping: FakeMapping, { streamArn, functionName }: Partial<MappingEnds>): boolean =>
    (streamArn === undefined || mapping.streamArn === streamArn) &&
    (functionName === undefined || mapping.functionArn.endsWith(`:function:${functionName}`));
  return {
    found,
    list: (of) => Promise.resolve(found.filter((mapping) => isOf(mapping, of))),
    find: (ends) => Promise.resolve(found.find((mapping) => isOf(mapping, ends))),
    get: (mappingId) => Promise.resolve(found.find((mapping) => mapping.mappingId === mappingId)),
    ensure: (ends) => {
      const known = found.find((mapping) => isOf(mapping, ends));
      if (known !== undefined) return Promise.resolve(known);
      const functionArn = `arn:aws:lambda:ap-southeast-2:123456789012:function:${ends.functionName}`;
      const made = {
        mappingId: `mapping-${found.length}`,
        functionArn,
        state: 'Enabled',
        streamArn: ends.streamArn,
      };
      found.push(made);
      return Promise.resolve(made);
    },
    delete: (mappingId) => {
      const position = found.findIndex((mapping) => mapping.mappingId === mappingId);
      if (position === -1) return Promise.resolve(true);
      found.splice(position, 1);
      return Promise.resolve(false);
    },
  };
}

/** A runtime with mappings in memory, and an empty queue of failed batches. */
export function withMappings<Runtime extends object>(runtime: Runtime, found?: FakeMapping[]) {
  return { ...runtime, mappings: fakeMappings(found), failureQueue: fakeFailureQueue() };
}
