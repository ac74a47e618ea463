/**
 * Reading what a client sent into the types of its kind, as strictly as the API server does: which fields nobody knows, and which value has the
 * wrong JSON type, in the server's own words. Nothing is changed and nothing is defaulted here.
 */
// Follows UnmarshalStrict in sigs.k8s.io/json and object(), array() and literalStore() of Go's encoding/json: the first wrong type is remembered while
// reading goes on, but a type that decodes itself (Quantity, Time, IntOrString) ends the reading at once.
import * as E from 'fp-ts/lib/Either.js'

import { isJsonObject } from '../kernel/json.js'
import { badRequest, type ApiStatus } from './api-status.js'
import { fieldsOf, typeNameOfKind, type FieldShape, type Scalar } from './field-schema.js'
import { parseQuantityJson } from './quantity.js'

/** `unknownFields` are paths such as `spec.template.spec.containers[0].imagePolicy`; with a `typeError` nothing else matters. */
export interface StrictDecoding {
  readonly unknownFields: readonly string[]
  readonly typeError?: string
}

const withoutComplaint: StrictDecoding = { unknownFields: [] }

/** Kinds whose shape is not known decode without complaint. `stored`: the object that was changed; parts that are still its own need no look. */
export const decodeStrictly = (kind: string, apiVersion: string, value: unknown, stored?: object): StrictDecoding => {
  const type = typeNameOfKind(kind, apiVersion)
  if (type === undefined || isSoundStruct(type, value, stored)) return withoutComplaint
  const reading: Reading = { unknown: new Set(), firstError: undefined }
  const fatal = readStruct(reading, type, value, undefined)
  const typeError = fatal ?? reading.firstError
  const unknownFields = [...reading.unknown]
  return typeError === undefined ? { unknownFields } : { unknownFields, typeError }
}

/** The sentence for unknown fields alone: `strict decoding error: unknown field "spec.a", unknown field "spec.b"`. */
export const unknownFieldsMessage = (unknownFields: readonly string[]): string =>
  // Follows maxStrictDecodingErrors in apimachinery/pkg/runtime/error.go: one sentence, joined by commas.
  `strict decoding error: ${unknownFields.map((field) => `unknown field "${field}"`).join(', ')}`

/** The refusal of the whole request, or undefined when the value decodes. */
export const strictDecodingStatus = (kind: string, apiVersion: string, decoding: StrictDecoding): ApiStatus | undefined => {
  const why = decoding.typeError ?? (decoding.unknownFields.length === 0 ? undefined : unknownFieldsMessage(decoding.unknownFields))
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  return why === undefined ? undefined : badRequest(`${kind} in version "${version}" cannot be handled as a ${kind}: ${why}`)
}

/** The value without the fields that its kind does not have: what is left when unknown fields are only warned of. Shares what is unchanged. */
export const withoutUnknownFields = <Value>(kind: string, apiVersion: string, value: Value): Value => {
  const type = typeNameOfKind(kind, apiVersion)
  // The result is the same value with some properties left out.
  return type === undefined ? value : (pruneStruct(type, value) as Value)
}

// ---- Nearly everything decodes: a first look that keeps no places for a complaint

const isSoundStruct = (type: string, value: unknown, stored: unknown): boolean => {
  if (value === stored || value === null || value === undefined) return true
  if (!isJsonObject(value)) return false
  const fields = fieldsOf(type)
  const before = isJsonObject(stored) ? stored : undefined
  for (const name in value) {
    const shape = fields?.get(name)
    if (shape === undefined || !isSound(shape, value[name], before?.[name])) return false
  }
  return true
}

const isSound = (shape: FieldShape, value: unknown, stored: unknown): boolean => {
  if (value === stored || value === null || value === undefined) return true
  switch (shape.shape) {
    case 'struct':
      return isSoundStruct(shape.type, value, stored)
    case 'scalar':
      return isSoundScalar(shape.scalar, value)
    case 'list': {
      if (!Array.isArray(value)) return false
      const before = Array.isArray(stored) ? (stored as readonly unknown[]) : undefined
      for (let index = 0; index < value.length; index += 1) if (!isSound(shape.element, value[index], before?.[index])) return false
      return true
    }
    case 'map': {
      if (!isJsonObject(value)) return false
      const before = isJsonObject(stored) ? stored : undefined
      for (const key in value) if (!isSound(shape.element, value[key], before?.[key])) return false
      return true
    }
  }
}

/** What a scalar is read into that is only asked whether it can be: no name of a type is needed, and no place. */
const asked: Reading = { unknown: new Set(), firstError: undefined }

