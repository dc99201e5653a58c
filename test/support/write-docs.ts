import { readFileSync, writeFileSync } from 'node:fs';
import { exitCodeTable } from '../../workflow/cli/exit-codes.ts';
import { scaleSection } from '../../workflow/cli/scale/scale-section.ts';
import { drawing, drawings, sectionName } from './machine-drawings.ts';
import { replaceSection } from './marked-section.ts';

/** `npm run docs`: brings the generated sections of the documents up to date. */
function update(document: string, section: string, text: string): void {
  writeFileSync(document, replaceSection(readFileSync(document, 'utf8'), section, text));
}

for (const { document, machine } of drawings) update(document, sectionName(machine), drawing(machine));
update('workflow/README.md', 'scale', scaleSection());
update('README.md', 'exit-codes', exitCodeTable());
