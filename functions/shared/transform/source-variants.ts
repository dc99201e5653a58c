import { attribute, stringAttribute, type WireItem, type WireValue } from '../wire/wire-item.ts';
import { refuse } from './quarantine.ts';

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
 * `standard`. An empty list says nothing and passes to the next rule. A set has no order, so its
 * sizes are sorted.
 *
 * @throws ProductRefusal `InvalidVariant`; `label` begins its sentence
 */
export function readVariants(product: WireItem, label: string): SourceVariants {
  const maps = readMaps(attribute(product, 'variants'), label);
  if (maps.length > 0) {
    return { from: 'variants', variants: maps.map((own) => ({ own, size: ownSize(own, label) })) };
  }
  const sizes = readSizes(attribute(product, 'sizes'), label);
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
  return elements.map((element, index) =>
    'M' in element ? element.M : refuse('InvalidVariant', `Variant ${index + 1} of ${label} is no map.`),
  );
}

function readSizes(sizes: WireValue | undefined, label: string): readonly string[] {
  if (sizes === undefined) return [];
  if ('SS' in sizes) return sizes.SS.map((size) => nonEmpty(size, label)).toSorted();
  const elements =
    'L' in sizes
      ? sizes.L
      : refuse('InvalidVariant', `${label} has sizes that are no list or set of strings.`);
  return elements.map((element) => nonEmpty('S' in element ? element.S : undefined, label));
}

function ownSize(own: WireItem, label: string): string {
  return Object.hasOwn(own, 'size') ? nonEmpty(stringAttribute(own, 'size'), label) : STANDARD_SIZE;
}

function nonEmpty(size: string | undefined, label: string): string {
  return size === undefined || size === ''
    ? refuse('InvalidVariant', `${label} has a size that is no string, or an empty one.`)
    : size;
}
