/** Who a Lambda worker is: the short name of its function and its own number. */
export interface WorkerIdentity {
  readonly functionKey: string;
  readonly number: number;
}

/**
 * The access key id of one worker. Every request it signs carries this id, so that the request log can say
 * which function made it and a test can end exactly that worker.
 */
export function accessKeyIdOf({ functionKey, number }: WorkerIdentity): string {
  return `LOCAL${functionKey}W${number}`;
}

/** Reads {@link accessKeyIdOf} back; `undefined` for the credentials of any other client. */
export function workerOf(accessKeyId: string | undefined): WorkerIdentity | undefined {
  const [, functionKey, number] = /^LOCAL([A-Za-z0-9_-]+)W(\d+)$/.exec(accessKeyId ?? '') ?? [];
  if (functionKey === undefined || number === undefined) return undefined;
  return { functionKey, number: Number(number) };
}
