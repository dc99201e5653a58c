/** The one of `names` that was probably meant, upper and lower case aside; `undefined` where none is near. */
export function nearestName(typed: string, names: readonly string[]): string | undefined;
