import { isNotOffered } from '../shared/aws/not-offered.ts';
import type { Runtime } from '../shared/runtime.ts';
import { tableName } from '../shared/migration/table-spec.ts';
import { listed } from '../shared/text.ts';
import { haveNone, timeToLiveOf } from '../shared/aws/time-to-live.ts';
import { isNamed, MigrationError } from '../shared/errors.ts';
import { missingSourceError } from '../shared/tables/missing-source.ts';
import { type Check, done, reach, stop, warning } from './check.ts';

/** The check, and the attribute by which the source deletes items, if it does. */
export interface TimeToLiveCheck {
  readonly check: Check;
  readonly attribute: string | undefined;
}

/** Whether the source expires items. Those that are migrated in time stay for ever. A warning, no stop. */
export async function checkTimeToLive(runtime: Runtime): Promise<TimeToLiveCheck> {
  const { sourceTable, tablePrefix } = runtime.config;
  const { filled, nouns } = runtime.migration;
  const what = `time to live of ${sourceTable}`;
  const attribute = await attributeOf(runtime);
  if (attribute instanceof MigrationError) return { check: stop(what, attribute), attribute: undefined };
  const staying = filled.filter(({ timeToLiveAttribute }) => timeToLiveAttribute === undefined);
  const namesOf = (specs: typeof filled): readonly string[] =>
    specs.map((spec) => tableName(spec, tablePrefix));
  if (attribute === undefined || staying.length === 0) {
    const found =
      attribute === undefined
        ? 'off'
        : `on ${attribute}, and ${listed(namesOf(filled))} ${filled.length === 1 ? 'expires' : 'expire'} items, too`;
    return { check: done(what, `Time to live of ${sourceTable} is ${found}.`), attribute: undefined };
  }
  const sentence = `${sourceTable} deletes items by time to live on ${attribute}, and ${haveNone(namesOf(staying))}. What is migrated before it expires stays there for ever. TransformProducts counts such ${nouns.items}.`;
  return { check: warning(what, sentence), attribute };
}

/** @returns an error where somebody has deleted the source since it was looked at */
async function attributeOf(runtime: Runtime): Promise<string | MigrationError | undefined> {
  const { clients, clock, config } = runtime;
  try {
    return await reach(clock, 'DynamoDB', () => timeToLiveOf(clients.dynamo, config.sourceTable));
  } catch (error) {
    if (isNotOffered(error)) return undefined;
    if (isNamed(error, 'ResourceNotFoundException')) return missingSourceError(runtime);
    throw error;
  }
}
