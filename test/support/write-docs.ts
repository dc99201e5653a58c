import { readFileSync, writeFileSync } from 'node:fs';
import { drawing, drawings, sectionName } from './machine-drawings.ts';
import { replaceSection } from './marked-section.ts';

/** `npm run docs`: brings the generated sections of the documents up to date. */
for (const { document, machine } of drawings) {
  const before = readFileSync(document, 'utf8');
  writeFileSync(document, replaceSection(before, sectionName(machine), drawing(machine)));
}
