/** A copy with its middle byte inverted; an empty body stays empty. */
export function changeOneByte(body: Buffer): Buffer {
  const changed = Buffer.from(body);
  const middle = Math.floor(changed.length / 2);
  const byte = changed[middle];
  if (byte !== undefined) changed[middle] = byte ^ 0xff;
  return changed;
}
