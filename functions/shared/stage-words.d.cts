/** The region of a deployment, and of a command, that names none. */
export const DEFAULT_REGION: string;

/** The stage of the embedded AWS, which has one region only. */
export const EMBEDDED_STAGE: string;

/** The words of a command that lead it to a stage: `--stage prod`, and the region where it is not the default one. */
export function stageWords(place: {
  readonly stage: string;
  readonly region: string;
  /** What was typed is repeated, because `AWS_REGION` may name another region. */
  readonly typed?: { readonly region?: string | undefined };
}): string;