const isSoundScalar = (scalar: Scalar, value: unknown): boolean => {
  asked.firstError = undefined
  return readScalar(asked, scalar, '', value, undefined) === undefined && asked.firstError === undefined
}

// ---- Reading what does not decode

interface Reading {
  readonly unknown: Set<string>
  firstError: string | undefined
}

/** Where the reader is, from the inside out; spelled out only for a complaint, which is rare. Undefined: the whole value. */
interface Place {
  readonly within: Place | undefined
  /** A field, an index or the key of a map. */
  readonly at: string | number
  /** The type that has the field; an index and a key are within one. */
  readonly struct: string | undefined
}
type Where = Place | undefined

/** With indexes and map keys: `spec.template.spec.containers[0].image`. */
const pathOf = (place: Where): string => {
  if (place === undefined) return ''
  const { within, at } = place
  if (typeof at === 'number') return `${pathOf(within)}[${at}]`
  return within === undefined ? at : `${pathOf(within)}.${at}`
}

/** As Go's messages name it, without indexes and keys: `spec.template.spec.containers.image`. */
const fieldsTo = (place: Where): string => {
  if (place === undefined) return ''
  const outer = fieldsTo(place.within)
  if (place.struct === undefined) return outer
  return outer === '' ? String(place.at) : `${outer}.${place.at}`
}

const structOf = (place: Where): string | undefined => (place === undefined ? undefined : (place.struct ?? structOf(place.within)))

/** A text ends the reading. */
type Fatal = string | undefined

const jsonTypeOf = (value: unknown): string => (Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value)

const mismatch = (value: string, goName: string, place: Where): string => {
  const struct = structOf(place)
  return struct === undefined
    ? `json: cannot unmarshal ${value} into Go value of type ${goName}`
    : `json: cannot unmarshal ${value} into Go struct field ${struct}.${fieldsTo(place)} of type ${goName}`
}

const remember = (reading: Reading, error: string): undefined => {
  reading.firstError ??= error
  return undefined
}

const readStruct = (reading: Reading, type: string, value: unknown, place: Where): Fatal => {
  if (value === null || value === undefined) return undefined
  if (!isJsonObject(value)) return remember(reading, mismatch(jsonTypeOf(value), `v1.${type}`, place))
  const fields = fieldsOf(type)
  for (const name of Object.keys(value)) {
    const shape = fields?.get(name)
    if (shape === undefined) {
      reading.unknown.add(pathOf({ within: place, at: name, struct: type }))
      continue
    }
    const fatal = read(reading, shape, value[name], { within: place, at: name, struct: type })
    if (fatal !== undefined) return fatal
  }
  return undefined
}

const read = (reading: Reading, shape: FieldShape, value: unknown, place: Where): Fatal => {
  if (value === null || value === undefined) return undefined
  switch (shape.shape) {
    case 'struct':
      return readStruct(reading, shape.type, value, place)
    case 'scalar':
      return readScalar(reading, shape.scalar, shape.goName, value, place)
    case 'list': {
      if (!Array.isArray(value)) return remember(reading, mismatch(jsonTypeOf(value), shape.goName, place))
      for (const [index, element] of value.entries()) {
        const fatal = read(reading, shape.element, element, { within: place, at: index, struct: undefined })
        if (fatal !== undefined) return fatal
      }
      return undefined
    }
    case 'map': {
      if (!isJsonObject(value)) return remember(reading, mismatch(jsonTypeOf(value), shape.goName, place))
      for (const [key, element] of Object.entries(value)) {
        const fatal = read(reading, shape.element, element, { within: place, at: key, struct: undefined })
        if (fatal !== undefined) return fatal
      }
      return undefined
    }
  }
}

const isInteger = (value: number, bits: 32 | 64): boolean =>
  Number.isInteger(value) && (bits === 32 ? value >= -2_147_483_648 && value <= 2_147_483_647 : Math.abs(value) < 9_223_372_036_854_775_808)

