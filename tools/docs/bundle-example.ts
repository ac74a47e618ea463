/** Bundles TypeScript that a reader would write (a block of a page, an example) over the sources of the packages. */
import { join } from 'node:path'
import { buildSync } from 'esbuild'

export const root: string = join(import.meta.dirname, '../..')

export const bundleExample = (source: string, outfile: string): void => {
  buildSync({
    entryPoints: [source],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@statefold/source'],
    // The command line depends on all packages, so they are found where it finds them.
    nodePaths: ['core', 'scenarios', 'replay', 'cli'].map((name) => join(root, 'packages', name, 'node_modules')),
    external: ['vitest'],
    define: { 'import.meta.dirname': JSON.stringify(join(root, 'examples')) },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'silent',
  })
}
