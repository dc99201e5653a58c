import fc from 'fast-check';

// A mutant is met by every test of its lines: a few random cases each tell it from the original as well as hundreds do.
fc.configureGlobal({ numRuns: 20, seed: 42 });
