import type { LambdaPermission, RuleSpec } from '../deploy/read-deployment.ts';

/** One call that EventBridge means to make. */
interface RuleCall {
  readonly rule: RuleSpec;
  readonly functionArn: string;
}

/**
 * Why EventBridge may not call a target's function; `undefined` where a permission on the function lets it. A permission that
 * names an account lets nothing pass: EventBridge sends no source account.
 *
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html
 */
export function refusalOfRule(call: RuleCall, permissions: readonly LambdaPermission[]): string | undefined {
  const reasons = permissions
    .filter(({ functionName }) => isFunction(functionName, call.functionArn))
    .map((permission) => reasonAgainst(permission, call));
  if (reasons.includes(undefined)) return undefined;
  const why = reasons.length === 0 ? 'the function has no permission for anyone' : reasons.join(', ');
  return `EventBridge may not call ${call.functionArn} for rule ${call.rule.name}: ${why}.`;
}

function reasonAgainst({ id, ...given }: LambdaPermission, { rule }: RuleCall): string | undefined {
  if (!['lambda:InvokeFunction', 'lambda:*', '*'].includes(given.action))
    return `${id} allows ${given.action} only`;
  if (given.principal !== 'events.amazonaws.com') return `${id} is for ${given.principal}`;
  const condition = given.otherConditions[0];
  if (condition !== undefined) return `${id} asks for ${condition}, which EventBridge does not send`;
  if (given.sourceArn !== undefined && !isLike(given.sourceArn, rule.arn))
    return `${id} is for ${given.sourceArn}`;
  return undefined;
}

/** A permission is on one function, version or alias: by name, by partial ARN or by ARN. */
function isFunction(given: string, arn: string): boolean {
  return arn === given || arn.endsWith(`:function:${given.replace(/^.*function:/, '')}`);
}

/** `ArnLike`: the six parts are compared one by one, so that no `*` reaches over a colon of the first five. */
function isLike(pattern: string, arn: string): boolean {
  const [wanted, actual] = [partsOf(pattern), partsOf(arn)];
  return wanted.length === actual.length && wanted.every((part, index) => matches(part, actual[index] ?? ''));
}

function partsOf(arn: string): readonly string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}

function matches(pattern: string, text: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
}
