import { migration } from './project-migration.ts';
import type { PolicyStatement } from './iam-evaluator.ts';
import { permissionsByFunction } from './iam-proof.ts';
import { accountId, compileVariant, variants } from '../workflow/template-variants.ts';

/** The document that contains the table. */
export const permissionsDocument = 'workflow/README.md';
export const permissionsSection = 'permissions';

const { stage, region } = variants.asItComes;
const list = (value: string | readonly string[] | undefined): readonly string[] => [value ?? []].flat();

/** `arn:…:table/products` -> the word that the README uses. */
function shortName(arn: string): string {
  const names: readonly (readonly [string, string])[] = [
    [
      `arn:aws:dynamodb:${region}:${accountId}:table/products-migration-${stage}-ledger/index/RunsIndex`,
      "ledger's index",
    ],
    [`arn:aws:dynamodb:${region}:${accountId}:table/products-migration-${stage}-ledger`, 'ledger'],
    [
      `arn:aws:dynamodb:${region}:${accountId}:table/${migration.source.name}-restored-*`,
      '*source*-restored-\\*',
    ],
    ...migration.targets.map(
      ({ name }) => [`arn:aws:dynamodb:${region}:${accountId}:table/${name}`, name] as const,
    ),
    [`arn:aws:dynamodb:${region}:${accountId}:table/${migration.source.name}`, '**source**'],
    [`arn:aws:dynamodb:${region}:${accountId}:table/`, ''],
    [`arn:aws:s3:::products-migration-${stage}-${accountId}-${region}`, 'bucket'],
    [`arn:aws:states:${region}:${accountId}:stateMachine:products-migration-${stage}-`, 'machine '],
    [`arn:aws:states:${region}:${accountId}:execution:products-migration-${stage}-`, 'executions of '],
    [`arn:aws:lambda:${region}:${accountId}:event-source-mapping`, 'event source mappings'],
    [`arn:aws:sns:${region}:${accountId}:products-migration-${stage}-`, 'topic '],
    [`arn:aws:sqs:${region}:${accountId}:products-migration-${stage}-`, 'queue '],
  ];
  const [prefix = '', name = ''] = names.find(([one]) => arn.startsWith(one)) ?? [];
  const rest = arn.slice(prefix.length).replace(/:\*$/, '').replaceAll('*', '\\*');
  return `${name}${rest}`;
}

function conditionText({ Condition = {}, Action }: PolicyStatement): string {
  const keys = Object.values(Condition).flatMap((condition) => Object.keys(condition));
  if (keys.some((key) => key.startsWith('aws:RequestTag/')))
    return 'with exactly this stage’s three tags, where no other stage’s are';
  if (keys.includes('lambda:FunctionArn')) return 'that call `syncProducts`';
  if (keys.some((key) => key.startsWith('aws:ResourceTag/'))) return 'that carry this stage’s tags';
  const prefixes = Object.values(Condition).flatMap((condition) => list(condition['s3:prefix'] as string[]));
  if (prefixes.length > 0)
    return `below ${prefixes.map((prefix) => prefix.replaceAll('*', '\\*')).join(', ')}`;
  if (keys.length === 0) return '';
  throw new Error(`The table has no words for the condition of ${list(Action).join()}.`);
}

function rowOf(functionKey: string, statement: PolicyStatement): string {
  const actions = list(statement.Action).map((action) => `\`${action}\``);
  const resources = list(statement.Resource).map(shortName);
  return `| \`${functionKey}\` | ${actions.join(' ')} | ${resources.join(', ')} | ${conditionText(statement)} |`;
}

/** Every role may write its own log and send traces. The text above the table says so once. */
const inEveryRole = new Set(['WriteItsLog', 'SendTraces']);

/** Function x action x resource, as a Markdown table, of the service deployed with the default parameters. */
export async function permissionsTable(): Promise<string> {
  const { resolved } = await compileVariant(variants.asItComes);
  const rows = [...permissionsByFunction(resolved, stage)].flatMap(([functionKey, { policies }]) =>
    policies
      .flatMap(({ Statement }) => [Statement].flat())
      .filter(({ Effect, Sid = '' }) => Effect === 'Allow' && !inEveryRole.has(Sid))
      .map((statement) => rowOf(functionKey, statement)),
  );
  return ['| Function | May | On | Only |', '|---|---|---|---|', ...rows].join('\n');
}
