/** A setting's value; a deploy parameter has the type of its default. */
export type SettingValue = string | number | boolean;

/** A migration's settings by name. */
export type SettingValues = Readonly<Record<string, SettingValue>>;

const READERS = {
  string: (text: string) => text,
  number: (text: string) => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : undefined),
  boolean: (text: string) => (text === 'true' || text === 'false' ? text === 'true' : undefined),
} as const;

/**
 * Reads deployed values, each by the type of its default. A setting that is not given has its default.
 *
 * @throws RangeError naming the setting whose text is not of that type
 */
export function readSettings(
  defaults: SettingValues,
  given: Readonly<Record<string, string>>,
): SettingValues {
  const entries = Object.entries(defaults).map(([name, fallback]) => {
    const text = given[name];
    if (text === undefined) return [name, fallback] as const;
    const value = READERS[typeof fallback as keyof typeof READERS](text);
    if (value === undefined)
      throw new RangeError(`The setting ${name} is "${text}" where a ${typeof fallback} is expected.`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}
