/** `cart: ...` and `orders: ...` with the same words become one warning, `cart, orders: ...`. */
export function groupWarnings(warnings: readonly string[]): readonly string[] {
  const subjects = Map.groupBy(warnings, (warning) => partsOf(warning).rest);
  return [...subjects].map(([rest, same]) => {
    const names = same.map((warning) => partsOf(warning).subject).filter((name) => name !== '');
    return names.length === 0 ? rest : `${names.join(', ')}: ${rest}`;
  });
}

/** A warning about one thing begins with its name, a name has no spaces. */
function partsOf(warning: string): { readonly subject: string; readonly rest: string } {
  const { subject = '', rest = warning } = /^(?<subject>[\w.-]+): (?<rest>.*)$/su.exec(warning)?.groups ?? {};
  return { subject, rest };
}
