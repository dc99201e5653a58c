import type { WireItem, WireValue } from '../../shared/items/wire-item.ts';

const ADJECTIVES = [
  'Soft',
  'Everyday',
  'Classic',
  'Handwoven',
  'Light',
  'Sturdy',
  'Recycled',
  'Vintage',
  'Slim',
  'Festive',
];
const MATERIALS = [
  'Cotton',
  'Linen',
  'Merino',
  'Silk',
  'Denim',
  'Khādī',
  'Bamboo',
  'Leather',
  'Hemp',
  'Félt',
];
const THINGS = [
  'Kurta',
  'Shirt',
  'Scarf',
  'Sari',
  'Jacket',
  'Dress',
  'Tote Bag',
  'Sandals',
  'Cushion',
  'Blanket',
];
const COLOURS = ['Indigo', 'Saffron', 'Ivory', 'Charcoal', 'Emerald', 'Rosé', 'हल्दी', '藍'];
const SIZES = ['XS', 'S', 'M', 'L', 'XL', 'XXL'];
const SENTENCES = [
  'Woven by a family workshop that has kept its looms since 1962.',
  'Wash at 30 °C with similar colours, dry in the shade, iron while damp.',
  'The fabric softens with every wash and keeps its colour — tested 50 times.',
  'Cut for an easy fit; if you are between two sizes, take the smaller one.',
  'हाथ से बुना हुआ, हर टुकड़ा अलग है।',
  'Ships in paper, without plastic ♻, usually within two working days.',
  'Dyed with plants in small batches, so shades differ a little from lot to lot.',
  'Spare buttons are sewn into the side seam.',
];

type Random = () => number;

/**
 * Products as a real shop has them, about 1 KB each: prices as strings and as numbers, variants, sizes as lists and as
 * sets, or neither. The new model makes about 5 items of one. `random` gives numbers in [0, 1).
 */
export function* generate(count: number, random: Random): Generator<WireItem> {
  for (let n = 1; n <= count; n += 1) yield product(n, random);
}

function product(n: number, random: Random): WireItem {
  const [adjective, material, thing] = [
    pick(ADJECTIVES, random),
    pick(MATERIALS, random),
    pick(THINGS, random),
  ];
  const image = `https://images.example.com/products/${n}/front.webp`;
  return {
    id: { S: `p-${String(n).padStart(7, '0')}` },
    name: { S: `${adjective} ${material} ${thing}` },
    price: price(random),
    image: { S: image },
    images: {
      L: [{ S: image }, { S: image.replace('front', 'back') }, { S: image.replace('front', 'detail') }],
    },
    description: { S: Array.from({ length: 4 }, () => pick(SENTENCES, random)).join(' ') },
    category: { S: thing.toLowerCase() },
    tags: { SS: [...new Set([material, thing, adjective])] },
    rating: { N: (1 + Math.floor(random() * 401) / 100).toFixed(2) },
    reviewCount: { N: String(Math.floor(random() * 900)) },
    featured: { BOOL: random() < 0.1 },
    dimensions: {
      M: { width: decimal(random, 60), height: decimal(random, 90), weightGrams: decimal(random, 900) },
    },
    ...variety(n, random),
  };
}

/** 60 % with variants, 30 % with sizes only, 10 % that come in one form: 4 variants on average. */
function variety(n: number, random: Random): WireItem {
  const kind = random();
  const sizes = SIZES.slice(0, 2 + Math.floor(random() * 4));
  if (kind < 0.6) return { variants: { L: variants(n, sizes, random) } };
  if (kind < 0.75) return { sizes: { L: sizes.map((size) => ({ S: size })) } };
  if (kind < 0.9) return { sizes: { SS: sizes } };
  return { sku: { S: `ONE-${n}` }, stock: { N: stock(random) } };
}

function variants(n: number, sizes: readonly string[], random: Random): WireValue[] {
  const colour = pick(COLOURS, random);
  return [...sizes, 'OS'].map((size, index) => ({
    M: {
      sku: { S: `SKU-${n}-${size}` },
      size: { S: size },
      colour: { S: colour },
      stock: { N: stock(random) },
      ...(index % 2 === 1 && { price: price(random) }),
    },
  }));
}

function price(random: Random): WireValue {
  const paise = 100 + Math.floor(random() * 999_900);
  const rupees = `${Math.floor(paise / 100)}`;
  const shape = random();
  if (shape < 0.4) return { S: rupees };
  if (shape < 0.8) return { S: `${rupees}.${String(paise % 100).padStart(2, '0')}` };
  return { N: rupees };
}

/** Sold out now and then, scarce sometimes. */
function stock(random: Random): string {
  const left = Math.floor(random() * 120) - 5;
  return String(Math.max(0, left));
}

function decimal(random: Random, most: number): WireValue {
  return { N: (random() * most).toFixed(1) };
}

function pick<T>(choices: readonly T[], random: Random): T {
  const choice = choices[Math.floor(random() * choices.length)];
  if (choice === undefined) throw new RangeError('There is nothing to choose from.');
  return choice;
}
