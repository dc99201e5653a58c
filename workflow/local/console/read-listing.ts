/** One page of ListObjectsV2 with a delimiter. */
export interface Listing {
  /** Prefixes that end with `/`. */
  readonly folders: readonly string[];
  readonly objects: readonly ListedObject[];
  /** Where the next page begins. */
  readonly next: string | undefined;
}

export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
  /** ISO 8601. */
  readonly modified: string;
}

/** Reads the answer of ListObjectsV2. S3 knows no form but XML. */
export function readListing(xml: string): Listing {
  return {
    folders: blocks(xml, 'CommonPrefixes').map((block) => fieldOf(block, 'Prefix') ?? ''),
    objects: blocks(xml, 'Contents').map((block) => ({
      key: fieldOf(block, 'Key') ?? '',
      bytes: Number(fieldOf(block, 'Size') ?? 0),
      modified: fieldOf(block, 'LastModified') ?? '',
    })),
    next: fieldOf(xml, 'NextContinuationToken'),
  };
}

function blocks(xml: string, name: string): readonly string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, 'gs'))].map(([, block = '']) => block);
}

/** The text of the first element of this name. */
export function fieldOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, entity);
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function entity(whole: string, decimal?: string, hex?: string, name = ''): string {
  if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
  if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
  return NAMED[name] ?? whole;
}
