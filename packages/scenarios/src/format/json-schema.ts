/** The JSON Schema of scenario files, from the codecs that decode them: for editors. */
import type { JsonSchema } from './codec.js'
import { conditionSchema } from './condition-codec.js'
import { scenarioFile } from './scenario-codec.js'

export const scenarioSchema = (): JsonSchema => ({
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'https://statefold.dev/schemas/scenario.schema.json',
  title: 'Statefold scenario',
  ...scenarioFile.schema,
  definitions: { condition: conditionSchema() },
})

/** As the file in the repository has it. */
export const scenarioSchemaText = (): string => `${JSON.stringify(scenarioSchema(), null, 2)}\n`
