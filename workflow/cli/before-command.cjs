// Required before every command (`node -r`), in the syntax of any Node: an old one cannot read a line of TypeScript and
// would only say ERR_UNKNOWN_FILE_EXTENSION, and a wrong path to the migration ERR_MODULE_NOT_FOUND. Where npm has
// installed a Node of our own, the commands run on that.

const { existsSync, readFileSync } = require('node:fs');
const { enableCompileCache } = require('node:module');
const { join } = require('node:path');
const { isMainThread } = require('node:worker_threads');

const needed = [22, 18];
const watchMillis = 250;

/** A sentence for a Node that is too old, else undefined. */
function problemWith(version, machine) {
  const [major, minor] = version.split('.').map(Number);
  if (major > needed[0] || (major === needed[0] && minor >= needed[1])) return undefined;
  return `These commands need Node ${needed.join('.')} or later, and this is Node ${version}. There is no packaged Node for ${machine}, or the optional dependencies were left out: install Node 24 from https://nodejs.org, then run npm ci and the command again.`;
}

/** A sentence for a migration that package.json points to and that is not there, else undefined. */
function migrationProblem(root) {
  const { imports = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const place = imports['#migration/*'] ?? '';
  const index = place.replace('*', 'index.ts');
  if (place !== '' && existsSync(join(root, index))) return undefined;
  return `package.json has the migration in "imports", "#migration/*": "${place}", and there is no file ${index === '' ? 'index.ts' : index}. Correct that line, for example to "./functions/migrations/shop/*".`;
}

/**
 * npm passes a signal on to the shell that it runs a command in, and some shells die of it without a word to the
 * command. (`exec` in package.json would do, but cmd.exe does not know it.)
 */
function endWithShell() {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    process.kill(process.pid, 'SIGTERM');
  }, watchMillis);
  watch.unref();
}

const ROOT = join(__dirname, '..', '..');
const problem = problemWith(process.versions.node, `${process.platform}-${process.arch}`) ?? migrationProblem(ROOT);
if (problem !== undefined) {
  process.stderr.write(`${problem}\n`);
  process.exit(1);
}
enableCompileCache(join(ROOT, '.local', 'compiled'));
if (isMainThread && process.env.npm_lifecycle_event !== undefined && process.platform !== 'win32') endWithShell();

module.exports = { migrationProblem, problemWith };
