import { drawMachine, readMachine } from './draw-machine.ts';

/** Which document contains which drawing. */
export const drawings = [
  { document: 'workflow/README.md', machine: 'migrate' },
  { document: 'workflow/README.md', machine: 'rollback' },
  { document: 'workflow/README.md', machine: 'restore' },
  { document: 'workflow/README.md', machine: 'sync' },
] as const;

export const sectionName = (machine: string): string => `machine:${machine}`;

/** A machine as a Mermaid block. */
export function drawing(machine: string): string {
  return `\`\`\`mermaid\n${drawMachine(readMachine(machine))}\n\`\`\``;
}
