import type { WireItem, WireValue } from '../../shared/items/wire-item.ts';
import { isNull, present } from './present.ts';
import { refuse } from '../../shared/migration/refusal.ts';

/** A variant before it is written: what the source says of it, and its size. */
export interface SourceVariant {
  /** The source's own map; empty where the product has no `variants`. */
  readonly own: WireItem;
  readonly size: string;
}

/** The product's variants in the source's order, at least one, and the attribute that they come from. */
export interface SourceVariants {
  readonly from: 'variants' | 'sizes' | 'nothing';
  readonly variants: readonly SourceVariant[];
}

const NO_ATTRIBUTES: WireItem = {};
const STANDARD_SIZE = 'standard';

/**
 * From `variants` (a list of maps), else from `sizes` (a list or a set of strings), else one of size
 * `standard`. NULL and an empty list say nothing and pass to the next rule, and so does NULL inside a list. A set has
 * no order, so its sizes are sorted.
 *
 * @throws ItemRefusal `InvalidVariant`; `label` begins its sentence
 */
export function readVariants(product: WireItem, label: string): SourceVariants {
  const maps = readMaps(present(product, 'variants'), label);
  if (maps.length > 0) {
    return { from: 'variants', variants: maps.map((own) => ({ own, size: ownSize(own, label) })) };
  }
  const sizes = readSizes(present(product, 'sizes'), label);
  if (sizes.length > 0)
    return { from: 'sizes', variants: sizes.map((size) => ({ own: NO_ATTRIBUTES, size })) };
  return { from: 'nothing', variants: [{ own: NO_ATTRIBUTES, size: STANDARD_SIZE }] };
}

function readMaps(variants: WireValue | undefined, label: string): WireItem[] {
  if (variants === undefined) return [];
  const elements =
    'L' in variants
      ? variants.L
      : refuse('InvalidVariant', `${label} has variants that are no list of maps.`);
  return elements.flatMap((element, index) => {
    if (isNull(element)) return [];
    return 'M' in element
      ? [element.M]
      : refuse('InvalidVariant', `Variant ${index + 1} of ${label} is no map.`);
  });
}

function readSizes(sizes: WireValue | undefined, label: string): readonly string[] {
  if (sizes === undefined) return [];
  if ('SS' in sizes) return sizes.SS.map((size) => nonEmpty(size, label)).toSorted();
  const elements =
    'L' in sizes
      ? sizes.L
      : refuse('InvalidVariant', `${label} has sizes that are no list or set of strings.`);
  return elements.filter((element) => !isNull(element)).map((element) => sizeText(element, label));
}

function ownSize(own: WireItem, label: string): string {
  const size = present(own, 'size');
  return size === undefined ? STANDARD_SIZE : sizeText(size, label);
}

function sizeText(size: WireValue, label: string): string {
  return nonEmpty('S' in size ? size.S : undefined, label);
}

function nonEmpty(size: string | undefined, label: string): string {
  return size === undefined || size === ''
    ? refuse('InvalidVariant', `${label} has a size that is no string, or an empty one.`)
    : size;
}
