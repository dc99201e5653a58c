const marks = (name: string): { readonly begin: string; readonly end: string } => ({
  begin: `<!-- ${name}:begin -->`,
  end: `<!-- ${name}:end -->`,
});

/**
 * The text between a section's marks, without the blank lines around it.
 *
 * @throws Error if the document has no such marks.
 */
export function readSection(document: string, name: string): string {
  const { begin, end } = marks(name);
  const start = document.indexOf(begin);
  const stop = document.indexOf(end);
  if (start < 0 || stop < start) throw new Error(`The document has no section ${begin} … ${end}.`);
  return document.slice(start + begin.length, stop).trim();
}

/** The document with the section's text replaced. */
export function replaceSection(document: string, name: string, text: string): string {
  const { begin, end } = marks(name);
  const old = readSection(document, name);
  const start = document.indexOf(begin) + begin.length;
  const stop = document.indexOf(end);
  return old === text ? document : `${document.slice(0, start)}\n${text}\n${document.slice(stop)}`;
}
