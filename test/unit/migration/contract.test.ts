import { migration } from '#migration/index.ts';
import { generate } from '#migration/generate.ts';
import { samples } from '#migration/samples.ts';
import { describeContract } from '../../support/migration-contract.ts';

describeContract(() => Promise.resolve({ migration, samples, generate }));
