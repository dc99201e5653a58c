import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { assembleProject, type AssembledProject } from '../../support/assemble-project.ts';
import { describeContract, type MigrationFolder } from '../../support/migration-contract.ts';

describe.each(['library', 'metering'])('test/examples/%s', (name) => {
  let project: AssembledProject;
  beforeAll(async () => {
    project = await assembleProject(name);
  });
  afterAll(() => project.remove());

  describeContract(async () => {
    const file = (one: string): Promise<unknown> =>
      import(join(project.folder, 'functions/migrations', name, `${one}.ts`));
    const [index, samples, generate] = await Promise.all(['index', 'samples', 'generate'].map(file));
    return Object.assign({}, index, samples, generate) as MigrationFolder;
  });
});
