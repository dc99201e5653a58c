import { hash } from 'node:crypto';

/** The name's part of a slug is cut here, in UTF-16 code units; the id's part makes it unique. */
const MAX_NAME_LENGTH = 80;

const NOT_IN_WORDS = /[^\p{L}\p{M}\p{N}]+/gu;
const OUTER_DASHES = /^-+|-+$/g;
const LONE_SURROGATE_AT_END = /[\uD800-\uDBFF]$/;
const NOT_IN_ID = /[^\p{L}\p{N}]/gu;
/** Hex digits: no slug that a shop has given itself ends in them by chance. */
const HASH_LENGTH = 8;

/**
 * `red-shoe-42-73475cb4` from a name and an id, with a hash of the id at the end. Unique among made slugs, because the
 * last dash but one begins the id's part, and that part tells every id from every other: a dash in the id becomes `_`,
 * and anything else that is no letter or digit its code point, `~2f~`. The hash keeps it apart from the slugs that
 * other products come with: `red-shoe-42` may be one of them.
 */
export function makeSlug({ name, id }: { readonly name: string; readonly id: string }): string {
  const words = name.toLowerCase().replace(NOT_IN_WORDS, '-').slice(0, MAX_NAME_LENGTH);
  const start = words.replace(LONE_SURROGATE_AT_END, '').replace(OUTER_DASHES, '');
  const end = id.replace(NOT_IN_ID, escaped);
  return [...(start === '' ? [] : [start]), end, hash('sha256', id).slice(0, HASH_LENGTH)].join('-');
}

function escaped(character: string): string {
  return character === '-' ? '_' : `~${character.codePointAt(0)?.toString(16)}~`;
}
