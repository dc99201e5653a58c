import type { TestShop } from './migration.ts';

interface Answer {
  readonly done?: boolean;
  readonly errorType?: string;
}

/**
 * Backs up the source by the function called alone, and calls it again where it says so: on a slow machine, the engine may
 * not answer in time.
 *
 * @throws Error with the answer where it fails for another reason
 */
export async function backUp({ invoke }: Pick<TestShop, 'invoke'>): Promise<void> {
  for (;;) {
    const { answer } = await invoke<Answer>('backupProducts');
    if (answer.done === true) return;
    if (answer.done !== false && answer.errorType !== 'TransientError')
      throw new Error(JSON.stringify(answer));
  }
}
