'use strict';

const { existsSync } = require('node:fs');
const { mkdir, rm, writeFile } = require('node:fs/promises');
const { dirname, join, relative, sep } = require('node:path');
const { promisify } = require('node:util');
const { build } = require('esbuild');
const { zip } = require('fflate');

/** Everything in an archive has this date, so that equal code makes an equal archive and no new Lambda version. */
const MOMENT = new Date(1980, 0, 1);
/** A file that everybody may read, made on Unix. */
const READABLE = { os: 3, attrs: 0o100644 << 16, mtime: MOMENT };
const FOLDER = '.esbuild';

/** `functions/x/handler.run` is the export `run` of the module `functions/x/handler`. */
const moduleOf = (handler) => handler.slice(0, handler.lastIndexOf('.'));

/** Bundles each function's module with esbuild: into an archive of its own, or into a folder for `sls invoke local`. */
class Bundle {
  constructor(serverless, options) {
    this.serverless = serverless;
    this.options = options;
    this.serviceDir = serverless.serviceDir;
    this.hooks = {
      'before:package:createDeploymentArtifacts': () => this.archive(this.functions()),
      'before:deploy:function:packageFunction': () => this.archive([options.function]),
      'before:invoke:local:invoke': () => this.unfold(options.function),
      'after:invoke:local:invoke': () => this.leave(),
    };
  }

  functions() {
    return this.serverless.service.getAllFunctions();
  }

  moduleOf(name) {
    return moduleOf(this.serverless.service.getFunction(name).handler);
  }

  /** The compiled files of modules, by path in the archive. */
  async compile(modules) {
    const entryPoints = modules.map((module) => join(this.serviceDir, `${module}.ts`));
    const missing = entryPoints.find((path) => !existsSync(path));
    if (missing !== undefined) throw this.error(`There is no ${relative(this.serviceDir, missing)} for a handler.`);
    const outdir = join(this.serviceDir, FOLDER);
    const { outputFiles } = await build({
      ...this.serverless.service.custom.bundle,
      entryPoints,
      outdir,
      absWorkingDir: this.serviceDir,
      outbase: this.serviceDir,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      format: 'cjs',
      logLevel: 'silent',
      write: false,
    }).catch((error) => {
      throw this.error(error.message);
    });
    return outputFiles.map(({ path, contents }) => [relative(outdir, path).split(sep).join('/'), contents]);
  }

  error(message) {
    return new this.serverless.classes.Error(message);
  }

  /** Functions of one module share its archive's bytes, each under its own name. */
  async archive(names) {
    const modules = [...new Set(names.map((name) => this.moduleOf(name)))];
    const files = await this.compile(modules);
    const folder = join(this.serviceDir, '.serverless');
    await mkdir(folder, { recursive: true });
    await Promise.all(
      modules.map(async (module) => {
        const own = files.filter(([path]) => path.startsWith(`${module}.cjs`));
        const bytes = await promisify(zip)(Object.fromEntries(own.map(([path, code]) => [path, [code, READABLE]])));
        for (const name of names.filter((one) => this.moduleOf(one) === module)) {
          const artifact = join(folder, `${name}.zip`);
          await writeFile(artifact, bytes);
          this.serverless.service.getFunction(name).package = { individually: true, artifact };
        }
      }),
    );
  }

  /** `sls invoke local` then finds the compiled module where it looks for the handler. */
  async unfold(name) {
    for (const [path, code] of await this.compile([this.moduleOf(name)])) {
      const target = join(this.serviceDir, FOLDER, path);
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, code);
    }
    this.serverless.serviceDir = join(this.serviceDir, FOLDER);
  }

  async leave() {
    this.serverless.serviceDir = this.serviceDir;
    await rm(join(this.serviceDir, FOLDER), { recursive: true, force: true });
  }
}

module.exports = Bundle;
