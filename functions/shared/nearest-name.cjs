'use strict';

/** A name that is more edits away than this is no typing mistake, nor is one that has no letter of the typed one. */
const MOST_EDITS = 3;

/** Letters to add, drop or change on the way from one text to the other. */
function editsBetween(one, other) {
  let previous = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const changed = previous[column - 1] + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(changed, previous[column] + 1, current[column - 1] + 1));
    }
    previous = current;
  }
  return previous[other.length];
}

/** The one of `names` that was probably meant, upper and lower case aside; `undefined` where none is near. */
function nearestName(typed, names) {
  const distances = names.map((name) => [editsBetween(typed.toLowerCase(), name.toLowerCase()), name]);
  const [edits, nearest] = distances.toSorted(([one], [other]) => one - other)[0] ?? [Infinity];
  return edits <= MOST_EDITS && edits < typed.length ? nearest : undefined;
}

module.exports = { nearestName };
