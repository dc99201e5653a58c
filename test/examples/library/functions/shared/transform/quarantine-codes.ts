/** Why the transform gives a book up; `MissingIsbn` cannot occur in a table that is keyed by `isbn`. */
export type TransformCode = 'MissingIsbn' | 'MissingTitle' | 'InvalidCopies' | 'DuplicateBarcode';
