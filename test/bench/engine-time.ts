import { readdirSync, readFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const microsPerTick = 10_000;

function statOf(
  pid: string,
): { readonly name: string; readonly parent: number; readonly ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const name = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { name, parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

type Stat = NonNullable<ReturnType<typeof statOf>>;

/** Whether a process was started by this one, or by one that this one has started. */
function isOurs({ parent }: Stat, depth = 0): boolean {
  if (parent === process.pid) return true;
  const above = depth < 3 ? statOf(String(parent)) : undefined;
  return above !== undefined && isOurs(above, depth + 1);
}

/**
 * Processor time of the DynamoDB engine that this process has started, microseconds; `undefined` where
 * there is none, or no /proc to look it up in.
 */
export function engineCpuMicros(): number | undefined {
  try {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      const stat = statOf(pid);
      if (stat?.name.startsWith('dynoxide') === true && isOurs(stat)) return stat.ticks * microsPerTick;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
