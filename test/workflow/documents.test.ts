import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as errors from '../../functions/shared/errors.ts';
import { exitCodeTable } from '../../workflow/cli/exit-codes.ts';
import { migration } from '../support/project-migration.ts';
import { drawing, drawings, sectionName } from '../support/machine-drawings.ts';
import { readMachine } from '../support/draw-machine.ts';
import { machineRows } from '../support/machine-rows.ts';
import { readSection } from '../support/marked-section.ts';

describe('the documents', () => {
  it.each(['README.md', 'workflow/README.md', 'functions/migrations/README.md', 'test/README.md'])(
    '%s has no comment in a command: zsh would take it for arguments',
    (document) => {
      const blocks = [...readFileSync(document, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)];
      const lines = blocks.flatMap(([, block = '']) => block.split('\n'));

      expect(lines.filter((line) => /(^|\s)#/.test(line))).toEqual([]);
    },
  );

  for (const { document, machine } of drawings)
    it(`${document} draws ${machine} as its definition has it`, () => {
      const text = readFileSync(document, 'utf8');

      expect(readSection(text, sectionName(machine))).toBe(drawing(machine));
    });

  it.each(['migrate', 'rollback', 'restore', 'sync'])(
    'workflow/README.md has a row for each state of %s that works',
    (machine) => {
      const rows = machineRows(machine);
      const { States } = readMachine(machine);
      const working = Object.entries(States).filter(([, { Type }]) => /^(Task|Map|Parallel)$/.test(Type));

      expect([...rows.keys()]).toEqual(expect.arrayContaining(working.map(([name]) => name)));
    },
  );

  it('README.md pictures ten states of migrate in the order in which they run, and explains each', () => {
    const text = readFileSync('README.md', 'utf8');
    const begin = text.indexOf('## How a run goes');
    const section = text.slice(begin, text.indexOf('\n## ', begin));
    const pictured = new Set(section.split('```')[1]?.match(/\b(?:[A-Z][a-z]+){2}\b/g));
    const explained = [...section.matchAll(/^\| (\w+) \| (?!What)/gm)].map((match) => match[1]);
    const { States } = readMachine('migrate');

    expect([...pictured]).toEqual(Object.keys(States).filter((name) => pictured.has(name)));
    expect(pictured.size).toBe(10);
    expect(explained).toEqual([...pictured]);
  });

  it('workflow/README.md names every function whose role has the tag of those that write items', () => {
    const text = readFileSync('workflow/README.md', 'utf8');
    const [, count, names = ''] = /\*\*Writers\.\*\* (\w+) roles[^:]*:[^:]*:\s([^.]*)\./.exec(text) ?? [];
    const named = new Set([...names.matchAll(/`(\w+)`/g)].map((match) => match[1]));
    const tagged = globSync('functions/*/function.yml')
      .map((file) => readFileSync(file, 'utf8'))
      .filter((definition) => definition.includes('Tags: [{ Key: migration:writer'))
      .map((definition) => /^(\S+):$/m.exec(definition)?.[1]?.replace('<migrate>', migration.migratedBy));

    expect(named).toEqual(new Set(tagged));
    expect(count).toBe(['Five', 'Six', 'Seven'][tagged.length - 5]);
  });

  it('workflow/README.md says what to do about each alarm, and about no other', () => {
    const text = readFileSync('workflow/README.md', 'utf8');
    const begin = text.indexOf('\n## An alarm rings');
    const table = text.slice(begin, text.indexOf('\n## ', begin + 1));
    const rows = [...table.matchAll(/^\| (`.+?) \|/gm)].map((match) => match[1] ?? '');
    const explained = rows.flatMap((cell) => cell.match(/[a-z][a-z-]+/g) ?? []);
    const alarms = readFileSync('workflow/resources/alarms.yml', 'utf8');
    const known = [...alarms.matchAll(/AlarmName: \$\{self:service\}-\$\{sls:stage\}-(.+)/g)];

    expect(new Set(explained)).toEqual(new Set(known.map((match) => match[1])));
    expect(explained).toHaveLength(known.length);
  });

  it('workflow/README.md shows how far a run is from the limits; npm run docs brings it up to date', () => {
    const text = readFileSync('workflow/README.md', 'utf8');

    // In a process of its own: there the migration is the project's.
    const script = `import { scaleSection } from './workflow/cli/scale/scale-section.ts'; process.stdout.write(scaleSection());`;
    const section = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(readSection(text, 'scale')).toBe(section);
  });

  it('README.md has a row for each parameter of a deployment, and for no other', () => {
    const { settings } = migration;
    const service = readFileSync('serverless.yml', 'utf8');
    const [, defaults = ''] = /^params:\n {2}default:\n(.*?)^ {2}\w/ms.exec(service) ?? [];
    const known = [...defaults.matchAll(/^ {4}(\w+):/gm)].map((match) => match[1]);
    const text = readFileSync('README.md', 'utf8');
    const begin = text.indexOf('\n| Parameter | Default | Meaning |');
    const table = text.slice(begin, text.indexOf('\n\n', begin));
    const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);

    const parameters = [...known, ...Object.keys(settings)];

    expect(new Set(explained)).toEqual(new Set(parameters));
    expect(explained).toHaveLength(parameters.length);
  });

  it('README.md has the exit codes of the commands; npm run docs brings them up to date', () => {
    expect(readSection(readFileSync('README.md', 'utf8'), 'exit-codes')).toBe(exitCodeTable());
  });

  it('workflow/README.md explains every error there is, and no other', () => {
    const text = readFileSync('workflow/README.md', 'utf8');
    const begin = text.indexOf('\n## Errors');
    const table = text.slice(begin, text.indexOf('\n## ', begin + 1));
    const explained = [...table.matchAll(/^\| `(\w+)` \|/gm)].map((match) => match[1]);
    const known = Object.keys(errors).filter((name) => name.endsWith('Error') && name !== 'MigrationError');

    expect(new Set(explained)).toEqual(new Set(known));
    expect(explained).toHaveLength(known.length);
  });

  it.each(['README.md', 'workflow/README.md'])(
    '%s names the region in every command of the AWS CLI, because that CLI may be configured to another one',
    (document) => {
      const text = readFileSync(document, 'utf8').replaceAll(/\\\n/g, ' ');
      const commands = text.match(/\baws [a-z0-9-]+ [a-z]+(?:-[a-z]+)+ [^`\n]*/g) ?? [];
      expect(commands.length).toBeGreaterThan(0);
      expect(commands.filter((command) => !command.includes('--region '))).toEqual([]);
    },
  );

  it('names each error class as it reports itself', () => {
    const classes = Object.entries(errors).filter(
      ([name]) => name.endsWith('Error') && name !== 'MigrationError',
    );
    const reported = classes.map(([, value]) => new (value as new (message: string) => Error)('m').name);

    expect(reported).toEqual(classes.map(([name]) => name));
  });
});
