/** What the patches share about JSON values. */
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'

/** An object under construction: made in the function that fills it, read-only once it is returned. */
export interface MutableObject {
  [key: string]: Json | undefined
}

/** Array.isArray does not narrow a read-only list; this does. */
export const isJsonList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/** An own property, also when the key is `__proto__`. */
export const setField = (object: MutableObject, key: string, value: Json): void => {
  if (key === '__proto__') Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  else object[key] = value
}

/** The own property; undefined when there is none. */
export const fieldOf = (object: { readonly [key: string]: Json | undefined }, key: string): Json | undefined =>
  Object.hasOwn(object, key) ? object[key] : undefined

/** Without the key. (Deleting would make it a dictionary for V8, and so every object that is spread from it later.) */
export const withoutField = (object: JsonObject, dropped: string): MutableObject => {
  if (!Object.hasOwn(object, dropped)) return object
  const rest: MutableObject = {}
  for (const key in object) {
    const value = object[key]
    if (key !== dropped && value !== undefined) setField(rest, key, value)
  }
  return rest
}

export type JsonKind = 'map' | 'list' | 'string' | 'number' | 'bool' | 'nil'

export const kindOf = (value: Json | undefined): JsonKind => {
  if (value === null || value === undefined) return 'nil'
  if (isJsonList(value)) return 'list'
  if (isJsonObject(value)) return 'map'
  if (typeof value === 'string') return 'string'
  return typeof value === 'number' ? 'number' : 'bool'
}

/** As Go's `%v` prints it: `map[a:1 b:[x y]]`. */
export const goTextOf = (value: Json | undefined): string => {
  if (value === null || value === undefined) return '<nil>'
  if (isJsonList(value)) return `[${value.map(goTextOf).join(' ')}]`
  if (!isJsonObject(value)) return String(value)
  const keys = Object.keys(value).sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  return `map[${keys.map((key) => `${key}:${goTextOf(value[key])}`).join(' ')}]`
}
