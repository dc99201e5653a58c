import { generate, migration, samples } from '../../support/project-migration.ts';
import { describeContract } from '../../support/migration-contract.ts';

describeContract(() => Promise.resolve({ migration, samples, generate }));
