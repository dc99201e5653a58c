import * as z from 'zod';
import { WRITE_ENGINES } from '../cost/write-engine.ts';
import { InvalidInputError } from '../errors.ts';
import { nearestName } from '../nearest-name.cjs';
import { cut, listed } from '../text.ts';

/** Caps that can be given. The least is a unit in eleven days, and an execution lasts seven. The ledger has its limits, too. */
export const UNITS_PER_SECOND = { least: 0.000_001, most: 1_000_000 } as const;

/** Fields that machines share. */
export const INPUT_FIELDS = {
  maxConcurrency: z.number().int().min(1).max(1_000).optional(),
  /** Capacity units. */
  unitsPerSecond: z.number().min(UNITS_PER_SECOND.least).max(UNITS_PER_SECOND.most).optional(),
  /** US dollars: a run that is estimated at more, or whose cost is unknown, is refused. */
  maxCost: z.number().positive().max(1_000_000).optional(),
  /** Default: batch. */
  writeEngine: z.enum(WRITE_ENGINES).optional(),
  /** Free text for the report. Step Functions may pass on half a character in it, which no store takes. */
  note: z
    .string()
    .max(500)
    .transform((text) => text.toWellFormed())
    .optional(),
  /** The console fills this in; ignored. */
  Comment: z.unknown().optional(),
} as const;

/** Whose input is parsed. */
export interface InputKind<Input> {
  readonly schema: z.ZodType<Input>;
  /** `the migration`: stands behind "The input of". */
  readonly of: string;
  /** What was done, and how to start again. */
  readonly help: string;
  /** What the schema cannot say: clauses. */
  readonly problems?: (typed: Readonly<Record<string, unknown>>, input: Input) => readonly string[];
}

/** Longer input than this is a mistake. Step Functions itself would take 256 KiB. */
const MAX_INPUT_CHARACTERS = 4_096;

/**
 * Parses what was typed as the input of a machine.
 *
 * @throws InvalidInputError naming every field that is unknown or of the wrong type; not retried.
 */
export function parseInput<Input>(typed: unknown, { schema, of, help, problems }: InputKind<Input>): Input {
  const refuse = (problem: string): never => {
    throw new InvalidInputError(`The input of ${of} ${problem}. ${help}`);
  };
  if (typeof typed !== 'object' || typed === null || Array.isArray(typed))
    return refuse(`must be a JSON object, not ${kindOf(typed)}`);
  if (JSON.stringify(typed).length > MAX_INPUT_CHARACTERS)
    return refuse(`is longer than ${MAX_INPUT_CHARACTERS} characters`);
  const parsed = schema.safeParse(typed);
  const found = parsed.success
    ? (problems?.({ ...typed }, parsed.data) ?? [])
    : sentencesOf(parsed.error.issues, typed, fieldsOf(schema));
  return parsed.success && found.length === 0 ? parsed.data : refuse(`cannot be used: ${found.join('; ')}`);
}

function kindOf(typed: unknown): string {
  if (typed === null) return 'null';
  return Array.isArray(typed) ? 'a list' : `a ${typeof typed}`;
}

/** Names of the fields that may be given; none where the schema is no object's. */
function fieldsOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodLazy) return fieldsOf(schema.unwrap());
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

/** What is wrong, field by field. A number may break two limits at once, of which the last is the field's own. */
function sentencesOf(
  issues: readonly z.core.$ZodIssue[],
  typed: object,
  fields: readonly string[],
): readonly string[] {
  const isOwn = (issue: z.core.$ZodIssue, index: number): boolean =>
    issue.path.length === 0 ||
    issues.findLastIndex(({ path }) => path.join('.') === issue.path.join('.')) === index;
  return issues.filter(isOwn).map((issue) => sentence(issue, typed, fields));
}

function sentence(issue: z.core.$ZodIssue, typed: object, fields: readonly string[]): string {
  if (issue.code === 'unrecognized_keys')
    return `unknown field${issue.keys.length > 1 ? 's' : ''} ${issue.keys.map((key) => unknownField(key, fields)).join(', ')}`;
  const [field = ''] = issue.path;
  const isMissing = issue.path.length === 1 && !Object.hasOwn(typed, field);
  return `"${issue.path.join('.')}"${isMissing ? ' is missing; it' : ':'} ${demandOf(issue)}`;
}

/** `"dryrun", did you mean "dryRun"?` */
function unknownField(typed: string, fields: readonly string[]): string {
  const nearest = nearestName(cut(typed, 80), fields);
  return `"${cut(typed, 80)}"${nearest === undefined ? '' : ` (did you mean "${nearest}"?)`}`;
}

/** What a field must be. A schema's own sentence stays. */
function demandOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case 'too_small':
      return `must be ${issue.inclusive === true ? `${issue.minimum} or more` : `more than ${issue.minimum}`}`;
    case 'too_big':
      return issue.origin === 'string'
        ? `must have at most ${issue.maximum} characters`
        : `must be ${issue.maximum} or less`;
    case 'invalid_value':
      return `must be ${listed(
        issue.values.map((value) => `"${String(value)}"`),
        'or',
      )}`;
    default:
      return issue.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'a text in quotation marks',
  boolean: 'true or false, without quotation marks',
};
