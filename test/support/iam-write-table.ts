import { readFileSync, writeFileSync } from 'node:fs';
import { permissionsDocument, permissionsSection, permissionsTable } from './iam-table.ts';
import { replaceSection } from './marked-section.ts';

/** Brings the table of permissions up to date with the roles. */
const before = readFileSync(permissionsDocument, 'utf8');
writeFileSync(permissionsDocument, replaceSection(before, permissionsSection, await permissionsTable()));
