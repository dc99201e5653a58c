import { expect, it } from 'vitest';
import { tablesPage } from '../../../workflow/local/console/tables-page.ts';
import { type ConsoleData, consoleData, type DataParts } from '../../../workflow/local/console/data.ts';
import { jsonAnswer } from '../../../workflow/local/gateway/aws-answers.ts';
import type { AwsRequest, AwsResponse } from '../../../workflow/local/gateway/aws-request.ts';

type Json = Readonly<Record<string, unknown>>;

const refusal = (code: string): AwsResponse => ({
  ...jsonAnswer({ __type: `com.amazonaws.dynamodb.v20120810#${code}`, message: `Injected ${code}` }),
  status: 400,
});

/** The console over a DynamoDB that answers so. */
function consoleOver(answer: (operation: string, json: Json) => AwsResponse): ConsoleData {
  const parts = {
    deployment: { buckets: ['files'] },
    dynamodb: async ({ operation, json = {} }: AwsRequest) => answer(operation, json),
    s3: async () => ({
      status: 404,
      headers: {},
      body: Buffer.from('<Error><Code>NoSuchBucket</Code><Message>It is &lt;gone&gt;.</Message></Error>'),
    }),
  };
  return consoleData(parts as unknown as DataParts);
}

const described = ({ TableName }: Json): AwsResponse =>
  jsonAnswer({ Table: { TableName, TableStatus: 'ACTIVE', KeySchema: [] } });

async function shownBy(data: ConsoleData): Promise<string> {
  return (await tablesPage(data)).body.toString();
}

it('the page of the tables shows those of every page of ListTables', async () => {
  const data = consoleOver((operation, json) => {
    if (operation === 'DescribeTable') return described(json);
    return json['ExclusiveStartTableName'] === 'cart'
      ? jsonAnswer({ TableNames: ['orders'] })
      : jsonAnswer({ TableNames: ['cart'], LastEvaluatedTableName: 'cart' });
  });
  const page = await shownBy(data);
  expect(page).toContain('2 tables.');
  expect(page).toContain('>orders</a>');
});

it('the page of the tables leaves out a table that was deleted since it was listed', async () => {
  const data = consoleOver((operation, json) => {
    if (operation === 'ListTables') return jsonAnswer({ TableNames: ['cart', 'orders'] });
    return json['TableName'] === 'orders' ? refusal('ResourceNotFoundException') : described(json);
  });
  const page = await shownBy(data);
  expect(page).toContain('1 table.');
  expect(page).not.toContain('orders</a>');
});

it('a list that is refused is not shown as an empty one', async () => {
  const data = consoleOver(() => refusal('InternalServerError'));
  await expect(tablesPage(data)).rejects.toThrow('Injected InternalServerError');
  await expect(data.describeTable('cart')).rejects.toThrow('Injected InternalServerError');
  await expect(data.scan('cart', undefined)).rejects.toThrow('Injected InternalServerError');
  await expect(data.listObjects('', undefined)).rejects.toThrow('S3 did not list the objects: It is <gone>.');
});
