import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extractCode } from '../../../workflow/local/deploy/extract-code.ts';
import { withFolderLock } from '../../../workflow/local/deploy/folder-lock.ts';
import { hashSources } from '../../../workflow/local/deploy/hash-sources.ts';
import { packageService } from '../../../workflow/local/deploy/package-service.ts';
import { type FunctionSpec, readDeployment } from '../../../workflow/local/deploy/read-deployment.ts';
import { resolveTemplate, type Template } from '../../../workflow/local/deploy/resolve-template.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'deploy-'));
});

afterAll(() => rm(folder, { recursive: true }));

describe('the compiled template', () => {
  const template: Template = {
    Parameters: { Size: { Default: 'small' } },
    Conditions: {
      Small: { 'Fn::Equals': [{ Ref: 'Size' }, 'small'] },
      Large: { 'Fn::Not': [{ Condition: 'Small' }] },
    },
    Resources: {
      Table: { Type: 'AWS::DynamoDB::Table', Properties: { TableName: { 'Fn::Sub': 't-${AWS::Region}' } } },
      Hidden: { Type: 'AWS::DynamoDB::Table', Condition: 'Large', Properties: { TableName: 'hidden' } },
      Machine: { Type: 'AWS::StepFunctions::StateMachine', Properties: { StateMachineName: 'm' } },
      Work: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'work' } },
      WorkVersion: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Work' } } },
      Site: { Type: 'AWS::CloudFront::Distribution' },
    },
  };
  const resolved = resolveTemplate(template);

  it.each([
    [{ Ref: 'Table' }, 't-ap-southeast-2'],
    [{ Ref: 'Machine' }, 'arn:aws:states:ap-southeast-2:123456789012:stateMachine:m'],
    [{ 'Fn::GetAtt': ['Work', 'Arn'] }, 'arn:aws:lambda:ap-southeast-2:123456789012:function:work'],
    [{ 'Fn::GetAtt': 'Machine.Name' }, 'm'],
    [{ Ref: 'WorkVersion' }, 'work:1'],
    [{ 'Fn::Join': ['-', ['a', { Ref: 'Size' }]] }, 'a-small'],
    [
      { 'Fn::Sub': ['${x}/${Work.Arn}/${!kept}', { x: { Ref: 'AWS::AccountId' } }] },
      '123456789012/arn:aws:lambda:ap-southeast-2:123456789012:function:work/${kept}',
    ],
    [{ 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b'] }] }, 'b'],
    [{ 'Fn::If': ['Small', 'yes', 'no'] }, 'yes'],
    [{ 'Fn::If': ['Large', 'yes', { Ref: 'AWS::NoValue' }] }, undefined],
    [{ a: [{ Ref: 'AWS::NoValue' }, 1], b: { Ref: 'AWS::NoValue' } }, { a: [1] }],
  ])('resolves %j', (value, expected) => {
    expect(resolved.resolve(value)).toEqual(expected);
  });

  it.each([
    [{ 'Fn::ImportValue': 'x' }, /Fn::ImportValue/],
    [{ Ref: 'Nobody' }, /Nobody, which it does not declare/],
    [{ 'Fn::GetAtt': ['Site', 'Arn'] }, /Site, which is of type AWS::CloudFront::Distribution/],
    [{ 'Fn::GetAtt': ['Table', 'StreamArn'] }, /StreamArn of Table/],
    [{ 'Fn::If': ['Unknown', 1, 2] }, /no condition Unknown/],
  ])('refuses %j with a sentence', (value, sentence) => {
    expect(() => resolved.resolve(value)).toThrow(sentence);
  });

  it('hides what its condition leaves out', () => {
    expect(resolved.resourcesOf('AWS::DynamoDB::Table').map(([id]) => id)).toEqual(['Table']);
  });
});

