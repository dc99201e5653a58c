/** A partition of AWS, with accounts, ARNs and domains of its own. */
export interface Partition {
  /** Second word of every ARN there: `aws`, `aws-cn`, `aws-us-gov` ... */
  readonly name: string;
  /** Where its console is, without the region in front. */
  readonly consoleDomain: string;
}

const COMMERCIAL: Partition = { name: 'aws', consoleDomain: 'console.aws.amazon.com' };

/** By the beginning of a region's name. */
const OTHERS: readonly (readonly [prefix: string, Partition])[] = [
  ['cn-', { name: 'aws-cn', consoleDomain: 'console.amazonaws.cn' }],
  ['us-gov-', { name: 'aws-us-gov', consoleDomain: 'console.amazonaws-us-gov.com' }],
  ['us-iso-', { name: 'aws-iso', consoleDomain: 'console.c2shome.ic.gov' }],
  ['us-isob-', { name: 'aws-iso-b', consoleDomain: 'console.sc2shome.sgov.gov' }],
  ['eusc-', { name: 'aws-eusc', consoleDomain: 'console.amazonaws-eusc.eu' }],
];

/** The partition of a region. */
export function partitionOf(region: string): Partition {
  return OTHERS.find(([prefix]) => region.startsWith(prefix))?.[1] ?? COMMERCIAL;
}
