import { existsSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { packageService } from '../../workflow/local/deploy/package-service.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder of the packaged service; `undefined` where it could not be packaged. */
    packageDir: string | undefined;
    /** Why there is no package: shown by the tests that need one, and by no other. */
    packageProblem: string | undefined;
  }
}

/** Packages the service once for all test files. */
export default async function setup(project: TestProject): Promise<void> {
  const { packageDir, problem } = await packageOnce();
  project.provide('packageDir', packageDir);
  project.provide('packageProblem', problem);
}

async function packageOnce(): Promise<{ packageDir: string | undefined; problem: string | undefined }> {
  if (!existsSync('serverless.yml')) return { packageDir: undefined, problem: 'There is no serverless.yml.' };
  try {
    return { packageDir: await packageService(), problem: undefined };
  } catch (error) {
    return { packageDir: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}
