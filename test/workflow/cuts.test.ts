import { relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import type { CallExpression, Node } from 'typescript/unstable/ast';
import { isCallExpression, isPropertyAccessExpression } from 'typescript/unstable/ast/is';
import { describe, expect, it } from 'vitest';

const CUTTING = new Set(['slice', 'substring', 'substr']);
/** A limit, as opposed to an index that was looked for. */
const LIMIT = /^(?:\d+|[A-Z][A-Z\d_]+|max\w*|\w*(?:[lL]imit|[lL]ength|Characters|Bytes))$/;

/** Texts of our own making, of ASCII only, that are cut at a fixed place. */
const OF_ASCII = [
  /\.digest\('(?:hex|base64url)'\)$/,
  /^hex$/,
  /\bposition\.hash$/,
  /\.toISOString\(\)$/,
  /^crypto\.randomUUID\(\)$/,
  /^(?:digits|padded|iso|time|backupId)$/,
  /^hash\('sha256'/,
  /\.position\.hash$/,
  // What `sls package` printed: its last words, for the terminal.
  /^output\.trim\(\)$/,
  // A made slug is data: its rule is tested with the transform, half characters included.
  /^name\.toLowerCase\(\)\.replace\(NOT_IN_WORDS/,
];

function isCut({ arguments: [from, to], expression }: CallExpression): boolean {
  if (!isPropertyAccessExpression(expression)) return false;
  if (expression.name.text !== 'slice') return true;
  const [start, end] = [from?.getText() ?? '', to?.getText() ?? ''];
  return to === undefined ? start.startsWith('-') : start === '0' && LIMIT.test(end);
}

/** `file: code` of every place that cuts a text. */
function cutsOfTexts(): readonly string[] {
  const api = new API({ cwd: process.cwd() });
  try {
    const [project] = api.updateSnapshot({ openProject: `${process.cwd()}/tsconfig.json` }).getProjects();
    if (project === undefined) throw new Error('There is no tsconfig.json.');
    const files = project.rootFiles.filter((file) => /^(?:functions|workflow)\//.test(relative('.', file)));
    const found: string[] = [];
    for (const file of files) {
      const visit = (node: Node): void => {
        node.forEachChild(visit);
        if (!isCallExpression(node) || !isPropertyAccessExpression(node.expression)) return;
        const { name, expression } = node.expression;
        if (
          !CUTTING.has(name.text) ||
          !isCut(node) ||
          OF_ASCII.some((text) => text.test(expression.getText()))
        )
          return;
        const known = project.checker.getTypeAtLocation(expression);
        const type = known === undefined ? 'string' : project.checker.typeToString(known);
        if (/^string$|^`/.test(type)) found.push(`${relative('.', file)}: ${node.getText()}`);
      };
      const source = project.program.getSourceFile(file);
      if (source !== undefined) visit(source);
    }
    return found;
  } finally {
    api.close();
  }
}

describe('a text that is too long', () => {
  it('is cut by cut() or shorten() of functions/shared/text.ts and nowhere else, because anything else can leave half a character', () => {
    expect(cutsOfTexts()).toEqual([]);
  });
});
