import { tableName } from '../../functions/shared/migration/table-spec.ts';
import { migration } from './project-migration.ts';
import type { Permissions, PolicyDocument } from './iam-evaluator.ts';
import { accountId, type Template } from '../workflow/template-variants.ts';

/** Names that a deployment gives to its resources. */
export interface DeployedNames {
  readonly stage: string;
  readonly region: string;
  readonly sourceTable: string;
  readonly tablePrefix: string;
}

/** ARNs of tables, bucket and machines of a deployment. */
export class Arns {
  readonly names: DeployedNames;
  constructor(names: DeployedNames) {
    this.names = names;
  }
  table(name: string): string {
    return `arn:aws:dynamodb:${this.names.region}:${accountId}:table/${name}`;
  }
  get source(): string {
    return this.table(this.names.sourceTable);
  }
  get ledger(): string {
    return this.table(`products-migration-${this.names.stage}-ledger`);
  }
  /** The new tables, in the definition's order. */
  get targets(): readonly string[] {
    return migration.targets.map((spec) => this.table(tableName(spec, this.names.tablePrefix)));
  }

  /** The new tables that the run fills. */
  get filled(): readonly string[] {
    return migration.filled.map((spec) => this.table(tableName(spec, this.names.tablePrefix)));
  }
  get restored(): string {
    return `${this.source}-restored-20260102T030405Z`;
  }
  get bucket(): string {
    return `arn:aws:s3:::products-migration-${this.names.stage}-${accountId}-${this.names.region}`;
  }
  machine(name: string): string {
    return `arn:aws:states:${this.names.region}:${accountId}:stateMachine:products-migration-${this.names.stage}-${name}`;
  }
  function(key: string): string {
    return `arn:aws:lambda:${this.names.region}:${accountId}:function:products-migration-${this.names.stage}-${key}`;
  }
  /** An event source mapping, by Lambda's id. */
  mapping(id: string): string {
    return `arn:aws:lambda:${this.names.region}:${accountId}:event-source-mapping:${id}`;
  }
  execution(machine: string): string {
    return `${this.machine(machine).replace(':stateMachine:', ':execution:')}:run-1`;
  }
}

/** Tags of a table that this stage has created, as they appear in the context of a request to IAM. */
export function ownTags({ stage }: DeployedNames, key: 'RequestTag' | 'ResourceTag'): Record<string, string> {
  const tags = { run: 'run-1', service: 'products-migration', stage };
  return Object.fromEntries(
    Object.entries(tags).map(([name, value]) => [`aws:${key}/migration:${name}`, value]),
  );
}

/** The context of a CreateTable with the service's tags. */
export function creationContext(names: DeployedNames): Record<string, string | string[]> {
  return {
    ...ownTags(names, 'RequestTag'),
    'aws:TagKeys': ['migration:run', 'migration:service', 'migration:stage'],
  };
}

/** What a role's own policies and its boundary allow, and the principal that resource policies see. */
export function permissionsOf({ Resources }: Template, roleId: string): Permissions {
  const role = Resources[roleId];
  const policies = role?.Properties['Policies'] as readonly { readonly PolicyDocument: PolicyDocument }[];
  const boundaryId = String(role?.Properties['PermissionsBoundary']).split('/').at(-1) ?? '';
  const boundary = Resources[boundaryId]?.Properties['PolicyDocument'] as PolicyDocument;
  const tags = (role?.Properties['Tags'] ?? []) as readonly {
    readonly Key: string;
    readonly Value: string;
  }[];
  const principal = {
    role: `arn:aws:iam::${accountId}:role/${roleId}`,
    tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
  };
  return { policies: policies.map(({ PolicyDocument }) => PolicyDocument), boundary, principal };
}

/** What a function's role and boundary allow, by the function's key. */
export function permissionsByFunction(template: Template, stage: string): ReadonlyMap<string, Permissions> {
  const lambdas = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  return new Map(
    lambdas.map(({ Properties }) => {
      const key = String(Properties['FunctionName']).replace(`products-migration-${stage}-`, '');
      return [key, permissionsOf(template, String(Properties['Role']).split('/').at(-1) ?? '')] as const;
    }),
  );
}
