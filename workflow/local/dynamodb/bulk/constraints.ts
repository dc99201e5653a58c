import { AwsError } from '../../gateway/aws-answers.ts';

/** What DynamoDB demands of a member of a request. */
export interface Constraint {
  readonly holds: (value: unknown) => boolean;
  /** As the refusal names it. */
  readonly text: string;
}

export type Json = Readonly<Record<string, unknown>>;

/** A member of a request, what it must satisfy, and whether it may be absent. */
export interface Member {
  /** `inputS3Configuration.s3Bucket` */
  readonly name: string;
  readonly value: unknown;
  readonly constraints?: readonly Constraint[];
  readonly isRequired?: boolean;
}

/** @throws AwsError (ValidationException) that names every violation */
export function assertMembers(members: readonly Member[]): void {
  const violations = members.flatMap(violationsOf);
  if (violations.length === 0) return;
  const errors = violations.length === 1 ? 'error' : 'errors';
  throw validation(`${violations.length} validation ${errors} detected: ${violations.join('; ')}`);
}

function violationsOf({ name, value, constraints = [], isRequired = false }: Member): readonly string[] {
  if (value === undefined)
    return isRequired
      ? [`Value null at '${name}' failed to satisfy constraint: Member must not be null`]
      : [];
  return constraints
    .filter(({ holds }) => !holds(value))
    .map(({ text }) => `Value '${shown(value)}' at '${name}' failed to satisfy constraint: ${text}`);
}

const shown = (value: unknown): string => (Array.isArray(value) ? `[${value.join(', ')}]` : String(value));

export function oneOf(values: readonly string[]): Constraint {
  return {
    holds: (value) => values.includes(String(value)),
    text: `Member must satisfy enum value set: [${values.join(', ')}]`,
  };
}

export function eachOneOf(values: readonly string[]): Constraint {
  return {
    holds: (value) => Array.isArray(value) && value.every((one) => values.includes(String(one))),
    text: `Member must satisfy constraint: [${oneOf(values).text}]`,
  };
}

export function matching(pattern: RegExp): Constraint {
  return {
    holds: (value) => pattern.test(String(value)),
    text: `Member must satisfy regular expression pattern: ${pattern.source}`,
  };
}

/** Of a text or a list. */
export function lengthBetween(least: number, most: number): readonly Constraint[] {
  const length = (value: unknown): number => (Array.isArray(value) ? value : String(value)).length;
  return [
    {
      holds: (value) => length(value) >= least,
      text: `Member must have length greater than or equal to ${least}`,
    },
    {
      holds: (value) => length(value) <= most,
      text: `Member must have length less than or equal to ${most}`,
    },
  ];
}

export function atLeast(least: number): Constraint {
  return {
    holds: (value) => Number(value) >= least,
    text: `Member must have value greater than or equal to ${least}`,
  };
}

export function atMost(most: number): Constraint {
  return {
    holds: (value) => Number(value) <= most,
    text: `Member must have value less than or equal to ${most}`,
  };
}

/** @throws AwsError (SerializationException) where it is of another type */
export function readText(json: Json, name: string): string | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw serialization(name, 'String');
}

/** @throws AwsError (SerializationException) where it is no whole number */
export function readNumber(json: Json, name: string): number | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value)) return value;
  throw serialization(name, 'Long');
}

/** @throws AwsError (SerializationException) where it is no structure */
export function readStructure(json: Json, name: string): Json | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined) return undefined;
  if (typeof value === 'object' && !Array.isArray(value)) return value as Json;
  throw serialization(name, 'Structure');
}

/** @throws AwsError (SerializationException) where it is no list of texts */
export function readTexts(json: Json, name: string): readonly string[] | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
  throw serialization(name, 'List of String');
}

function serialization(name: string, type: string): AwsError {
  return new AwsError(400, 'SerializationException', `${name} cannot be converted to ${type}`);
}

export function validation(message: string): AwsError {
  return new AwsError(400, 'ValidationException', message);
}
