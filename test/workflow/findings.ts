import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';
import { accountId, type CompiledVariant } from './template-variants.ts';

/** What a tool objects to. */
export interface Finding {
  readonly tool: 'cloudformation-validate' | 'cfn-guard' | 'practice';
  readonly rule: string;
  /** Logical id. */
  readonly resource: string;
  /** What exactly, where one rule finds several things in a resource; else its sentence. */
  readonly detail: string;
}

const requireHere = createRequire(import.meta.url);

/** AWS's own checks of schema, references, security and practice; notes (severity INFO) are left out. */
export async function validateFindings({
  templatePath,
  variant,
}: CompiledVariant): Promise<readonly Finding[]> {
  const engine = new RegoEngine();
  try {
    const report = engine.validateStandard(new TemplateFile(templatePath), {
      severityLevel: 'WARN',
      pseudoParameterOverrides: { accountId, region: variant.region, partition: 'aws' },
    });
    if (report.status !== 'OK') throw new Error(`cloudformation-validate ended with ${report.status}.`);
    return report.diagnostics.map(({ ruleId, message, entity }) => ({
      tool: 'cloudformation-validate',
      rule: ruleId,
      resource: entity?.logicalId ?? '',
      detail: message,
    }));
  } finally {
    engine.free();
  }
}

/** Rule folders of AWS Control Tower for the services that the stack uses; the others would only cost time. */
const guardServices = [
  'cloudwatch',
  'dynamodb',
  'identityandaccessmanagement',
  'keymanagementservice',
  'lambda',
  's3',
  'sqs',
  'stepfunctions',
];

/** Where the rules and the program for this machine lie in the package that ships them. */
function guardFiles(): { readonly program: string; readonly rules: readonly string[] } {
  const root = dirname(requireHere.resolve('@cdklabs/cdk-validator-cfnguard/package.json'));
  const system = process.platform === 'darwin' ? 'macos' : 'ubuntu';
  const machine = process.arch === 'arm64' ? 'aarch64' : 'x86_64';
  return {
    program: join(root, 'bin', system, machine, 'cfn-guard'),
    rules: guardServices.map((service) => join(root, 'rules/control-tower/cfn-guard', service)),
  };
}

/** AWS Control Tower's proactive controls, by cfn-guard. */
export async function guardFindings({ resolved }: CompiledVariant): Promise<readonly Finding[]> {
  const folder = await mkdtemp(join(tmpdir(), 'guard-'));
  const path = join(folder, 'template.json');
  await writeFile(path, JSON.stringify({ Resources: resolved.Resources }));
  const { program, rules } = guardFiles();
  const args = ['validate', '--data', path, ...rules.flatMap((folderOfRules) => ['--rules', folderOfRules])];
  const output = ['--output-format', 'json', '--show-summary', 'none', '--structured'];
  const run = promisify(execFile)(program, [...args, ...output], { maxBuffer: 64 * 1024 * 1024 });
  // It ends with 19 where a rule is not met, and says so on standard output.
  const { stdout } = await run.catch((error: { code?: number; stdout: string }) => {
    if (error.code === 19) return error;
    throw error;
  });
  await rm(folder, { recursive: true });
  return guardReportFindings(JSON.parse(stdout) as readonly GuardReport[]);
}

interface GuardReport {
  readonly not_compliant: readonly { readonly Rule: { readonly name: string; readonly checks: unknown } }[];
  readonly compliant: readonly string[];
}

function guardReportFindings(reports: readonly GuardReport[]): readonly Finding[] {
  if (reports.every(({ compliant }) => compliant.length === 0)) throw new Error('cfn-guard checked nothing.');
  return reports.flatMap(({ not_compliant }) =>
    not_compliant.flatMap(({ Rule }) => {
      const text = JSON.stringify(Rule.checks);
      const control = /\[(CT\.[A-Z0-9.]+)\]: ([^\\"]+)/.exec(text);
      const resources = new Set([...text.matchAll(/\/Resources\/(\w+)/g)].map(([, id = '']) => id));
      return [...resources].map((resource) => ({
        tool: 'cfn-guard' as const,
        rule: control?.[1] ?? Rule.name,
        resource,
        detail: control?.[2] ?? Rule.name,
      }));
    }),
  );
}
