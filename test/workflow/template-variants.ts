import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { withFolderLock } from '../../workflow/local/deploy/folder-lock.ts';

/** One way to deploy the service. */
export interface Variant {
  readonly name: string;
  readonly stage: string;
  readonly region: string;
  /** Absent: `aws`, with the domain `amazonaws.com`. */
  readonly partition?: { readonly name: string; readonly domain: string };
  readonly parameters: Readonly<Record<string, string>>;
}

/** As it comes; everything switched the other way; deployed again after a removal. */
export const variants = {
  asItComes: { name: 'asItComes', stage: 'dev', region: 'ap-southeast-2', parameters: {} },
  everythingElse: {
    name: 'everythingElse',
    stage: 'prod',
    region: 'us-east-1',
    parameters: {
      mapMode: 'DISTRIBUTED',
      tablePrefix: 'shop-',
      sourceTable: 'legacy.products',
      notifyEmail: 'owner@example.com',
      kmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/11111111-1111-1111-1111-111111111111',
      sourceKmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/22222222-2222-2222-2222-222222222222',
      targetKmsKeyArn: 'arn:aws:kms:us-east-1:123456789012:key/33333333-3333-3333-3333-333333333333',
      restoreIntoSource: 'true',
      tagConditions: 'false',
      trustSourceAccount: 'true',
    },
  },
  adopting: {
    name: 'adopting',
    stage: 'dev',
    region: 'ap-southeast-2',
    parameters: { adoptStorage: 'true' },
  },
} as const satisfies Record<string, Variant>;

export interface Resource {
  readonly Type: string;
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string | readonly string[];
  readonly Metadata?: unknown;
  // oxlint-disable-next-line typescript/no-explicit-any -- CloudFormation's property trees have no common shape
  readonly Properties: Record<string, any>;
}

export interface Template {
  readonly Conditions: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs: Readonly<Record<string, { readonly Value: unknown; readonly Export?: unknown }>>;
}

/** What CloudFormation is given, and the same with every function carried out, as far as names go. */
export interface CompiledVariant {
  readonly variant: Variant;
  readonly template: Template;
  /** Path of the template as it was compiled. */
  readonly templatePath: string;
  readonly resolved: Template;
}

const commercial = { name: 'aws', domain: 'amazonaws.com' };
export const accountId = '123456789012';
const root = resolve(import.meta.dirname, '../..');

/** Everything of the checkout that decides what a template says; of the code, the migration's definition alone. */
async function definitionFiles(): Promise<string[]> {
  const stages = await readdir(join(root, 'functions'));
  const functionFiles = stages.map((stage) => join('functions', stage, 'function.yml'));
  const machines = (await readdir(join(root, 'workflow')))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join('workflow', name));
  const resources = (await readdir(join(root, 'workflow/resources'))).map((name) =>
    join('workflow/resources', name),
  );
  const names = [
    'deploy-with.cjs',
    'errors.ts',
    'message.ts',
    'nearest-name.cjs',
    'printable.ts',
    'stage-words.cjs',
    'text.ts',
  ];
  const shared = names.map((name) => join('functions/shared', name));
  const code = [...shared, ...(await definitionCode())];
  return ['serverless.yml', 'package.json', ...functionFiles, ...machines, ...resources, ...code].filter(
    (path) => existsSync(join(root, path)),
  );
}

/** The migration, and what it is written with: functions, roles and branches are made from it. */
async function definitionCode(): Promise<string[]> {
  const folders = ['functions/migrations', 'functions/shared/migration', 'functions/shared/items'];
  const found = await Promise.all(
    folders.map(async (folder) => {
      const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
      return entries
        .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
        .map((entry) => relative(root, join(entry.parentPath, entry.name)));
    }),
  );
  return found.flat();
}

async function hashOf(files: readonly string[], variant: Variant): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(variant));
  for (const file of files) hash.update(file).update(await readFile(join(root, file)));
  return hash.digest('hex').slice(0, 16);
}

