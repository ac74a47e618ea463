// `pnpm bench`: bundles what is measured and what measures it, and begins.
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { bundleCommandLine, bundleTool } from '../bundle.mjs'
import { filesUnder } from '../workspace-files.mjs'

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const scratch = join(root, 'node_modules/.cache/bench')

await bundleTool('tools/bench/measure.ts', join(scratch, 'measure.mjs'))
await bundleTool('tools/bench/run-bench.ts', join(scratch, 'run-bench.mjs'))
await bundleCommandLine()

const sources = ['core', 'replay'].flatMap((name) => filesUnder(join(root, 'packages', name, 'src')))
const changedAt = Math.max(...sources.map((path) => statSync(path).mtimeMs))
const { runBench } = await import(pathToFileURL(join(scratch, 'run-bench.mjs')).href)
process.exitCode = runBench(process.argv.slice(2), root, scratch, changedAt)
