/** Kubernetes objects seen as the JSON they are: fields by name. */
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'

/** Every object, stored or sent, is JSON; its TypeScript type only says more. This is the one place that says so. */
export const jsonOf = (object: object): JsonObject => object as JsonObject

export const at = (value: Json | undefined, ...path: readonly string[]): Json | undefined => {
  let found = value
  for (const field of path) found = isJsonObject(found) ? found[field] : undefined
  return found
}

export const textAt = (value: Json | undefined, ...path: readonly string[]): string => {
  const found = at(value, ...path)
  return typeof found === 'string' ? found : ''
}

export const numberAt = (value: Json | undefined, ...path: readonly string[]): number => {
  const found = at(value, ...path)
  return typeof found === 'number' ? found : 0
}

export const listAt = (value: Json | undefined, ...path: readonly string[]): readonly Json[] => {
  const found = at(value, ...path)
  return Array.isArray(found) ? (found as readonly Json[]) : []
}

export const objectAt = (value: Json | undefined, ...path: readonly string[]): JsonObject => {
  const found = at(value, ...path)
  return isJsonObject(found) ? found : {}
}

/** A copy with one field set, making the objects on the way. */
export const withField = (value: JsonObject, path: readonly string[], field: Json): JsonObject => {
  const [first, ...rest] = path
  if (first === undefined) return value
  return { ...value, [first]: rest.length === 0 ? field : withField(objectAt(value, first), rest, field) }
}

/** Texts by name, as in labels and annotations. */
export const textsAt = (value: Json | undefined, ...path: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(objectAt(value, ...path)).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])))

export const sortedNames = (value: object): readonly string[] => Object.keys(value).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** A text, number or truth value as its text; what is absent is ''. Lists and objects, which have no place there, are shown as JSON. */
export const wordOf = (value: Json | undefined): string => {
  if (value === undefined || value === null) return ''
  if (typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
