import { randomUUID } from 'node:crypto';
import { ACCOUNT_ID, REGION } from '../account.ts';
import { AwsError, queryAnswer, xmlText } from '../gateway/aws-answers.ts';
import type { Service } from '../gateway/aws-request.ts';

/** Something that was published to a topic. */
export interface PublishedMessage {
  readonly topicArn: string;
  readonly subject: string | undefined;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const NAMESPACES = {
  sts: 'https://sts.amazonaws.com/doc/2011-06-15/',
  sns: 'http://sns.amazonaws.com/doc/2010-03-31/',
  cloudformation: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
};

/** STS: everybody is the embedded account's own user. */
export const serveSts: Service = async ({ operation }) => {
  if (operation !== 'GetCallerIdentity') throw unknownAction(operation);
  const identity = `<Arn>arn:aws:iam::${ACCOUNT_ID}:user/local</Arn><UserId>AIDALOCAL</UserId><Account>${ACCOUNT_ID}</Account>`;
  return queryAnswer(operation, NAMESPACES.sts, identity);
};

/** SNS: a message to a declared topic is kept in `messages`; nobody is subscribed. */
export function createSnsService(topicArns: readonly string[], messages: PublishedMessage[]): Service {
  return async ({ operation, params }) => {
    if (operation === 'ListTopics') {
      const members = topicArns.map((arn) => `<member><TopicArn>${xmlText(arn)}</TopicArn></member>`);
      return queryAnswer(operation, NAMESPACES.sns, `<Topics>${members.join('')}</Topics>`);
    }
    if (operation !== 'Publish') throw unknownAction(operation);
    const topicArn = params.get('TopicArn') ?? '';
    if (!topicArns.includes(topicArn)) throw new AwsError(404, 'NotFound', 'Topic does not exist');
    const message = {
      topicArn,
      subject: params.get('Subject') ?? undefined,
      message: params.get('Message') ?? '',
      at: Date.now(),
    };
    messages.push(message);
    return queryAnswer(operation, NAMESPACES.sns, `<MessageId>${randomUUID()}</MessageId>`);
  };
}

/** CloudFormation: describes the one stack, which is all that `sls invoke stepf` asks before it starts a machine. */
export function createCloudFormationService(
  stackName: string,
  outputs: Readonly<Record<string, string>>,
): Service {
  return async ({ operation, params }) => {
    if (operation !== 'DescribeStacks') throw unknownAction(operation);
    const asked = params.get('StackName') ?? stackName;
    if (asked !== stackName)
      throw new AwsError(400, 'ValidationError', `Stack with id ${asked} does not exist`);
    const members = Object.entries(outputs).map(
      ([key, value]) =>
        `<member><OutputKey>${xmlText(key)}</OutputKey><OutputValue>${xmlText(value)}</OutputValue></member>`,
    );
    const stack =
      `<StackName>${stackName}</StackName><StackId>arn:aws:cloudformation:${REGION}:${ACCOUNT_ID}:stack/${stackName}/1</StackId>` +
      `<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>CREATE_COMPLETE</StackStatus><Outputs>${members.join('')}</Outputs>`;
    return queryAnswer(operation, NAMESPACES.cloudformation, `<Stacks><member>${stack}</member></Stacks>`);
  };
}

function unknownAction(operation: string): AwsError {
  return new AwsError(400, 'InvalidAction', `The embedded AWS has no operation ${operation} here.`);
}
