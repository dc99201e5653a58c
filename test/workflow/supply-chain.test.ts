import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly optional?: boolean;
  /** Comes inside the package that it belongs to. */
  readonly inBundle?: boolean;
  readonly hasInstallScript?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const run = promisify(execFile);
const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, Record<string, string>>;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
  readonly packages: Readonly<Record<string, LockedPackage>>;
};
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

/** Where Node would find a package that another one asks for. */
function resolvePath(from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, folder.lastIndexOf('/node_modules/'))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`;
    if (path in lock.packages) return path;
    if (folder === '') return undefined;
    if (!folder.includes('/node_modules/')) folder = '/node_modules/';
  }
}

describe('the dependencies', () => {
  it('are exact versions', () => {
    const wanted = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((kind) =>
      Object.entries(manifest[kind] ?? {}),
    );
    const exact = /^(npm:[\w@/.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/;
    expect(wanted.filter(([, version]) => !exact.test(version))).toEqual([]);
  });

  it('are locked by content, save for optional ones of other machines', () => {
    const loose = locked.filter(
      ([, { integrity, optional, inBundle }]) =>
        integrity === undefined && optional !== true && inBundle !== true,
    );
    expect(loose.map(([path]) => path)).toEqual([]);
  });

  it('are all in the lockfile, the optional ones of other machines too: npm ci refuses it otherwise', () => {
    const missing = locked.flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => resolvePath(path, name) === undefined),
    );
    expect(missing).toEqual([]);
  });

  it('need no install script: npm ci --ignore-scripts is enough', () => {
    const scripted = locked.filter(([, { hasInstallScript }]) => hasInstallScript === true);
    // Each has what it needs in its package for the machines that Node 24 runs on; none is part of a bundle.
    expect(scripted.map(([path]) => path.replace(/^.*node_modules\//, '')).toSorted()).toEqual([
      'es5-ext',
      'esbuild',
    ]);
  });

  it('have licences that go with MIT', () => {
    const permissive =
      /^\(?(MIT|MIT-0|ISC|0BSD|BSD-2-Clause|BSD-3-Clause|Apache-2\.0|CC-BY-4\.0|BlueOak-1\.0\.0|PSF-2\.0|Python-2\.0|MPL-2\.0)( OR [\w.-]+)?\)?$/;
    const others = locked.filter(([, { license = 'none' }]) => !permissive.test(license));
    expect(others.map(([path, { license }]) => `${path}: ${license ?? 'none'}`)).toEqual([]);
    // Weak copyleft is for tools only, never for what is deployed.
    const deployed = locked.filter(([, { dev }]) => dev !== true);
    expect(
      deployed.filter(([, { license = '' }]) => license.startsWith('MPL')).map(([path]) => path),
    ).toEqual([]);
  });

  it('can be listed as an SBOM', async () => {
    const { stdout } = await run(
      'npm',
      ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--omit', 'dev'],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    const { bomFormat, components } = JSON.parse(stdout) as {
      bomFormat: string;
      components: { name: string }[];
    };
    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ name }) => name)).toContain('@aws-sdk/client-dynamodb');
  });
});

/** Packages whose code ends up in a function's bundle. */
async function packagesIn(stage: string): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: [`functions/${stage}/handler.ts`],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    mainFields: ['module', 'main'],
    outdir: 'bundle',
  });
  const inputs = Object.values(metafile.outputs).flatMap(({ inputs: used }) =>
    Object.entries(used).filter(([, { bytesInOutput }]) => bytesInOutput > 0),
  );
  const names = inputs.flatMap(([path]) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)];
}

describe('the bundles', () => {
  const stages = readdirSync('functions').filter((name) => existsSync(`functions/${name}/handler.ts`));
  /** Clients beside the four of every function's runtime: dynamodb, s3, sfn, sts. */
  const more: Readonly<Record<string, readonly string[]>> = {
    'test-connection': ['@aws-sdk/client-lambda'],
    'complete-run': ['@aws-sdk/client-sns'],
    'control-sync': ['@aws-sdk/client-lambda', '@aws-sdk/client-sns', '@aws-sdk/client-sqs'],
    'recover-run': ['@aws-sdk/client-lambda', '@aws-sdk/client-sqs'],
    'roll-back': ['@aws-sdk/client-sns'],
    'restore-from-backup': ['@aws-sdk/client-sns'],
  };
  const always = [
    '@aws-sdk/client-dynamodb',
    '@aws-sdk/client-s3',
    '@aws-sdk/client-sfn',
    '@aws-sdk/client-sts',
  ];

  it.each(stages)('of %s holds no SDK client that it does not use, and only licensed code', async (stage) => {
    const packages = await packagesIn(stage);
    const clients = packages.filter((name) => name.startsWith('@aws-sdk/client-'));
    expect(clients.toSorted()).toEqual([...always, ...(more[stage] ?? [])].toSorted());
    const undeclared = packages.filter((name) => lock.packages[`node_modules/${name}`]?.dev === true);
    expect(undeclared).toEqual([]);
  });
});

describe('the tree', () => {
  it('holds no secret, and git ignores the file that may', async () => {
    const { stdout } = await run('git', ['ls-files', '-z'], { maxBuffer: 16 * 1024 * 1024 });
    const files = stdout.split('\0').filter((path) => path !== '' && path !== 'package-lock.json');
    const secret =
      /\b(AKIA|ASIA)[A-Z0-9]{16}\b|-----BEGIN [A-Z ]*PRIVATE KEY-----|aws_secret_access_key\s*=\s*[A-Za-z0-9/+]{40}|\bgh[pousr]_[A-Za-z0-9]{36}\b/;
    const readable = files.filter((path) => !/\.(gz|png|zip)$/.test(path));
    const suspicious = readable.filter((path) => {
      try {
        return secret.test(readFileSync(path, 'utf8'));
      } catch {
        // Listed by git and deleted in the working tree.
        return false;
      }
    });
    expect(suspicious).toEqual([]);
    const { stdout: ignored } = await run('git', ['check-ignore', '.env.local']);
    expect(ignored.trim()).toBe('.env.local');
  });
});
