// Writes docs/reference/ from the sources: events, rejections, invariants, scenarios, limits, exit codes, the scenario format, the command line.
// With --check it writes nothing and ends with 1 when a page is not what it would write.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleTool } from './bundle.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bundled = join(root, 'node_modules', `.reference-pages.${process.pid}.mjs`)
const folder = join(root, 'docs/reference')

/** @param {string} path */
const textOf = (path) => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // A page that is not there yet differs from every text.
    return undefined
  }
}

// Help texts are as wide as the terminal; a page is as wide as a pipe.
process.stdout.isTTY = false

/** @type {readonly (readonly [string, string])[]} */
let pages
try {
  await bundleTool('tools/reference-pages.ts', bundled)
  pages = await (await import(pathToFileURL(bundled).href)).referencePages(root)
} finally {
  rmSync(bundled, { force: true })
}

if (process.argv.includes('--check')) {
  const stale = pages.filter(([name, text]) => textOf(join(folder, name)) !== text).map(([name]) => `docs/reference/${name}`)
  if (stale.length > 0) {
    process.stderr.write(`not current: ${stale.join(', ')}; run: node tools/generate-reference.mjs\n`)
    process.exitCode = 1
  }
} else {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of pages) writeFileSync(join(folder, name), text)
}
