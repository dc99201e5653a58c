import fc from 'fast-check';
import { faultSeed } from './soak.ts';

// The same random cases in every run, so that a red one is a change's doing.
fc.configureGlobal({ seed: faultSeed() });
