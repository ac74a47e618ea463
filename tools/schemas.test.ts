/** Generated files in the repository are those that their generators write now. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { scenarioSchemaText } from '../packages/scenarios/src/format/json-schema.js'

it('schemas/scenario.schema.json is current; run `node tools/generate-schemas.mjs` after a change of the format', () => {
  expect(readFileSync(fileURLToPath(new URL('../schemas/scenario.schema.json', import.meta.url)), 'utf8')).toBe(scenarioSchemaText())
})
