export * from '../../functions/shared/format.ts';
