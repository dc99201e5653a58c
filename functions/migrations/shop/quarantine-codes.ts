/** Why the transform gives a product up; `MissingId` cannot occur in a table that is keyed by `id`. */
export type TransformCode = 'MissingId' | 'MissingName' | 'InvalidPrice' | 'InvalidVariant' | 'DuplicateSku';
