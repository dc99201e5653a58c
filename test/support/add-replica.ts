import {
  DescribeTableCommand,
  type DescribeTableOutput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';

/** Lets DescribeTable say that a table has a replica in us-east-1, which no engine offers. @returns takes it away again */
export function addReplica(client: DynamoDBClient, tableName: string): () => void {
  const sent = client.send.bind(client) as (command: object) => Promise<unknown>;
  let isGlobal = true;
  const send = async (command: object): Promise<unknown> => {
    const answer = await sent(command);
    const isMeant = command instanceof DescribeTableCommand && command.input.TableName === tableName;
    if (!isGlobal || !isMeant) return answer;
    const { Table } = answer as DescribeTableOutput;
    return { Table: { ...Table, Replicas: [{ RegionName: 'us-east-1', ReplicaStatus: 'ACTIVE' }] } };
  };
  Object.assign(client, { send });
  return () => {
    isGlobal = false;
  };
}
