// Runs a TypeScript file over the sources of the packages: node tools/run-example.mjs examples/01-scale-up.ts
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleTool } from './bundle.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const file = process.argv[2]
if (file === undefined) {
  process.stderr.write('usage: node tools/run-example.mjs FILE.ts\n')
  process.exit(64)
}
const bundled = join(root, 'node_modules', `.example.${process.pid}.mjs`)
try {
  await bundleTool(resolve(file), bundled)
  process.exitCode = spawnSync(process.execPath, [bundled], { stdio: 'inherit' }).status ?? 70
} finally {
  rmSync(bundled, { force: true })
}
