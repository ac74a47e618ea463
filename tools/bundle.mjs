// Bundles the command line into packages/cli/dist (main.js starts it), straight from the sources of all packages.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { appendFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const outputDirectory = join(root, 'packages/cli/dist')

/**
 * The functional libraries ship CommonJS under the names our imports need and ES modules beside them; the bundle takes the
 * latter, from which unused parts fall away.
 * @type {import('esbuild').Plugin}
 */
const takeEsModules = {
  name: 'take-es-modules',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^fp-ts\/lib\// }, ({ path, importer, resolveDir }) =>
      resolve(path.replace('/lib/', '/es6/'), { importer, resolveDir, kind: 'import-statement' }),
    )
    // rxjs names its CommonJS for Node; its ES modules lie beside it. The mark keeps the inner call from coming back here.
    onResolve({ filter: /^rxjs$/ }, async ({ path, importer, resolveDir, pluginData }) => {
      if (pluginData === takeEsModules) return undefined
      const found = await resolve(path, { importer, resolveDir, kind: 'import-statement', pluginData: takeEsModules })
      return { path: found.path.replace('/dist/cjs/', '/dist/esm/'), sideEffects: false }
    })
    // yaml's build for Node looks into the environment while it reads (LOG_STREAM, LOG_TOKENS) and then prints; its build for browsers does not.
    onResolve({ filter: /^yaml$/ }, async ({ path, importer, resolveDir, pluginData }) => {
      if (pluginData === takeEsModules) return undefined
      const found = await resolve(path, { importer, resolveDir, kind: 'import-statement', pluginData: takeEsModules })
      return { path: join(dirname(dirname(found.path)), 'browser/dist/index.js'), sideEffects: false }
    })
  },
}

/**
 * A module of ours that asks for its own place means its source file, not the bundle.
 * @param {string} outputDirectory
 * @returns {import('esbuild').Plugin}
 */
const keepModulePlacesFrom = (outputDirectory) => ({
  name: 'keep-module-places',
  setup({ onLoad }) {
    onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8')
      const place = `new URL(${JSON.stringify(relative(outputDirectory, path))}, import.meta.url).href`
      return { contents: source.replaceAll('import.meta.url', place), loader: 'ts' }
    })
  },
})

/** What all bundles are made with. */
const settings = /** @type {const} */ ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  conditions: ['@statefold/source', 'es2015', 'module'],
  mainFields: ['module', 'main'],
  // Some dependencies are CommonJS and ask for Node's own modules with `require`.
  banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
  legalComments: 'none',
  logLevel: 'warning',
})

/**
 * Bundles a tool that is written in TypeScript over the sources of all packages. It finds third-party packages where core does, and ours where the command line does.
 * @param {string} entry
 * @param {string} outfile
 */
export const bundleTool = async (entry, outfile) => {
  await build({
    ...settings,
    conditions: [...settings.conditions],
    mainFields: [...settings.mainFields],
    entryPoints: [entry],
    outfile,
    nodePaths: [join(root, 'packages/core/node_modules'), join(root, 'packages/cli/node_modules')],
    plugins: [takeEsModules, keepModulePlacesFrom(dirname(outfile))],
  })
}

/** @typedef {{ readonly file: string, readonly find: string, readonly replace: string, readonly atEnd?: string }} Edit */

/**
 * Bundles a program with changed sources, for tests of the tests. `atEnd` is put at a file's end; a text that is not
 * found exactly once is an error.
 * @param {string} entry
 * @param {string} outfile
 * @param {readonly Edit[]} edits Files below packages.
 * @param {string} banner
 */
export const bundlePlanted = async (entry, outfile, edits, banner) => {
  await build({
    ...settings,
    conditions: [...settings.conditions],
    mainFields: [...settings.mainFields],
    banner: { js: `${settings.banner.js}\n${banner}` },
    entryPoints: [entry],
    outfile,
    sourcemap: 'external',
    sourcesContent: false,
    plugins: [
      takeEsModules,
      {
        name: 'plant',
        setup({ onLoad }) {
          onLoad({ filter: /packages\/[^/]+\/src\/.*\.ts$/ }, async ({ path }) => {
            const mine = edits.filter(({ file }) => path.endsWith(`packages/${file}`))
            let text = await readFile(path, 'utf8')
            for (const { find, replace, atEnd = '' } of mine) {
              const found = text.split(find).length - 1
              if (found !== 1) return { errors: [{ text: `${path}: expected once, found ${found} times: ${find}` }] }
              text = `${text.replace(find, () => replace)}\n${atEnd}`
            }
            const place = `new URL(${JSON.stringify(relative(dirname(outfile), path))}, import.meta.url).href`
            return { contents: text.replaceAll('import.meta.url', place), loader: 'ts' }
          })
        },
      },
    ],
  })
}

