/** A batch as it was handed to a function. */
export interface DeliveredBatch {
  /** Of the mapping. */
  readonly uuid: string;
  readonly functionArn: string;
  readonly shardId: string;
  /** What the function was called with, JSON. */
  readonly event: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** The last batches. */
export interface DeliveredBatches {
  /** Oldest first. */
  readonly batches: readonly DeliveredBatch[];
  add(batch: DeliveredBatch): void;
}

/** How much is kept. */
export interface BatchLimits {
  readonly batches: number;
  /** Of the events of all of them. One event may have 6 million. */
  readonly characters: number;
}

const LIMITS: BatchLimits = { batches: 500, characters: 32_000_000 };

/** None at first. A sync of large items may run for days, so the oldest go where there are too many, or too large ones. */
export function createDeliveredBatches(limits = LIMITS): DeliveredBatches {
  const batches: DeliveredBatch[] = [];
  let characters = 0;
  return {
    batches,
    add(batch) {
      batches.push(batch);
      characters += batch.event.length;
      while (batches.length > limits.batches || characters > limits.characters)
        characters -= batches.shift()?.event.length ?? characters;
    },
  };
}
