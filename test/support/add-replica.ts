import {
  DescribeTableCommand,
  type DescribeTableOutput,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { vi } from 'vitest';

/** Lets DescribeTable say that a table has a replica in us-east-1, which no engine offers. @returns takes it away again */
export function addReplica(client: DynamoDBClient, tableName: string): () => void {
  const send = client.send.bind(client) as (command: object) => Promise<unknown>;
  const spy = vi.spyOn(client, 'send').mockImplementation(async (command: object) => {
    const answer = await send(command);
    if (!(command instanceof DescribeTableCommand) || command.input.TableName !== tableName) return answer;
    const { Table } = answer as DescribeTableOutput;
    return { Table: { ...Table, Replicas: [{ RegionName: 'us-east-1', ReplicaStatus: 'ACTIVE' }] } };
  });
  return () => void spy.mockRestore();
}
