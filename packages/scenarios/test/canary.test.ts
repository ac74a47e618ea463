/** The README's story as a test, in one line: it passes, and twice the same. */
import { fileURLToPath } from 'node:url'
import { it } from 'vitest'
import { scenarioTest } from '../src/node.js'

it(
  'a canary is promoted, breaks and comes back',
  scenarioTest(fileURLToPath(new URL('../../../examples/canary/canary.yaml', import.meta.url))),
)
