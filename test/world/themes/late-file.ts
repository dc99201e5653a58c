import { several } from '../draw.ts';
import type { Act } from '../plan.ts';
import { NO_TROUBLE } from '../trouble.ts';
import type { Theme } from './theme.ts';

/** A worker dies when it sends a data file. Its successor scans again, and the shop has changed products meanwhile. */
export const lateFile: Theme = (draw) => {
  const kind = draw.pick(['killedWriting', 'lateWrite']);
  const change = (): Act => ({
    when: {
      by: 'backupProducts',
      operation: draw.pick(['PutObject', 'Scan']),
      nth: draw.between(1, 4),
      millis: draw.between(0, 2_000),
    },
    who: 'shop',
    what: 'change product',
  });
  return {
    trouble: {
      ...NO_TROUBLE,
      [kind]: draw.pick([0.3, 0.6]),
      at: { [kind]: /^backupProducts#\d+: PutObject/ },
    },
    acts: several(draw, 20, change),
  };
};
