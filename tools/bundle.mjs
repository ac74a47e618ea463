// Bundles the command line into packages/cli/dist/main.js, straight from the sources of all packages.
import { readFile, rename, rm } from 'node:fs/promises'
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
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
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

/** Writes the bundle; a reader sees the old one or the new one, never half of it. */
export const bundleCommandLine = async () => {
  const written = join(outputDirectory, `main.${process.pid}.js`)
  try {
    await build({
      ...settings,
      conditions: [...settings.conditions],
      mainFields: [...settings.mainFields],
      // Names stay as they are, for the stack of a bug report; without the rest there is a third less to read at every start.
      minifyWhitespace: true,
      minifySyntax: true,
      entryPoints: ['packages/cli/src/main.ts'],
      outfile: written,
      // Read only by processes that are told to: the self-check names lines of the sources.
      sourcemap: 'external',
      sourcesContent: false,
      footer: { js: '//# sourceMappingURL=main.js.map' },
      plugins: [takeEsModules, keepModulePlacesFrom(outputDirectory)],
    })
    await rename(`${written}.map`, join(outputDirectory, 'main.js.map'))
    await rename(written, join(outputDirectory, 'main.js'))
  } finally {
    await rm(written, { force: true })
    await rm(`${written}.map`, { force: true })
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await bundleCommandLine()
