import type {
  ListTagsOfResourceCommandInput,
  TagResourceCommandInput,
  UpdateContinuousBackupsCommandInput,
  UpdateTimeToLiveCommandInput,
} from '@aws-sdk/client-dynamodb';
import { dynamoError, invalid, tableNotFound } from '../errors.ts';
import { type Aws, changeLagging, shown } from '../state.ts';
import { operation, whole } from '../work.ts';
import { assertBackupsEnabled } from './backups.ts';
import { findTable, statusOf, type Table } from './table-state.ts';

/** DescribeTimeToLive and DescribeContinuousBackups may show the former setting this long. */
const SHOWN_LATE_MILLIS = 10_000;
/** ListTagsOfResource may lag this long behind TagResource. */
const TAGS_LATE_MILLIS = 30_000;
/** Time to live takes one change in this time. */
const TTL_CHANGE_MILLIS = 3_600_000;
const MAX_TAGS = 50;

interface Named {
  readonly TableName?: string;
}

function assertActive(aws: Aws, table: Table): void {
  const status = statusOf(aws, table);
  if (status === 'ACTIVE') return;
  throw dynamoError(
    'ResourceInUseException',
    `Attempt to change a resource which is still in use: Table is ${status}: ${table.name}`,
  );
}

function updateTimeToLive(aws: Aws, input: UpdateTimeToLiveCommandInput): unknown {
  const { AttributeName, Enabled } = input.TimeToLiveSpecification ?? {};
  const table = findTable(aws, input.TableName);
  assertActive(aws, table);
  if (table.timeToLiveChangedAt !== undefined && aws.now() < table.timeToLiveChangedAt + TTL_CHANGE_MILLIS)
    throw invalid('Time to live has been modified multiple times within a fixed interval');
  if (Enabled === true && table.timeToLive.value !== undefined)
    throw invalid('TimeToLive is already enabled');
  if (Enabled !== true && table.timeToLive.value === undefined)
    throw invalid('TimeToLive is already disabled');
  table.timeToLiveChangedAt = aws.now();
  changeLagging(aws, table.timeToLive, Enabled === true ? AttributeName : undefined, SHOWN_LATE_MILLIS);
  return { TimeToLiveSpecification: input.TimeToLiveSpecification };
}

function describeTimeToLive(aws: Aws, { TableName }: Named): unknown {
  const table = findTable(aws, TableName);
  const AttributeName = shown(aws, table.timeToLive, `time to live of ${table.name} shows late`);
  if (AttributeName === undefined) return { TimeToLiveDescription: { TimeToLiveStatus: 'DISABLED' } };
  return { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName } };
}

function updateRecovery(aws: Aws, input: UpdateContinuousBackupsCommandInput): unknown {
  const table = findTable(aws, input.TableName);
  assertBackupsEnabled(aws, table);
  const isWanted = input.PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled === true;
  changeLagging(aws, table.recovery, isWanted, SHOWN_LATE_MILLIS);
  return describeRecovery(table.recovery.value);
}

function describeRecovery(isOn: boolean): unknown {
  return {
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: isOn ? 'ENABLED' : 'DISABLED' },
    },
  };
}

function tagResource(aws: Aws, { ResourceArn, Tags = [] }: TagResourceCommandInput): unknown {
  const table = findTable(aws, ResourceArn);
  assertActive(aws, table);
  if (Tags.some(({ Key = '' }) => /^aws:/i.test(Key))) throw invalid('Tag keys must not begin with aws:');
  const tags = new Map(table.tags.value.map((tag) => [tag.Key, tag]));
  for (const tag of Tags) tags.set(tag.Key, tag);
  if (tags.size > MAX_TAGS)
    throw invalid(`One or more parameter values were invalid: Too many tags: ${tags.size}`);
  changeLagging(aws, table.tags, [...tags.values()], TAGS_LATE_MILLIS);
  return {};
}

/** Time to live, point-in-time recovery and tags. */
export const SETTING_OPERATIONS = {
  UpdateTimeToLive: operation(
    'TableName TimeToLiveSpecification',
    (aws, _caller, input: UpdateTimeToLiveCommandInput) =>
      whole(input.TableName ?? '', () => updateTimeToLive(aws, input)),
  ),
  DescribeTimeToLive: operation('TableName', (aws, _caller, input: Named) =>
    whole(input.TableName ?? '', () => describeTimeToLive(aws, input)),
  ),
  UpdateContinuousBackups: operation(
    'TableName PointInTimeRecoverySpecification',
    (aws, _caller, input: UpdateContinuousBackupsCommandInput) =>
      whole(input.TableName ?? '', () => updateRecovery(aws, input)),
  ),
  DescribeContinuousBackups: operation('TableName', (aws, _caller, { TableName = '' }: Named) =>
    whole(TableName, () => {
      const table = findTable(aws, TableName);
      return describeRecovery(
        shown(aws, table.recovery, `point-in-time recovery of ${TableName} shows late`),
      );
    }),
  ),
  TagResource: operation('ResourceArn Tags', (aws, _caller, input: TagResourceCommandInput) =>
    whole(input.ResourceArn ?? '', () => tagResource(aws, input)),
  ),
  ListTagsOfResource: operation(
    'ResourceArn NextToken',
    (aws, _caller, { ResourceArn }: ListTagsOfResourceCommandInput) =>
      whole(ResourceArn ?? '', () => {
        const table = findTable(aws, ResourceArn);
        if (['CREATING', 'DELETING'].includes(statusOf(aws, table))) throw tableNotFound(table.name);
        return { Tags: shown(aws, table.tags, `tags of ${table.name} show late`) };
      }),
  ),
};
