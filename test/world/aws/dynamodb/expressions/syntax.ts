/** A top-level attribute: its name as the expression has it, or a placeholder. */
export interface Name {
  readonly kind: 'name';
  readonly text: string;
}

/** A placeholder of a value. */
export interface Value {
  readonly kind: 'value';
  readonly text: string;
}

/** What a condition compares. */
export type Operand = Name | Value;

/** How two operands are compared. */
export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

/** A condition, as ConditionExpression, FilterExpression and KeyConditionExpression have it. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'exists' | 'notExists'; readonly name: Name }
  | { readonly kind: 'beginsWith'; readonly name: Name; readonly prefix: Operand }
  | {
      readonly kind: 'compare';
      readonly comparator: Comparator;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: 'between'; readonly of: Operand; readonly from: Operand; readonly to: Operand }
  | { readonly kind: 'in'; readonly of: Operand; readonly among: readonly Operand[] };

/** What an update sets an attribute to. */
export type Term =
  | Name
  | Value
  | { readonly kind: 'ifNotExists'; readonly name: Name; readonly otherwise: Term }
  | { readonly kind: 'listAppend'; readonly first: Term; readonly second: Term }
  | { readonly kind: 'sum'; readonly sign: 1 | -1; readonly first: Term; readonly second: Term };

/** An UpdateExpression. */
export interface Update {
  readonly set: readonly { readonly name: Name; readonly to: Term }[];
  readonly remove: readonly Name[];
  readonly add: readonly { readonly name: Name; readonly value: Value }[];
}

/** An expression, with the placeholders that it uses. */
export interface Parsed<Expression> {
  readonly expression: Expression;
  readonly placeholders: ReadonlySet<string>;
}
