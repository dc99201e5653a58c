import { describe, expect, it } from 'vitest';
import { isRefusedItem } from '../../../functions/shared/aws/item-table.ts';

const invalid = (message: string): Error =>
  Object.assign(new Error(message), { name: 'ValidationException' });

describe('a write that DynamoDB refuses', () => {
  it('is refused for its item where the item breaks a rule', () => {
    expect(isRefusedItem(invalid('Item size has exceeded the maximum allowed size'))).toBe(true);
    expect(
      isRefusedItem(invalid('One or more parameter values were invalid: Type mismatch for Index Key')),
    ).toBe(true);
  });

  it.each([
    'KMS key disabled error: com.amazonaws.services.kms.model.DisabledException: the key is disabled.',
    'KMS validation error: com.amazonaws.services.kms.model.NotFoundException: the key does not exist.',
  ])('says nothing of its item where the key of the table refuses: %s', (message) => {
    expect(isRefusedItem(invalid(message))).toBe(false);
  });
});
