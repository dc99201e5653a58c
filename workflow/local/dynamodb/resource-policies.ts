import { arnOf } from '../account.ts';
import { AwsError, jsonAnswer } from '../gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../gateway/aws-request.ts';
import { type AskedAction, askedActions } from './asked-actions.ts';
import { type Caller, readPolicy, type ResourcePolicy } from './policy-document.ts';
import { createRequestsUnderWay } from './requests-under-way.ts';

type CarryOut = (request: AwsRequest) => Promise<AwsResponse>;

/** Resource policies of tables, in front of an engine that has none. */
export interface ResourcePolicies {
  /**
   * Answers what is asked about policies, refuses what a policy denies, and has everything else carried out.
   *
   * @throws AwsError in AWS's words
   */
  serve(request: AwsRequest, carryOut: CarryOut): Promise<AwsResponse>;
}

/** What the policies need to know. */
export interface PolicyParts {
  /** The id of the table that has this name now; `undefined`: there is none. */
  readonly tableIdOf: (table: string) => Promise<string | undefined>;
  readonly callerOf: (accessKeyId: string | undefined) => Caller;
}

/** A policy dies with its table: another table of the same name has another id. */
interface Attached {
  readonly policy: ResourcePolicy;
  readonly revisionId: string;
  readonly tableId: string;
}

/** As much of a table's description as tells it from another of its name. */
export interface DescribedTable {
  readonly TableId?: string;
  readonly CreationDateTime?: number;
}

/** DynamoDB's id; an engine that has none gives the time. */
export const identityOf = ({ TableId, CreationDateTime }: DescribedTable = {}): string =>
  TableId ?? String(CreationDateTime);

/** Given as expected revision: there must be no policy yet. */
const NO_POLICY = 'NO_POLICY';

const tableArn = (table: string): string => arnOf('dynamodb', `table/${table}`);

const policyNotFound = (table: string): AwsError =>
  new AwsError(
    400,
    'PolicyNotFoundException',
    `Resource-based policy not found for the provided ResourceArn: ${tableArn(table)}`,
  );

const tableNotFound = (table: string): AwsError =>
  new AwsError(400, 'ResourceNotFoundException', `Requested resource not found: Table: ${table} not found`);

function textOf({ json = {} }: AwsRequest, field: string): string | undefined {
  const value = json[field];
  return typeof value === 'string' ? value : undefined;
}

/** Keeps the policies, gives them out, and stands before the engine with them. */
export function createResourcePolicies(parts: PolicyParts): ResourcePolicies {
  const attached = new Map<string, Attached>();
  const underWay = createRequestsUnderWay();
  let lastRevision = 0;

  const nextRevision = (): string => {
    lastRevision = Math.max(Date.now(), lastRevision + 1);
    return String(lastRevision);
  };

  /** The policy of the table that has this name now. */
  const find = async (table: string): Promise<Attached | undefined> => {
    const found = attached.get(table);
    if (found === undefined) return undefined;
    if ((await parts.tableIdOf(table)) === found.tableId) return found;
    if (attached.get(table) === found) attached.delete(table);
    return undefined;
  };

  const attach = (table: string, tableId: string, policy: ResourcePolicy): string => {
    const revisionId = nextRevision();
    attached.set(table, { policy, revisionId, tableId });
    return revisionId;
  };

  const assertRevision = (request: AwsRequest, table: string, found: Attached | undefined): void => {
    const expected = textOf(request, 'ExpectedRevisionId');
    if (expected === undefined) return;
    if (expected !== (found?.revisionId ?? NO_POLICY)) throw policyNotFound(table);
  };

  const put = async (request: AwsRequest, table: string): Promise<AwsResponse> => {
    const policy = readPolicy(textOf(request, 'Policy') ?? '', tableArn(table));
    const tableId = await parts.tableIdOf(table);
    if (tableId === undefined) throw tableNotFound(table);
    const found = await find(table);
    assertRevision(request, table, found);
    if (found?.policy.text === policy.text) return jsonAnswer({ RevisionId: found.revisionId });
    return jsonAnswer({ RevisionId: attach(table, tableId, policy) });
  };

  const get = async (table: string): Promise<AwsResponse> => {
    const found = await find(table);
    if (found !== undefined) return jsonAnswer({ Policy: found.policy.text, RevisionId: found.revisionId });
    throw (await parts.tableIdOf(table)) === undefined ? tableNotFound(table) : policyNotFound(table);
  };

  /** Without a policy it succeeds as well, unless a revision was expected. */
  const remove = async (request: AwsRequest, table: string): Promise<AwsResponse> => {
    const found = await find(table);
    if (found === undefined && (await parts.tableIdOf(table)) === undefined) throw tableNotFound(table);
    assertRevision(request, table, found);
    attached.delete(table);
    return jsonAnswer(found === undefined ? {} : { RevisionId: found.revisionId });
  };

  const enforce = async (request: AwsRequest, asked: readonly AskedAction[]): Promise<void> => {
    if (attached.size === 0) return;
    const caller = parts.callerOf(request.accessKeyId);
    for (const { table, action, index } of asked) {
      const resource = index === undefined ? tableArn(table) : `${tableArn(table)}/index/${index}`;
      const question = { action, resource, caller };
      if (attached.get(table)?.policy.denies(question) !== true) continue;
      // A table that is gone, or another one by now, has no policy: asked only where the answer matters.
      if ((await find(table))?.policy.denies(question) === true)
        throw new AwsError(
          400,
          'AccessDeniedException',
          `User: ${caller.arn} is not authorized to perform: ${action} on resource: ${resource} with an explicit deny in a resource-based policy`,
        );
    }
  };

  const carryOutAllowed = async (request: AwsRequest, carryOut: CarryOut): Promise<AwsResponse> => {
    const asked = askedActions(request);
    const end = await underWay.begin(asked.map(({ table }) => table));
    try {
      await enforce(request, asked);
      return await carryOut(request);
    } finally {
      end();
    }
  };

  const create = async (request: AwsRequest, table: string, carryOut: CarryOut): Promise<AwsResponse> => {
    const text = textOf(request, 'ResourcePolicy');
    if (text === undefined) return carryOut(request);
    const policy = readPolicy(text, tableArn(table));
    const { ResourcePolicy: _policy, ...json } = request.json ?? {};
    const response = await carryOut({ ...request, json, body: Buffer.from(JSON.stringify(json)) });
    if (response.status >= 400) return response;
    const { TableDescription } = JSON.parse(response.body.toString()) as {
      TableDescription?: DescribedTable;
    };
    attach(table, identityOf(TableDescription), policy);
    return response;
  };

  return {
    async serve(request, carryOut) {
      const table = request.tables[0] ?? '';
      switch (request.operation) {
        case 'PutResourcePolicy':
          return put(request, table);
        case 'GetResourcePolicy':
          return get(table);
        case 'DeleteResourcePolicy':
          return remove(request, table);
        case 'CreateTable':
          return underWay.alone(table, () => create(request, table, carryOut));
        default:
          return carryOutAllowed(request, carryOut);
      }
    },
  };
}
