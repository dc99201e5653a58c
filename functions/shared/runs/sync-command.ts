/** The command that shows a stage's sync, or with an option starts or cancels one. To paste. */
export function syncCommand(stage: string, option?: '--start' | '--cancel'): string {
  return `npm run sync -- --stage ${stage}${option === undefined ? '' : ` ${option}`}`;
}
