import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateProducts } from '../../../workflow/local/products/generate-products.ts';
import { endOfExecution, eventually } from '../../support/embedded.ts';
import { openShop, type TestShop } from '../../support/migration.ts';
import { type OperatorSession, playSession, SESSION_PRODUCTS } from '../../support/operator-session.ts';
import { createScreen, type Screen } from '../../support/screen.ts';
import { recordCommand, type RecordOptions, type Recording } from './run-command.ts';

const ESCAPE = '\u001b';
const NARROW = 60;
const USUAL = 80;
const WIDE = 120;

let shop: TestShop;
let cwd: string;
/** Of an operator whose terminals have 80 columns. */
let session: OperatorSession;
/** Two more people follow the run. */
let followers: readonly Recording[];

beforeAll(async () => {
  shop = await openShop({ products: generateProducts({ count: SESSION_PRODUCTS }) });
  cwd = mkdtempSync(join(tmpdir(), 'terminal-'));
  let following: readonly Promise<Recording>[] = [];
  const onWriting = (runId: string): void => {
    following = [NARROW, WIDE].map((columns) => onTerminal('follow', [runId], { columns }));
  };
  session = await playSession(shop, { columns: USUAL, cwd, onWriting });
  followers = await Promise.all(following);
});
afterAll(() => shop.stop());

const onTerminal = (name: string, args: readonly string[], options: RecordOptions = {}): Promise<Recording> =>
  recordCommand(name, ['--stage', 'local', ...args], {
    cwd,
    ...options,
    environment: { AWS_ENDPOINT_URL: shop.aws.endpoint, ...options.environment },
  });

/** The screen at the end, or as it was once it showed this. */
function screenOf({ columns, writes }: Recording, until?: RegExp): Screen {
  const screen = createScreen(columns);
  for (const [, text] of writes) {
    screen.write(text);
    if (until !== undefined && screen.lines().some((line) => until.test(line))) break;
  }
  return screen;
}

const linesOf = (recording: Recording, until?: RegExp): readonly string[] =>
  screenOf(recording, until).lines();

/** Everything behind the last line of the progress. */
function behindProgress(recording: Recording): readonly string[] {
  const lines = linesOf(recording);
  const progress = lines.findLastIndex((line) => line.includes('━') || line.includes('ended after'));
  return lines.slice(progress + 1);
}

const all = (): readonly Recording[] => [...Object.values(session), ...followers];

