import { several } from '../draw.ts';
import type { Act } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import type { Theme } from './theme.ts';

const DATA_FILE = /^backupProducts#\d+: PutObject \S+\/data\//;

/**
 * A worker dies when it sends a data file. Its successor scans again, and the shop has changed and removed products
 * meanwhile.
 */
export const lateFile: Theme = (draw) => {
  const change = (): Act => ({
    when: {
      by: 'backupProducts',
      operation: 'PutObject',
      nth: draw.between(1, 3),
      millis: draw.between(0, 1_000),
    },
    who: 'shop',
    what: draw.pick(['change product', 'remove product']),
  });
  return {
    trouble: { ...NO_TROUBLE, killedWriting: draw.pick([0.3, 0.5]), at: { killedWriting: DATA_FILE } },
    acts: several(draw, 20, change),
  };
};
