/** One violated rule, as the server words it. Follows apimachinery/pkg/util/validation/field/errors.go. */
import type { Json } from '../../kernel/json.js'
import type { FieldError } from '../api-status.js'

/** As Go's encoding/json writes it: `<`, `>` and `&` are escaped. */
const goJson = (value: Json): string =>
  JSON.stringify(value)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029')

/** As Go's %q writes a text. */
const goQuote = (text: string): string => JSON.stringify(text)

const valueText = (value: Json): string => (typeof value === 'string' ? goQuote(value) : goJson(value))

const colon = (detail: string): string => (detail === '' ? '' : `: ${detail}`)

export const required = (field: string, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueRequired',
  message: `Required value${colon(detail)}`,
})

export const invalidValue = (field: string, value: Json, detail: string): FieldError => ({
  field,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${valueText(value)}${colon(detail)}`,
})

export const forbiddenField = (field: string, detail: string): FieldError => ({
  field,
  reason: 'FieldValueForbidden',
  message: `Forbidden: ${detail}`,
})

export const notSupported = (field: string, value: Json, supported: readonly string[]): FieldError => ({
  field,
  reason: 'FieldValueNotSupported',
  message: `Unsupported value: ${valueText(value)}: supported values: ${supported.map(goQuote).join(', ')}`,
})

export const duplicate = (field: string, value: Json, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${valueText(value)}${colon(detail)}`,
})

export const notFoundField = (field: string, value: Json, detail = ''): FieldError => ({
  field,
  reason: 'FieldValueNotFound',
  message: `Not found: ${valueText(value)}${colon(detail)}`,
})

export const tooLong = (field: string, limit: number): FieldError => ({
  field,
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${limit} bytes`,
})

export const tooMany = (field: string, count: number, limit: number): FieldError => ({
  field,
  reason: 'FieldValueTooMany',
  message: `Too many: ${count}: must have at most ${limit} items`,
})

/** Where violated rules are gathered, in the order in which they are found. */
export type Errors = FieldError[]

export const notNegative = (errors: Errors, field: string, value: number | undefined): void => {
  if ((value ?? 0) < 0) errors.push(invalidValue(field, value ?? 0, 'must be greater than or equal to 0'))
}

export const immutableMessage = 'field is immutable'
