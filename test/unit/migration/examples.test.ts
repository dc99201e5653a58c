import { afterAll, beforeAll, describe } from 'vitest';
import { assembleProject, type AssembledProject, loadMigration } from '../../support/assemble-project.ts';
import { describeContract } from '../../support/migration-contract.ts';

describe.each(['library', 'metering'])('test/examples/%s', (name) => {
  let project: AssembledProject;
  beforeAll(async () => {
    project = await assembleProject(name);
  });
  afterAll(() => project.remove());

  describeContract(() => loadMigration(project, name));
});
