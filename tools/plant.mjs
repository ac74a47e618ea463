// Bundles the command line with planted bugs, for tests of what finds them: `node tools/plant.mjs OUT` with the edits as JSON on standard input. A bug is
// awake when the program's own file is called `planted-NAME.mjs`: copies of one bundle have one bug each. The planted code is in no other build.
import { readFileSync } from 'node:fs'
import { bundlePlanted } from './bundle.mjs'

const [out] = process.argv.slice(2)
if (out === undefined) throw new Error('expected the path of the bundle')
await bundlePlanted(
  'packages/cli/src/main.ts',
  out,
  JSON.parse(readFileSync(0, 'utf8')),
  'const isPlanted = (name) => process.argv[1].endsWith(`/planted-${name}.mjs`);',
)
