import { generate, migration, SAMPLES } from '../../support/project-migration.ts';
import { describeContract } from '../../support/migration-contract.ts';

describeContract(() => Promise.resolve({ migration, SAMPLES, generate }));
