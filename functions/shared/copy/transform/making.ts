import type { Run } from '../../ledger/run.ts';

/** Which making of the target files counts: 0, and one more each time that incomplete ones are made again. */
export const makingOf = ({ targetMaking = 0 }: Pick<Run, 'targetMaking'>): number => targetMaking;

/** What a checkpoint of TransformProducts rests on. An applied plan's files are proved again by each execution. */
export const transformBasis = (run: Run): string =>
  run.plannedAt === undefined ? `${makingOf(run)}` : `${makingOf(run)} ${run.executionArn}`;