const readScalar = (reading: Reading, scalar: Scalar, goName: string, value: unknown, place: Where): Fatal => {
  switch (scalar) {
    case 'string':
      return typeof value === 'string' ? undefined : remember(reading, mismatch(jsonTypeOf(value), goName, place))
    case 'bool':
      return typeof value === 'boolean' ? undefined : remember(reading, mismatch(jsonTypeOf(value), goName, place))
    case 'float64':
      return typeof value === 'number' ? undefined : remember(reading, mismatch(jsonTypeOf(value), goName, place))
    case 'int32':
    case 'int64':
      if (typeof value !== 'number') return remember(reading, mismatch(jsonTypeOf(value), goName, place))
      return isInteger(value, scalar === 'int32' ? 32 : 64) ? undefined : remember(reading, mismatch(`number ${value}`, goName, place))
    case 'bytes': {
      if (typeof value !== 'string') return Array.isArray(value) ? undefined : remember(reading, mismatch(jsonTypeOf(value), goName, place))
      const wrong = base64Error(value)
      return wrong === undefined ? undefined : remember(reading, wrong)
    }
    case 'IntOrString':
      if (typeof value === 'string') return undefined
      if (typeof value !== 'number') return mismatch(jsonTypeOf(value), 'int32', place)
      return isInteger(value, 32) ? undefined : mismatch(`number ${value}`, 'int32', place)
    case 'Time':
    case 'MicroTime':
      return typeof value === 'string' ? timeError(value, scalar === 'Time' ? '' : '.000000') : mismatch(jsonTypeOf(value), 'string', place)
    case 'Quantity': {
      // Follows UnmarshalJSON in apimachinery/pkg/api/resource/quantity.go: whatever stands there is read as text.
      const parsed = parseQuantityJson(typeof value === 'string' || typeof value === 'number' ? value : jsonTypeOf(value))
      return E.isLeft(parsed) ? parsed.left : undefined
    }
    case 'RawExtension':
    case 'FieldsV1':
      return undefined
  }
}

const soundTime = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Follows Parse in Go's time/format.go, for RFC 3339: the piece of the layout that the rest of the text does not begin with. */
const timeError = (text: string, fraction: string): string | undefined => {
  if (soundTime.test(text)) return undefined
  const layout = `2006-01-02T15:04:05${fraction}Z07:00`
  let rest = text
  for (const [piece, pattern] of [
    ['2006', /^\d{4}/],
    ['-', /^-/],
    ['01', /^\d\d/],
    ['-', /^-/],
    ['02', /^\d\d/],
    ['T', /^T/],
    ['15', /^\d\d/],
    [':', /^:/],
    ['04', /^\d\d/],
    [':', /^:/],
    ['05', /^\d\d(?:[.,]\d+)?/],
    ['Z07:00', /^(?:Z|[+-]\d\d:\d\d)/],
  ] as const) {
    const match = pattern.exec(rest)
    if (match === null) return `parsing time "${text}" as "${layout}": cannot parse "${rest}" as "${piece}"`
    rest = rest.slice(match[0].length)
  }
  if (rest !== '') return `parsing time "${text}": extra text: "${rest}"`
  const out = [
    ['month', 5, 1, 12],
    ['day', 8, 1, 31],
    ['hour', 11, 0, 23],
    ['minute', 14, 0, 59],
    ['second', 17, 0, 59],
  ] as const
  const wrong = out.find(([, at, least, most]) => Number(text.slice(at, at + 2)) < least || Number(text.slice(at, at + 2)) > most)
  return wrong === undefined ? undefined : `parsing time "${text}": ${wrong[0]} out of range`
}

/** Follows CorruptInputError in Go's encoding/base64: new lines are skipped, the first byte that cannot stand there is named. */
const base64Error = (text: string): string | undefined => {
  let count = 0
  let padding = 0
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at)
    if (character === '\n' || character === '\r') continue
    if (character === '=' && (count % 4 === 2 || (count % 4 === 3 && padding <= 1))) padding++
    else if (padding > 0 || !/[A-Za-z0-9+/]/.test(character)) return `illegal base64 data at input byte ${at}`
    count++
  }
  return count % 4 === 0 ? undefined : `illegal base64 data at input byte ${text.length - (count % 4)}`
}

// ---- Leaving out what is not known

const pruneStruct = (type: string, value: unknown): unknown => {
  const fields = fieldsOf(type)
  if (fields === undefined || !isJsonObject(value)) return value
  const entries = Object.entries(value)
  const kept = entries.flatMap(([name, child]): (readonly [string, unknown])[] => {
    const shape = fields.get(name)
    return shape === undefined ? [] : [[name, prune(shape, child)]]
  })
  return kept.length === entries.length && kept.every(([, child], index) => child === entries[index]?.[1])
    ? value
    : Object.fromEntries(kept)
}

const prune = (shape: FieldShape, value: unknown): unknown => {
  if (shape.shape === 'struct') return pruneStruct(shape.type, value)
  if (shape.shape === 'list' && Array.isArray(value)) {
    const elements = value.map((element) => prune(shape.element, element))
    return elements.every((element, index) => element === value[index]) ? value : elements
  }
  if (shape.shape === 'map' && isJsonObject(value)) {
    const entries = Object.entries(value).map(([key, element]) => [key, prune(shape.element, element)] as const)
    return entries.every(([key, element]) => element === value[key]) ? value : Object.fromEntries(entries)
  }
  return value
}
