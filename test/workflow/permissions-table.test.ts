import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { permissionsDocument, permissionsSection, permissionsTable } from '../support/iam-table.ts';
import { readSection } from '../support/marked-section.ts';

it('the table of permissions is what the roles allow', async () => {
  const document = readFileSync(permissionsDocument, 'utf8');
  expect(readSection(document, permissionsSection)).toBe(await permissionsTable());
});
