import type { Json, StateDefinition } from '../../local/states/prepare-machine.ts';
import { putAt } from './made-up-data.ts';

/** A comparison, or several of which all must hold. */
interface Rule {
  readonly Variable?: string;
  readonly And?: readonly Rule[];
  readonly StringEquals?: string;
  readonly BooleanEquals?: boolean;
  readonly IsPresent?: boolean;
}

/** A name for a way out, and the state data that leads there. */
export interface ChoiceInput {
  readonly name: string;
  readonly input: Json;
}

/** Words of a rule that are not comparisons. */
const otherWords = new Set(['Variable', 'Next', 'Comment']);

/**
 * State data for each rule of a Choice, for its Default, and, where several comparisons must hold, for each time one of them
 * does not.
 */
export function choiceInputs(state: StateDefinition): readonly ChoiceInput[] {
  const rules = state['Choices'] as readonly Rule[];
  const none = rules
    .flatMap(partsOf)
    .reduce<Json>((data, rule) => apply(data, rule, 'fails'), { kept: 'from before' });
  const allOf = (parts: readonly Rule[]) =>
    parts.reduce<Json>((data, part) => apply(data, part, 'holds'), none);
  const taken = rules.map((rule, index) => ({ name: `Choice ${index + 1}`, input: allOf(partsOf(rule)) }));
  const short = rules.flatMap((rule, index) =>
    rule.And === undefined
      ? []
      : rule.And.map((left, part) => ({
          name: `Choice ${index + 1} without ${left.Variable ?? `part ${part + 1}`}`,
          input: allOf(rule.And?.filter((other) => other !== left) ?? []),
        })),
  );
  return [...taken, ...short, { name: 'Default', input: none }];
}

const partsOf = ({ And, ...rule }: Rule): readonly Rule[] => And ?? [rule];

/** `data` changed so that a comparison holds, or so that it fails. */
function apply(data: Json, rule: Rule, wanted: 'holds' | 'fails'): Json {
  const comparison = comparisonOf(rule);
  const value = comparison[wanted];
  return value === undefined ? data : putAt(data, comparison.variable, value);
}

/** @throws Error for a comparison that no data is made up for here: the proof would be silent about it */
function comparisonOf(rule: Rule): {
  readonly variable: string;
  readonly holds?: Json;
  readonly fails?: Json;
} {
  const { Variable: variable = '', StringEquals, BooleanEquals, IsPresent, ...others } = rule;
  const unknown = Object.keys(others).find((word) => !otherWords.has(word));
  if (unknown !== undefined || IsPresent === false)
    throw new Error(
      `prove makes no data up for the comparison ${unknown ?? 'IsPresent: false'} of a Choice.`,
    );
  if (StringEquals !== undefined) return { variable, holds: StringEquals, fails: `not ${StringEquals}` };
  if (BooleanEquals !== undefined) return { variable, holds: BooleanEquals, fails: !BooleanEquals };
  return { variable, holds: 'there' };
}
