/** AWS's sequence numbers have 21 digits and more; clients refuse shorter ones. */
const SEQUENCE_DIGITS = 21;

/** A sequence number as every client of the endpoint sees it. */
export const sequenceText = (sequence: bigint): string => String(sequence).padStart(SEQUENCE_DIGITS, '0');
