import type { AwsRequest } from '../gateway/aws-request.ts';

/** One IAM action on one table, or on one of its indexes. */
export interface AskedAction {
  readonly table: string;
  /** `dynamodb:PutItem` */
  readonly action: string;
  readonly index?: string;
}

/** IAM asks about the parts of a transaction, not about the transaction. */
const PART_ACTIONS: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

type Part = Readonly<Record<string, { readonly TableName?: unknown }>>;

function ofTransaction(parts: unknown): AskedAction[] {
  if (!Array.isArray(parts)) return [];
  return parts.flatMap((part: Part) =>
    Object.entries(part).map(([kind, { TableName }]) => ({
      table: String(TableName).split('/').at(-1) ?? '',
      action: `dynamodb:${PART_ACTIONS[kind] ?? kind}`,
    })),
  );
}

const STATEMENT =
  /^\s*(?:(INSERT)\s+INTO|(UPDATE)|(DELETE)\s+FROM|(SELECT)\b.*?\bFROM)\s+"?([A-Za-z0-9_.-]+)"?/is;

/** A PartiQL statement is asked about as `PartiQLInsert`, `PartiQLUpdate`, `PartiQLDelete` or `PartiQLSelect`. */
function ofStatement(statement: unknown): AskedAction[] {
  const [, insert, update, remove, select, table] = STATEMENT.exec(String(statement)) ?? [];
  const verb = (insert ?? update ?? remove ?? select ?? '').toLowerCase();
  if (table === undefined) return [];
  return [{ table, action: `dynamodb:PartiQL${verb.charAt(0).toUpperCase()}${verb.slice(1)}` }];
}

function ofStatements(statements: unknown): AskedAction[] {
  if (!Array.isArray(statements)) return [];
  return statements.flatMap(({ Statement }: { readonly Statement?: unknown }) => ofStatement(Statement));
}

/** What IAM would be asked for a DynamoDB request. */
export function askedActions({ operation, json = {}, tables }: AwsRequest): readonly AskedAction[] {
  switch (operation) {
    case 'TransactWriteItems':
    case 'TransactGetItems':
      return ofTransaction(json['TransactItems']);
    case 'ExecuteStatement':
      return ofStatement(json['Statement']);
    case 'BatchExecuteStatement':
      return ofStatements(json['Statements']);
    case 'ExecuteTransaction':
      return ofStatements(json['TransactStatements']);
    case 'StartBulkPutItems':
      // The service puts the items on the caller's behalf, who must therefore be allowed to.
      return tables.flatMap((table) =>
        [operation, 'PutItem'].map((name) => ({ table, action: `dynamodb:${name}` })),
      );
    default: {
      const { IndexName } = json;
      const index = typeof IndexName === 'string' ? { index: IndexName } : {};
      return tables.map((table) => ({ table, action: `dynamodb:${operation}`, ...index }));
    }
  }
}
