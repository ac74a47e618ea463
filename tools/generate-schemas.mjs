// Writes schemas/scenario.schema.json from the codecs that decode scenario files. Run after a change of the format.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bundled = join(root, 'node_modules', `.scenario-schema.${process.pid}.mjs`)

await build({
  absWorkingDir: root,
  entryPoints: ['packages/scenarios/src/format/json-schema.ts'],
  outfile: bundled,
  bundle: true,
  platform: 'node',
  format: 'esm',
  conditions: ['@statefold/source', 'module'],
  banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  logLevel: 'warning',
})
try {
  const { scenarioSchemaText } = await import(pathToFileURL(bundled).href)
  mkdirSync(join(root, 'schemas'), { recursive: true })
  writeFileSync(join(root, 'schemas/scenario.schema.json'), scenarioSchemaText())
} finally {
  rmSync(bundled, { force: true })
}
