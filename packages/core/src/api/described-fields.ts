/**
 * The fields of a type as the server's OpenAPI document describes them to people: what `kubectl explain` prints. Names, types, which must be
 * there and which values are possible; the sentences about them are not carried along.
 */
import { fieldsOf, type FieldShape, type Scalar } from './field-schema.js'
import { factsOfTypes, shownNames } from './generated/field-facts.js'

export interface DescribedField {
  readonly name: string
  /** `integer`, `[]Container`, `map[string]string` */
  readonly typeText: string
  /** The type with fields of its own that stands in the field, or in the elements of its list or map. */
  readonly typeName: string | undefined
  readonly isRequired: boolean
  /** The values that it may have; empty where any will do. */
  readonly values: readonly string[]
}

/** Types of the document that are not objects are shown by their JSON type. Follows typeGuess in kubectl/pkg/explain/v2/templates/plaintext.tmpl. */
const wordOfScalar: Readonly<Record<Scalar, string>> = {
  string: 'string',
  bool: 'boolean',
  int32: 'integer',
  int64: 'integer',
  float64: 'number',
  bytes: 'string',
  Quantity: 'Quantity',
  IntOrString: 'IntOrString',
  Time: 'string',
  MicroTime: 'string',
  RawExtension: 'RawExtension',
  FieldsV1: 'FieldsV1',
}

const typeTextOf = (shape: FieldShape): string => {
  if (shape.shape === 'scalar') return wordOfScalar[shape.scalar]
  if (shape.shape === 'struct') return shownNames[shape.type] ?? shape.type
  return `${shape.shape === 'list' ? '[]' : 'map[string]'}${typeTextOf(shape.element)}`
}

const structOf = (shape: FieldShape): string | undefined =>
  shape.shape === 'list' || shape.shape === 'map' ? structOf(shape.element) : shape.shape === 'struct' ? shape.type : undefined

interface Fact {
  readonly isRequired: boolean
  readonly values: readonly string[]
}

const noFact: Fact = { isRequired: false, values: [] }

const factsOf = (typeName: string): ReadonlyMap<string, Fact> =>
  new Map(
    (factsOfTypes[typeName] ?? '').split(',').map((text) => {
      const [marked = '', ...values] = text.split('|')
      const isRequired = marked.endsWith('!')
      return [isRequired ? marked.slice(0, -1) : marked, { isRequired, values }]
    }),
  )

/** Undefined for a type whose fields are not known. */
export const describedFields = (typeName: string): readonly DescribedField[] | undefined => {
  const fields = fieldsOf(typeName)
  if (fields === undefined) return undefined
  const facts = factsOf(typeName)
  return [...fields].map(([name, shape]) => ({
    name,
    typeText: typeTextOf(shape),
    typeName: structOf(shape),
    ...(facts.get(name) ?? noFact),
  }))
}