const startFile = join(outputDirectory, 'main.js')

/**
 * What a user starts. (Nothing in the program may import dynamically: a script that V8 takes from a cache has no loader.) With what V8 made of the program when it was bundled it begins in two thirds of the time; a V8 that is another, or has other
 * flags, does not take it, and then Node loads the program as it loads any (and knows its source map).
 * @param {string} program Name of the bundled program without its extension.
 */
const startText = (program) => `#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
const path = fileURLToPath(new URL('${program}.cjs', import.meta.url))
const require = createRequire(path)
const made = () => {
  if (process.execArgv.length > 0 || process.env.NODE_OPTIONS) return undefined
  try {
    return readFileSync(fileURLToPath(new URL('${program}.cache', import.meta.url)))
  } catch {
    return undefined
  }
}
const cachedData = made()
if (cachedData === undefined) require(path)
else {
  const text = '${wrapper.begin}' + readFileSync(path, 'latin1') + '${wrapper.end}'
  const script = new Script(text, { filename: path, cachedData })
  script.runInThisContext()(require, path)
}
`

/** The same for who writes the cache and who reads it: V8 compares. The program is ASCII. */
const wrapper = { begin: '(function (require, __filename) { ', end: '\\n})' }

/**
 * Runs the program once on an example and keeps what V8 compiled. Without it everything works, slower.
 * @param {string} program
 */
const writeCodeCache = (program) => {
  const path = join(outputDirectory, `${program}.cjs`)
  const work = `
    const { readFileSync, writeFileSync } = require('node:fs')
    const { Script } = require('node:vm')
    const text = '${wrapper.begin}' + readFileSync(${JSON.stringify(path)}, 'latin1') + '${wrapper.end}'
    const script = new Script(text, { filename: ${JSON.stringify(path)} })
    process.argv = [process.execPath, ${JSON.stringify(startFile)}, 'run', ${JSON.stringify(join(root, 'examples/canary/canary.yaml'))}]
    process.on('exit', () => writeFileSync(${JSON.stringify(join(outputDirectory, `${program}.cache`))}, script.createCachedData()))
    script.runInThisContext()(require, ${JSON.stringify(path)})`
  const { NODE_OPTIONS: _options, ...environment } = process.env
  spawnSync(process.execPath, ['-e', work], { stdio: 'ignore', env: environment })
}

const keptMs = 10 * 60 * 1_000

/**
 * Programs of older bundles. A process that has just read the old start file may still want them.
 * @param {string} program
 */
const removeOlder = async (program) => {
  for (const name of await readdir(outputDirectory)) {
    if (!name.startsWith('program.') || name.startsWith(`${program}.`)) continue
    const path = join(outputDirectory, name)
    if (Date.now() - (await stat(path)).mtimeMs > keptMs) await rm(path, { force: true })
  }
}

/** Writes the program under a name that tells its content, then the start file that names it: a reader sees the old or the new, never half. */
export const bundleCommandLine = async () => {
  const written = join(outputDirectory, `written.${process.pid}.cjs`)
  try {
    await build({
      ...settings,
      conditions: [...settings.conditions],
      mainFields: [...settings.mainFields],
      format: 'cjs',
      banner: { js: "const programUrl = require('node:url').pathToFileURL(__filename).href;" },
      define: { 'import.meta.url': 'programUrl' },
      // Names stay as they are, for the stack of a bug report; without the rest there is a third less to read at every start.
      minifyWhitespace: true,
      minifySyntax: true,
      entryPoints: ['packages/cli/src/main.ts'],
      outfile: written,
      // Read only by processes that are told to: the self-check names lines of the sources.
      sourcemap: 'external',
      sourcesContent: false,
      plugins: [takeEsModules, keepModulePlacesFrom(outputDirectory)],
    })
    const text = await readFile(written, 'latin1')
    const program = `program.${createHash('sha256').update(text).digest('hex').slice(0, 12)}`
    await appendFile(written, `//# sourceMappingURL=${program}.cjs.map\n`)
    await rename(`${written}.map`, join(outputDirectory, `${program}.cjs.map`))
    await rename(written, join(outputDirectory, `${program}.cjs`))
    writeCodeCache(program)
    const start = `${written}.start`
    await writeFile(start, startText(program), { mode: 0o755 })
    await rename(start, startFile)
    await removeOlder(program)
  } finally {
    await rm(written, { force: true })
    await rm(`${written}.map`, { force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleCommandLine()