describe('a terminal that follows a run', () => {
  it('says where the run is in one line, and has one line a Map below it', () => {
    for (const recording of [session.migrate, ...followers]) {
      const lines = linesOf(recording).filter((line) => /^ {2}(?:✔|●|Migrated)/.test(line));
      expect(lines.map((line) => line.replace(/^.{2}(?:✔ )?(\w+).*$/, '$1'))).toEqual([
        'Migrated',
        'BackupProducts',
        'TransformProducts',
        'MigrateProducts',
        'VerifyMigration',
      ]);
      expect(lines[0]).toMatch(/^ {2}Migrated, ended after [\d.]+ (?:s|min|min \d+ s)$/);
      expect(linesOf(recording).join('\n')).not.toMatch(/so far|[─●]/);
    }
  });

  it('moves its bars on between the beginning and the end', () => {
    const shares = session.migrate.stdout.match(/ (\d+) % /g) ?? [];
    expect(new Set(shares).size).toBeGreaterThan(3);
  });

  it('says that the run is paused, by whom, and no longer when it goes on', () => {
    for (const recording of [session.migrate, ...followers]) {
      const paused = linesOf(recording, /paused since/).find((line) => line.includes('paused since'));
      expect(paused).toMatch(
        /^ {2}MigrateProducts, paused since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC (?:by user\/local|b…$)/,
      );
      expect(linesOf(recording).join('\n')).not.toContain('paused since');
    }
  });

  it('shows its cursor again, and lets long lines take several rows again', () => {
    for (const { stdout } of [session.migrate, session.rollback, ...followers]) {
      expect(stdout.lastIndexOf(`${ESCAPE}[?25h`)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?25l`));
      expect(stdout.lastIndexOf(`${ESCAPE}[?7h`)).toBeGreaterThan(stdout.lastIndexOf(`${ESCAPE}[?7l`));
    }
  });
});

describe('a terminal whose command is ended by a second Ctrl-C', () => {
  it('has its cursor again, and breaks long lines again', async () => {
    const [operation, times] = ['DescribeExecution', Number.POSITIVE_INFINITY];
    const hanging = shop.aws.faults.add({ operation, kind: 'hang', nth: 3, times });
    const { stdout, stderr } = await onTerminal('migrate', ['--dry-run'], {
      interruptAt: eventually(() => hanging.struck > 0 || undefined),
      signals: ['SIGINT', 'SIGTERM'],
    });
    hanging.remove();
    expect(stderr).toBe('');
    expect(stdout).toContain('so far');
    expect(stdout.slice(stdout.lastIndexOf(`${ESCAPE}[?25l`))).toContain(`${ESCAPE}[?25h${ESCAPE}[?7h`);
    const [arn = ''] = /arn:\S+/.exec(stdout) ?? [];
    expect(await endOfExecution(shop.sfn, arn)).toMatchObject({ status: 'SUCCEEDED' });
  });
});

describe('what a terminal shows at the end', () => {
  it('is the summary, and the page', () => {
    for (const recording of [session.migrate, ...followers]) {
      const end = behindProgress(recording);
      expect(end.find((line) => line !== '')).toMatch(
        /^✔ Succeeded\. 300 products migrated as 1,\d{3} items/,
      );
      expect(end.join('\n')).toMatch(/\n {2}Operator +\S+ \S+ UTC: paused, by\s+user\/local\n/);
      expect(end.join('').replaceAll('\n', '')).toMatch(
        /Page {2}\.local\/runs\/migrate-[\w-]+\/report\.html$/,
      );
    }
  });

  it('is what to do next, as a command in one piece', () => {
    const ends = [
      [session.pause, /\bnpm run unpause -- --stage local migrate-[\w-]+(?: |$)/],
      [session.unpause, /\bnpm run follow -- --stage local migrate-[\w-]+(?: |$)/],
      [session.rollback, /\bnpm run migrate -- --stage local(?: |$)/],
    ] as const;
    for (const [recording, command] of ends)
      expect(linesOf(recording).filter((line) => command.test(line))).toHaveLength(1);
    expect(linesOf(session.rollback).join(' ').replace(/\s+/g, ' ')).toContain(
      'The run had succeeded and was rolled back on request: what it had created was deleted;',
    );
  });

  it('has no line that the terminal breaks inside words, unless it is one word', () => {
    for (const recording of all())
      for (const line of screenOf(recording).tooLong())
        expect(line).toMatch(/^(?:\S+| {2,}(?:Backup|Report) +\S+| {15}\S+|Execution {2}\S+|Page {2}\S+)$/);
  });
});

describe('a terminal of 60 columns', () => {
  it('shows every bar with its share and its time', () => {
    const bars = linesOf(followers[0] ?? session.migrate).filter((line) => line.includes('━'));
    for (const bar of bars) expect(bar).toMatch(/^ {2}✔ \w+ +━{10} 100 % \d.* m?s$/);
    expect(bars).toHaveLength(4);
  });
});

describe('a terminal of 120 columns', () => {
  it('shows every bar with its items and its time', () => {
    const bars = linesOf(followers[1] ?? session.migrate).filter((line) => line.includes('━'));
    for (const bar of bars) expect(bar).toMatch(/^ {2}✔ \w+ +━{30} [\d,]+ +done in \d.* m?s$/);
    expect(bars).toHaveLength(4);
  });
});

describe('a terminal that takes less', () => {
  it('gets no colours with NO_COLOR, and bars all the same', async () => {
    const { stdout } = await onTerminal('migrate', ['--dry-run'], { environment: { NO_COLOR: '1' } });
    expect(stdout).toContain('━━━');
    expect(stdout).not.toMatch(new RegExp(`${ESCAPE}\\[[\\d;]*m`));
  });

  it('gets plain lines where it is dumb, each with the time of day', async () => {
    const { stdout } = await onTerminal('migrate', ['--dry-run'], { environment: { TERM: 'dumb' } });
    expect(stdout).not.toContain(ESCAPE);
    expect(stdout).toMatch(/^\d\d:\d\d:\d\d {2}TransformProducts 300 items, done in /m);
    expect(stdout).toMatch(/^✔ Planned\. /m);
  });
});
