import type { CompiledVariant, Resource, Template } from './template-variants.ts';

/** Whether each condition holds, by name. */
type Conditions = Template['Conditions'];

/** Names that `Ref`, `Fn::GetAtt` and `Fn::Sub` mention below a value; of an `Fn::If`, in the branch that counts. */
function namesIn(value: unknown, conditions: Conditions): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((element) => namesIn(element, conditions));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, argument]) => {
    switch (key) {
      case 'Ref':
        return [String(argument)];
      case 'Fn::GetAtt':
        return [String([argument].flat()[0]).split('.')[0] ?? ''];
      case 'Fn::Sub': {
        const [text, own = {}] = [argument].flat() as [string, Readonly<Record<string, unknown>>?];
        const names = [...text.matchAll(/\$\{([^!}.]+)[^}]*\}/g)].map(([, name = '']) => name);
        return [...names.filter((name) => !Object.hasOwn(own, name)), ...namesIn(own, conditions)];
      }
      case 'Fn::If': {
        const [condition, yes, no] = argument as [string, unknown, unknown];
        return namesIn(conditions[condition] === true ? yes : no, conditions);
      }
      default:
        return namesIn(argument, conditions);
    }
  });
}

function directDependencies({ DependsOn, Properties, Metadata }: Resource, conditions: Conditions): string[] {
  return [...[DependsOn ?? []].flat(), ...namesIn([Properties, Metadata], conditions)];
}

/**
 * Logical ids that CloudFormation creates before a resource, near and far; the resource itself is among them
 * where dependencies run in a circle.
 */
export function createdBefore({ template, resolved }: CompiledVariant, id: string): ReadonlySet<string> {
  const before = new Set<string>();
  const waiting = [id];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const resource = template.Resources[next];
    const names = resource === undefined ? [] : directDependencies(resource, resolved.Conditions);
    for (const name of names.filter((one) => one in resolved.Resources && !before.has(one))) {
      before.add(name);
      waiting.push(name);
    }
  }
  return before;
}
