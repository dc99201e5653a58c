import { AwsError } from '../../gateway/aws-answers.ts';

/** How a mapping delivers, by Lambda's own names. @see https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html */
export interface MappingSettings {
  readonly BatchSize: number;
  readonly MaximumBatchingWindowInSeconds: number;
  readonly ParallelizationFactor: number;
  readonly BisectBatchOnFunctionError: boolean;
  /** -1: as often as it takes. */
  readonly MaximumRetryAttempts: number;
  /** -1: whatever their age. */
  readonly MaximumRecordAgeInSeconds: number;
  readonly FunctionResponseTypes: readonly string[];
  readonly DestinationConfig: { readonly OnFailure: { readonly Destination?: string } };
  /** Not offered here. */
  readonly TumblingWindowInSeconds: 0;
}

/** What a mapping has that is told nothing. */
export const DEFAULT_SETTINGS: MappingSettings = {
  BatchSize: 100,
  MaximumBatchingWindowInSeconds: 0,
  ParallelizationFactor: 1,
  BisectBatchOnFunctionError: false,
  MaximumRetryAttempts: -1,
  MaximumRecordAgeInSeconds: -1,
  FunctionResponseTypes: [],
  DestinationConfig: { OnFailure: {} },
  TumblingWindowInSeconds: 0,
};

type Json = Readonly<Record<string, unknown>>;

const RANGES = {
  BatchSize: [1, 10_000],
  MaximumBatchingWindowInSeconds: [0, 300],
  ParallelizationFactor: [1, 10],
  MaximumRetryAttempts: [-1, 10_000],
  MaximumRecordAgeInSeconds: [-1, 604_800],
} as const;

/** A record younger than this is never too old. */
const LEAST_RECORD_AGE_SECONDS = 60;

/** Of Lambda's API, and not of this one. */
const NOT_OFFERED = [
  'AmazonManagedKafkaEventSourceConfig',
  'DocumentDBEventSourceConfig',
  'FilterCriteria',
  'KMSKeyArn',
  'LoggingConfig',
  'MetricsConfig',
  'ProvisionedPollerConfig',
  'Queues',
  'ScalingConfig',
  'SelfManagedEventSource',
  'SelfManagedKafkaEventSourceConfig',
  'SourceAccessConfigurations',
  'StartingPositionTimestamp',
  'Tags',
  'Topics',
  'TumblingWindowInSeconds',
];

/** Lambda's refusal of a parameter. */
export function invalidParameter(message: string): AwsError {
  return new AwsError(400, 'InvalidParameterValueException', message);
}

/**
 * The settings that a request asks for; what it does not name stays as it is in `current`.
 *
 * @param isQueue whether there is a queue with this ARN
 * @throws AwsError (InvalidParameterValueException)
 */
export function readSettings(
  json: Json,
  current: MappingSettings,
  isQueue: (arn: string) => boolean,
): MappingSettings {
  const foreign = NOT_OFFERED.find((name) => asksFor(json[name]));
  if (foreign !== undefined)
    throw invalidParameter(
      `The embedded AWS does not offer ${foreign} in event source mappings of a stream.`,
    );
  const numbers = Object.keys(RANGES).map((name) => [
    name,
    readNumber(json, name as keyof typeof RANGES) ?? current[name as keyof typeof RANGES],
  ]);
  return {
    ...current,
    ...(Object.fromEntries(numbers) as Pick<MappingSettings, keyof typeof RANGES>),
    BisectBatchOnFunctionError:
      readBoolean(json, 'BisectBatchOnFunctionError') ?? current.BisectBatchOnFunctionError,
    FunctionResponseTypes: readResponseTypes(json) ?? current.FunctionResponseTypes,
    DestinationConfig: readDestination(json, isQueue) ?? current.DestinationConfig,
  };
}

/** Neither an empty list nor a window of no length asks for anything. */
function asksFor(value: unknown): boolean {
  if (value === undefined || value === null || value === 0) return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.values(value).some(asksFor);
}

function readNumber(json: Json, name: keyof typeof RANGES): number | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined) return undefined;
  const [least, most] = RANGES[name];
  if (typeof value !== 'number' || !Number.isInteger(value))
    throw invalidParameter(`${name} must be a whole number, and is ${JSON.stringify(value)}.`);
  if (value < least) throw outOfRange(name, value, `greater than or equal to ${least}`);
  if (value > most) throw outOfRange(name, value, `less than or equal to ${most}`);
  if (name === 'MaximumRecordAgeInSeconds' && value !== -1 && value < LEAST_RECORD_AGE_SECONDS)
    throw invalidParameter(
      `${name} must be -1 or at least ${LEAST_RECORD_AGE_SECONDS} seconds, and is ${value}.`,
    );
  return value;
}

function outOfRange(name: string, value: number, wanted: string): AwsError {
  const member = name.charAt(0).toLowerCase() + name.slice(1);
  return invalidParameter(
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value ${wanted}`,
  );
}

/** The flag of that name. @throws AwsError (InvalidParameterValueException) for any other value than true and false */
export function readBoolean(json: Json, name: string): boolean | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined || typeof value === 'boolean') return value;
  throw invalidParameter(`${name} must be true or false, and is ${JSON.stringify(value)}.`);
}

function readResponseTypes({ FunctionResponseTypes: types }: Json): readonly string[] | undefined {
  if (types === undefined || types === null) return undefined;
  if (Array.isArray(types) && types.length <= 1 && types.every((one) => one === 'ReportBatchItemFailures'))
    return types as string[];
  throw invalidParameter(
    `1 validation error detected: Value '${JSON.stringify(types)}' at 'functionResponseTypes' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [ReportBatchItemFailures]]`,
  );
}

interface Destination {
  readonly Destination?: unknown;
}

function readDestination(
  { DestinationConfig }: Json,
  isQueue: (arn: string) => boolean,
): MappingSettings['DestinationConfig'] | undefined {
  if (DestinationConfig === undefined || DestinationConfig === null) return undefined;
  const { OnFailure, OnSuccess } = DestinationConfig as { OnFailure?: Destination; OnSuccess?: Destination };
  if (asksFor(OnSuccess?.Destination))
    throw invalidParameter('Unsupported DestinationConfig parameter for given event source mapping type.');
  const Destination = OnFailure?.Destination ?? '';
  if (Destination === '') return { OnFailure: {} };
  if (typeof Destination !== 'string' || !/^arn:aws:sqs:[^:]+:\d{12}:[^:]+$/.test(Destination))
    throw invalidParameter(
      `The on-failure destination must be the ARN of an SQS queue, and is ${JSON.stringify(Destination)}.`,
    );
  if (!isQueue(Destination)) throw invalidParameter(`There is no queue ${Destination}.`);
  return { OnFailure: { Destination } };
}