/**
 * Compiles a variant with `sls package` in a copy that holds the definitions and, instead of the code,
 * handlers that do nothing: three seconds rather than twenty. Kept under `.local/variants/` until a
 * definition changes.
 */
export async function compileVariant(variant: Variant): Promise<CompiledVariant> {
  const files = await definitionFiles();
  const folder = join(root, '.local/variants', `${variant.name}-${await hashOf(files, variant)}`);
  await mkdir(dirname(folder), { recursive: true });
  await withFolderLock(
    { path: join(dirname(folder), `${variant.name}.lock`), timeoutSeconds: 180 },
    async () => {
      if (!existsSync(folder)) await packageVariant(variant, files, folder);
    },
  );
  return readPackage(folder, variant);
}

/** Reads a folder that `sls package` has written. */
export async function readPackage(folder: string, variant: Variant): Promise<CompiledVariant> {
  const templatePath = join(folder, 'cloudformation-template-update-stack.json');
  const template = JSON.parse(await readFile(templatePath, 'utf8')) as Template;
  return { variant, template, templatePath, resolved: resolveTemplate(template, variant) };
}

async function packageVariant(variant: Variant, files: readonly string[], folder: string): Promise<void> {
  await removeOlder(variant, dirname(folder));
  const copy = `${folder}.sources`;
  for (const file of files) await cp(join(root, file), join(copy, file));
  await writeStubs(copy, files);
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  const sls = createRequire(import.meta.url).resolve('serverless/bin/serverless');
  const parameters = Object.entries(variant.parameters).map(([name, value]) => `--param=${name}=${value}`);
  const where = ['--stage', variant.stage, '--region', variant.region, '--package', 'compiled'];
  await promisify(execFile)(process.execPath, [sls, 'package', ...where, ...parameters], {
    cwd: copy,
    timeout: 120_000,
    env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', NODE_OPTIONS: '' },
  });
  await rename(join(copy, 'compiled'), folder);
  await rm(copy, { recursive: true });
}

async function removeOlder(variant: Variant, variantsFolder: string): Promise<void> {
  const names = await readdir(variantsFolder);
  const old = names.filter((name) => name.startsWith(`${variant.name}-`));
  await Promise.all(old.map((name) => rm(join(variantsFolder, name), { recursive: true, force: true })));
}

/** A module for each `handler:` of the definitions. */
async function writeStubs(copy: string, files: readonly string[]): Promise<void> {
  for (const file of files.filter((path) => path.endsWith('function.yml'))) {
    const text = await readFile(join(copy, file), 'utf8');
    const exports = [...text.matchAll(/^ {2}handler: \S+\/handler\.(\w+)$/gm)].map(([, name]) => name);
    const module = exports.map((name) => `export const ${name} = () => undefined;\n`).join('');
    await writeFile(join(copy, dirname(file), 'handler.ts'), module);
  }
}

