// Runs the command line from a fresh checkout: bundles it first when a source is newer, says nothing of its own, and ends as it ends.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { filesUnder } from './workspace-files.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const main = join(root, 'packages/cli/dist/main.js')
const mark = join(root, 'packages/cli/dist/main.inputs')

/** Changes whenever a file that the bundle is made of is added, removed or edited. */
const fingerprintOfInputs = () => {
  const inputs = [
    ...['core', 'scenarios', 'replay', 'cli'].flatMap((name) => [
      ...filesUnder(join(root, 'packages', name, 'src')),
      join(root, 'packages', name, 'package.json'),
    ]),
    join(root, 'tools/bundle.mjs'),
    join(root, 'pnpm-lock.yaml'),
  ]
  const hash = createHash('sha256')
  for (const path of inputs) {
    const { mtimeMs, size } = statSync(path)
    hash.update(`${path}\0${mtimeMs}\0${size}\n`)
  }
  return hash.digest('hex')
}

const fingerprint = fingerprintOfInputs()
const upToDate = existsSync(main) && existsSync(mark) && readFileSync(mark, 'utf8') === fingerprint
if (!upToDate) {
  const { bundleCommandLine } = await import('./bundle.mjs')
  // The bundler has said on stderr what is wrong with which source; that is our bug, not the user's input.
  await bundleCommandLine().catch(() => process.exit(70))
  writeFileSync(`${mark}.${process.pid}`, fingerprint)
  renameSync(`${mark}.${process.pid}`, mark)
}

process.argv[1] = main
await import(pathToFileURL(main).href)
