import { AwsError } from '../gateway/aws-answers.ts';

/** A body taken out of its chunks. */
export interface DecodedBody {
  readonly body: Buffer;
  /** Headers that followed the last chunk, names in lower case. */
  readonly trailers: Readonly<Record<string, string>>;
}

const CRLF = '\r\n';

/**
 * Takes a body out of `aws-chunked` encoding, which the SDKs use for streams and for trailing checksums.
 *
 * @throws AwsError (400 IncompleteBody) when the chunks end early
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export function decodeAwsChunked(encoded: Buffer): DecodedBody {
  const chunks: Buffer[] = [];
  let offset = 0;
  for (;;) {
    const lineEnd = encoded.indexOf(CRLF, offset);
    const size =
      lineEnd === -1 ? Number.NaN : Number.parseInt(encoded.toString('latin1', offset, lineEnd), 16);
    const end = lineEnd + CRLF.length + size;
    if (Number.isNaN(size) || end > encoded.length) throw incompleteBody();
    if (size === 0) return { body: Buffer.concat(chunks), trailers: parseTrailers(encoded.subarray(end)) };
    chunks.push(encoded.subarray(lineEnd + CRLF.length, end));
    offset = end + CRLF.length;
  }
}

function parseTrailers(encoded: Buffer): Record<string, string> {
  const lines = encoded.toString('latin1').split(CRLF);
  const pairs = lines
    .map((line) => line.split(/:(.*)/s))
    .filter(([name]) => name !== undefined && name !== '');
  return Object.fromEntries(
    pairs.map(([name = '', value = '']) => [name.trim().toLowerCase(), value.trim()]),
  );
}

function incompleteBody(): AwsError {
  const message = 'You did not provide the number of bytes specified by the Content-Length HTTP header';
  return new AwsError(400, 'IncompleteBody', message);
}