/** Carries out conditions and intrinsic functions for an account and region; drops resources that are not there. */
function resolveTemplate(template: Template, { region, partition = commercial }: Variant): Template {
  const pseudo: Record<string, string> = {
    'AWS::AccountId': accountId,
    'AWS::Region': region,
    'AWS::Partition': partition.name,
    'AWS::URLSuffix': partition.domain,
    'AWS::StackName': 'stack',
  };
  const noValue = Symbol('AWS::NoValue');

  const arnOrName = (id: string): string => {
    const { Type = '', Properties = {} } = template.Resources[id] ?? {};
    const named = (key: string) => String(evaluate(Properties[key] ?? id));
    const arn = (service: string, rest: string) =>
      `arn:${partition.name}:${service}:${region}:${accountId}:${rest}`;
    if (Type === 'AWS::StepFunctions::StateMachine')
      return arn('states', `stateMachine:${named('StateMachineName')}`);
    if (Type === 'AWS::Lambda::Version')
      return `${arn('lambda', 'function')}:${arnOrName(Properties['FunctionName'].Ref)}:1`;
    if (Type === 'AWS::Lambda::Function') return named('FunctionName');
    if (Type === 'AWS::SNS::Topic') return arn('sns', named('TopicName'));
    if (Type === 'AWS::IAM::ManagedPolicy') return `arn:${partition.name}:iam::${accountId}:policy/${id}`;
    if (Type === 'AWS::S3::Bucket')
      return Properties['BucketName'] === undefined ? id.toLowerCase() : named('BucketName');
    return id;
  };
  const attribute = (id: string, name: string): string => {
    const { Type = '', Properties = {} } = template.Resources[id] ?? {};
    if (Type === 'AWS::Lambda::Function' && name === 'Arn')
      return `arn:${partition.name}:lambda:${region}:${accountId}:function:${arnOrName(id)}`;
    if (Type === 'AWS::SQS::Queue' && name === 'Arn')
      return `arn:${partition.name}:sqs:${region}:${accountId}:${String(Properties['QueueName'])}`;
    if (Type === 'AWS::IAM::Role') return `arn:${partition.name}:iam::${accountId}:role/${id}`;
    return `${id}.${name}`;
  };
  const reference = (name: string): unknown =>
    name === 'AWS::NoValue' ? noValue : (pseudo[name] ?? arnOrName(name));

  const substitute = (argument: unknown): string => {
    const [text, own] = Array.isArray(argument)
      ? (argument as [string, Record<string, unknown>])
      : [argument as string, {}];
    return text.replaceAll(/\$\{([^!}][^}]*)\}/g, (_match, name: string) => {
      if (Object.hasOwn(own, name)) return String(evaluate(own[name]));
      const [id = '', attributeName] = name.split('.');
      return attributeName === undefined ? String(reference(name)) : attribute(id, attributeName);
    });
  };
  const holds = (name: string): boolean => evaluate(template.Conditions[name]) === true;

  const functions: Record<string, (argument: never) => unknown> = {
    Ref: (name: string) => reference(name),
    'Fn::GetAtt': ([id, name]: [string, string]) => attribute(id, name),
    'Fn::Sub': substitute,
    'Fn::Join': ([separator, parts]: [string, unknown[]]) => parts.map(evaluate).join(separator),
    'Fn::Equals': ([one, other]: [unknown, unknown]) => String(evaluate(one)) === String(evaluate(other)),
    'Fn::Not': ([condition]: [unknown]) => evaluate(condition) !== true,
    'Fn::If': ([name, yes, no]: [string, unknown, unknown]) => evaluate(holds(name) ? yes : no),
  };

  function evaluate(value: unknown): unknown {
    if (Array.isArray(value)) return value.map(evaluate).filter((element) => element !== noValue);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name = '', argument] = entries[0] ?? [];
    const intrinsic = entries.length === 1 ? functions[name] : undefined;
    if (intrinsic !== undefined) return intrinsic(argument as never);
    if (name.startsWith('Fn::')) throw new Error(`The template uses ${name}, which is not resolved here.`);
    return Object.fromEntries(
      entries
        .map(([key, member]) => [key, evaluate(member)] as const)
        .filter(([, member]) => member !== noValue),
    );
  }

  const there = Object.entries(template.Resources).filter(
    ([, { Condition }]) => Condition === undefined || holds(Condition),
  );
  const resources = there.map(([id, resource]) => [
    id,
    evaluate({ ...resource, Condition: { Ref: 'AWS::NoValue' } }),
  ]);
  return {
    Conditions: Object.fromEntries(Object.keys(template.Conditions).map((name) => [name, holds(name)])),
    Resources: Object.fromEntries(resources) as Template['Resources'],
    Outputs: evaluate(template.Outputs) as Template['Outputs'],
  };
}

/** Resources of one type, by logical id. */
export function resourcesOf(template: Template, type: string): readonly (readonly [string, Resource])[] {
  return Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
}
