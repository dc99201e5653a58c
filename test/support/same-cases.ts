import fc from 'fast-check';
import { faultSeed } from './soak.ts';

// Every run has the same random cases, so that a failure comes from the change.
fc.configureGlobal({ seed: faultSeed() });