describe('the package', () => {
  let service: string;

  beforeAll(async () => {
    // At its place below the checkout, whose plugin it names.
    service = join(folder, 'test/fixtures/tiny-service');
    await cp(join(ROOT, 'test/fixtures/tiny-service'), service, {
      recursive: true,
      filter: (path) => !/\.(local|serverless|esbuild)$/.test(path),
    });
    for (const name of ['node_modules', 'workflow']) await symlink(join(ROOT, name), join(folder, name));
  });

  it('is made once for equal sources, however many ask at once, and again after an edit', async () => {
    const [first, second] = await Promise.all([
      packageService({ serviceDir: service }),
      packageService({ serviceDir: service }),
    ]);
    expect(second).toBe(first);
    const { functions } = await readDeployment(first);
    expect(functions.map(({ key }) => key)).toEqual(['echo', 'misbehave', 'batch', 'settle']);
    const source = join(service, 'functions/echo.ts');
    await writeFile(source, (await readFile(source, 'utf8')).replace('echo called', 'edited'));
    const third = await packageService({ serviceDir: service });
    expect(third).not.toBe(first);
    const [echo] = (await readDeployment(third)).functions;
    if (echo === undefined) throw new Error('The package has no function.');
    const { modulePath } = await extractCode(echo);
    expect(await readFile(modulePath, 'utf8')).toContain('edited');
  });

  it('stays as long as a process uses it, however old it is', async () => {
    const used = await packageService({ serviceDir: service });
    const packages = dirname(used);
    const others = ['a', 'b', 'c', 'left'].map((name) => join(packages, name));
    for (const path of others) await mkdir(path);
    // No process has a number beyond the system's largest.
    await writeFile(join(packages, 'left', 'used-by-4194999'), '');
    for (const path of [used, join(packages, 'left')]) await utimes(path, 0, 0);
    await writeFile(join(service, 'functions/more.ts'), '');
    await packageService({ serviceDir: service });
    await rm(join(service, 'functions/more.ts'));
    const kept = await readdir(packages);
    expect(kept).toContain(basename(used));
    expect(kept).not.toContain('left');
  });

  it('says what the compiler says', async () => {
    await writeFile(join(service, 'functions/echo.ts'), 'export const handler = ;');
    await expect(packageService({ serviceDir: service })).rejects.toThrow(
      /sls package failed:[^]*Unexpected/,
    );
    await expect(packageService({ serviceDir: folder })).rejects.toThrow(/no serverless.yml/);
  });

  it('has another name for every change of a file’s name or content', async () => {
    const before = await hashSources(service);
    await writeFile(join(service, 'functions/more.ts'), '');
    expect(await hashSources(service)).not.toBe(before);
    await rm(join(service, 'functions/more.ts'));
    expect(await hashSources(service)).toBe(before);
  });

  it('has the same name when only a test of a migration has changed', async () => {
    const before = await hashSources(service);
    const tests = join(service, 'functions/migrations/mine/test');
    await mkdir(tests, { recursive: true });
    await writeFile(join(tests, 'mine.test.ts'), '');
    expect(await hashSources(service)).toBe(before);
  });
});

describe('the lock', () => {
  it('lets one in at a time', async () => {
    const lock = { path: join(folder, 'lock'), timeoutSeconds: 10 };
    let [inside, most] = [0, 0];
    const task = async () => {
      most = Math.max(most, (inside += 1));
      await new Promise(setImmediate);
      inside -= 1;
    };
    await Promise.all([withFolderLock(lock, task), withFolderLock(lock, task), withFolderLock(lock, task)]);
    expect(most).toBe(1);
  });

  it('of a process that no longer lives is taken over, of one that lives is waited for', async () => {
    const path = join(folder, 'held');
    await withFolderLock({ path, timeoutSeconds: 1 }, async () => {
      await expect(withFolderLock({ path, timeoutSeconds: 0 }, async () => 'in')).rejects.toThrow(
        /Another process holds/,
      );
      // No process has a number beyond the system's largest.
      await writeFile(join(path, 'pid'), '4194999');
      expect(await withFolderLock({ path, timeoutSeconds: 5 }, async () => 'in')).toBe('in');
    });
  });
});

it('refuses a file that is no zip archive', async () => {
  const zipPath = join(folder, 'broken.zip');
  await writeFile(zipPath, 'not a zip');
  const spec = { name: 'broken', zipPath, handler: 'broken.handler' } as FunctionSpec;
  await expect(extractCode(spec)).rejects.toThrow(`${zipPath} is no zip archive, or is damaged`);
});
