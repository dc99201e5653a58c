import { itemSizeBytes } from '../../../../functions/shared/items/item-size.ts';
import { onceForEach } from '../../once-for-each.ts';

/** {@link itemSizeBytes} of an item that is never changed, worked out once. */
export const sizeOf = onceForEach(itemSizeBytes);
