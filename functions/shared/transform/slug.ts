/** The name's part of a slug is cut here, in UTF-16 code units; the id's part makes it unique. */
const MAX_NAME_LENGTH = 80;

const NOT_IN_WORDS = /[^\p{L}\p{M}\p{N}]+/gu;
const OUTER_DASHES = /^-+|-+$/g;
const LONE_SURROGATE_AT_END = /[\uD800-\uDBFF]$/;
const NOT_IN_ID = /[^\p{L}\p{N}]/gu;

/**
 * `red-shoe-42` from a name and an id. Unique, because the last dash begins the id's part, and that
 * part tells every id from every other: a dash in the id becomes `_`, and anything else that is no
 * letter or digit its code point, `~2f~`.
 */
export function makeSlug({ name, id }: { readonly name: string; readonly id: string }): string {
  const words = name.toLowerCase().replace(NOT_IN_WORDS, '-').slice(0, MAX_NAME_LENGTH);
  const start = words.replace(LONE_SURROGATE_AT_END, '').replace(OUTER_DASHES, '');
  const end = id.replace(NOT_IN_ID, escaped);
  return start === '' ? end : `${start}-${end}`;
}

function escaped(character: string): string {
  return character === '-' ? '_' : `~${character.codePointAt(0)?.toString(16)}~`;
}
