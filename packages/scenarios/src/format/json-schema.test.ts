import { describe, expect, it } from 'vitest'
import { scenarioSchema } from './json-schema.js'

interface Schema {
  readonly type?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly additionalProperties?: unknown
  readonly $ref?: string
  readonly definitions?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
}

// The schema is plain JSON; the test looks at these keywords only.
const schema = scenarioSchema() as Schema

const everySchema = (found: unknown): readonly Schema[] =>
  typeof found !== 'object' || found === null ? [] : [found as Schema, ...Object.values(found).flatMap(everySchema)]

describe('the schema for editors', () => {
  it('knows the fields of a scenario and refuses others', () => {
    expect(Object.keys(schema.properties ?? {})).toContain('steps')
    expect(schema.required).toEqual(['apiVersion', 'kind'])
    expect(schema.additionalProperties).toBe(false)
  })

  it('refers only to what it defines', () => {
    const names = everySchema(schema).flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref.replace('#/definitions/', '')] : []))
    expect(new Set(names)).toEqual(new Set(Object.keys(schema.definitions ?? {})))
  })
})
