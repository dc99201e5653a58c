import fc from 'fast-check';

// Every test of its lines meets a mutant, so a few random cases each detect it as well as hundreds do.
fc.configureGlobal({ numRuns: 20, seed: 42 });
