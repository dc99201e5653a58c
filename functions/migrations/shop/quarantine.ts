export { type Quarantined, quarantineLine } from '../../shared/migration/refusal.ts';
