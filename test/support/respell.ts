import { type WireItem, type WireValue, wireItem } from '../../functions/shared/items/wire-item.ts';

/**
 * The same item as another client might send it, with names and sets in another order and numbers in another spelling.
 */
export function respelled(item: WireItem, choices: Iterator<number>): WireItem {
  const entries = Object.entries(item).map(
    ([name, value]) => [name, respelledValue(value, choices)] as const,
  );
  return wireItem(shuffled(entries, choices));
}

function respelledValue(value: WireValue, choices: Iterator<number>): WireValue {
  if ('M' in value) return { M: respelled(value.M, choices) };
  if ('L' in value) return { L: value.L.map((element) => respelledValue(element, choices)) };
  if ('N' in value) return { N: respelledNumber(value.N, choices) };
  if ('NS' in value) return { NS: shuffled(value.NS, choices).map((one) => respelledNumber(one, choices)) };
  if ('SS' in value) return { SS: shuffled(value.SS, choices) };
  if ('BS' in value) return { BS: shuffled(value.BS, choices).map((one) => one.replaceAll('=', '')) };
  return 'B' in value ? { B: value.B.replaceAll('=', '') } : value;
}

function respelledNumber(text: string, choices: Iterator<number>): string {
  const [mantissa = '', power = '0'] = text.toLowerCase().split('e');
  const pointed = mantissa.includes('.') ? `${mantissa}0` : `${mantissa}.0`;
  return [text, `${pointed}E${power}`, `${mantissa}E${power}`][next(choices) % 3] ?? text;
}

function shuffled<T>(values: readonly T[], choices: Iterator<number>): T[] {
  return values
    .map((value) => ({ value, order: next(choices) }))
    .toSorted((one, other) => one.order - other.order)
    .map(({ value }) => value);
}

function next(choices: Iterator<number>): number {
  const { value, done } = choices.next();
  return done === true ? 0 : value;
}
