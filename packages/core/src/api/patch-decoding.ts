/** Whether a patched object still decodes, in the words that the server has for patches: they differ from those for whole objects. */
// Follows applyPatchToObject and applyPatchToCurrentObject in apiserver/pkg/endpoints/handlers/patch.go.
import * as E from 'fp-ts/lib/Either.js'

import { isJsonObject, type Json } from '../kernel/json.js'
import { invalid, type ApiStatus } from './api-status.js'
import { fieldsOf, typeNameOfKind, type FieldShape, type Scalar } from './field-schema.js'
import { parseQuantityJson } from './quantity.js'
import { decodeStrictly, unknownFieldsMessage } from './strict-decoding.js'

/** `unknownFields` are for who only warns of them (`Warning: unknown field "spec.a"`), as the server does when a client does not ask for more. */
export interface PatchDecoding {
  readonly unknownFields: readonly string[]
  /** A value of the wrong type: nobody takes that. */
  readonly typeError?: ApiStatus
  /** What a strict client is told: the type error, or the unknown fields. */
  readonly strictError?: ApiStatus
}

/** `stored` is what was patched: parts of it that are still the same need no look. */
export const decodePatched = (
  kind: string,
  apiVersion: string,
  patchType: 'strategic' | 'merge' | 'json',
  patch: Json,
  patched: unknown,
  stored?: object,
): PatchDecoding => {
  const { unknownFields, typeError } = decodeStrictly(kind, apiVersion, patched, stored)
  const type = typeNameOfKind(kind, apiVersion)
  // What decodes without a complaint can be converted, too.
  if (type === undefined || (typeError === undefined && unknownFields.length === 0)) return { unknownFields }
  const wrong = patchType === 'strategic' ? conversionError({ shape: 'struct', type, goName: `v1.${type}` }, patched) : typeError
  // Differs from Kubernetes: of the other patches it shows the whole patched object, managedFields and all; we show the patch.
  const refusal = (why: string): ApiStatus =>
    invalid('', '', [
      {
        field: 'patch',
        reason: 'FieldValueInvalid',
        message: `Invalid value: ${JSON.stringify(patchType === 'strategic' ? goText(patch) : JSON.stringify(patch))}: ${why}`,
      },
    ])
  if (wrong !== undefined) return { unknownFields: [], typeError: refusal(wrong), strictError: refusal(wrong) }
  const sorted = [...unknownFields].sort(byText)
  return sorted.length === 0 ? { unknownFields: [] } : { unknownFields: sorted, strictError: refusal(unknownFieldsMessage(sorted)) }
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

/** As Go's `%+v` prints decoded JSON: `map[spec:map[replicas:3]]`, keys sorted. */
const goText = (value: Json | undefined): string => {
  if (value === null || value === undefined) return '<nil>'
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (isJsonObject(value))
    return `map[${Object.keys(value)
      .sort(byText)
      .map((key) => `${key}:${goText(value[key] as Json | undefined)}`)
      .join(' ')}]`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** The sort of a JSON value once Go has read it: whole numbers are int64. */
const goSortOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'slice'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  return typeof value === 'boolean' ? 'bool' : typeof value === 'string' ? 'string' : 'map'
}

/** Follows fromUnstructured in apimachinery/pkg/runtime/converter.go: the first value that cannot be converted ends it. */
const conversionError = (shape: FieldShape, value: unknown): string | undefined => {
  if (value === null || value === undefined) return undefined
  switch (shape.shape) {
    case 'struct': {
      if (!isJsonObject(value)) return `cannot restore struct from: ${goSortOf(value)}`
      for (const [field, child] of fieldsOf(shape.type) ?? []) {
        const error = conversionError(child, value[field])
        if (error !== undefined) return error
      }
      return undefined
    }
    case 'list':
      if (!Array.isArray(value)) return `cannot restore slice from ${goSortOf(value)}`
      return firstError(shape.element, value)
    case 'map':
      if (!isJsonObject(value)) return `cannot restore map from ${goSortOf(value)}`
      return firstError(shape.element, Object.values(value))
    case 'scalar':
      return scalarError(shape.scalar, shape.goName, value)
  }
}

const firstError = (element: FieldShape, values: readonly unknown[]): string | undefined => {
  for (const value of values) {
    const error = conversionError(element, value)
    if (error !== undefined) return error
  }
  return undefined
}

const scalarError = (scalar: Scalar, goName: string, value: unknown): string | undefined => {
  const from = goSortOf(value)
  switch (scalar) {
    case 'string':
      if (from === 'string') return undefined
      // Go can turn an integer into a string (of one character), which is not what anybody means.
      return from === 'int64' ? `cannot convert int64 to ${goName}` : 'unrecognized type: string'
    case 'bool':
      return from === 'bool' ? undefined : 'unrecognized type: bool'
    case 'int32':
    case 'int64':
      return from === 'int64' ? undefined : from === 'float64' ? `cannot convert float64 to ${goName}` : `unrecognized type: ${scalar}`
    case 'float64':
      return from === 'int64' || from === 'float64' ? undefined : 'unrecognized type: float64'
    case 'bytes':
      return from === 'string' || from === 'slice' ? undefined : `cannot restore slice from ${from}`
    case 'IntOrString':
      return from === 'string' || from === 'int64' ? undefined : `json: cannot unmarshal ${jsonText(value)} into Go value of type int32`
    case 'Time':
    case 'MicroTime':
      return from === 'string' ? undefined : `json: cannot unmarshal ${jsonText(value)} into Go value of type string`
    case 'Quantity': {
      const parsed = parseQuantityJson(typeof value === 'string' || typeof value === 'number' ? value : from)
      return E.isLeft(parsed) ? parsed.left : undefined
    }
    case 'RawExtension':
    case 'FieldsV1':
      return undefined
  }
}

const jsonText = (value: unknown): string =>
  Array.isArray(value)
    ? 'array'
    : typeof value === 'number'
      ? Number.isInteger(value)
        ? 'number'
        : `number ${value}`
      : typeof value === 'boolean'
        ? 'bool'
        : 'object'
