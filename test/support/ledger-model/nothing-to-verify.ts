/** What a run over an empty table has verified. */
export const nothingToVerify = {
  expected: 0,
  found: 0,
  missing: 0,
  different: 0,
  extra: 0,
  changedSince: 0,
  drift: { added: 0, changed: 0, removed: 0 },
};
