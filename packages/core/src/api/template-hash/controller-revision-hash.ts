/** What a ControllerRevision of a StatefulSet holds, byte for byte, and the hash that its name ends in. */
import { extended } from '../../kernel/extended.js'
import type { Json, JsonObject } from '../../kernel/json.js'
import { encodeHash, fnv1 } from './fnv.js'
import { byUtf8 } from './utf8-order.js'

// What Go's encoding/json escapes and JSON.stringify does not.
const escapedByGo: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
}

const goText = (text: string): string =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (character) => escapedByGo[character] ?? character)

/** JSON as Go's encoding/json writes a map: keys sorted, no spaces, the characters of HTML escaped. */
export const goJson = (value: Json): string => {
  if (typeof value === 'string') return goText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(goJson).join(',')}]`
  const fields = Object.entries(value)
    .filter((entry): entry is [string, Json] => entry[1] !== undefined)
    .sort(([left], [right]) => byUtf8(left, right))
  return `{${fields.map(([key, field]) => `${goText(key)}:${goJson(field)}`).join(',')}}`
}

// A controller asks for the same template at every sync. A cache only: templates are never changed in place.
const dataOfTemplate = new WeakMap<object, string>()

/**
 * The text of a revision's `data` for a Pod template in its stored (defaulted) form. Follows getPatch in
 * pkg/controller/statefulset/stateful_set_utils.go.
 */
export const controllerRevisionData = (template: object): string => {
  const known = dataOfTemplate.get(template)
  if (known !== undefined) return known
  // A stored template is JSON.
  const text = goJson({ spec: { template: extended(template as JsonObject, { $patch: 'replace' }) } })
  dataOfTemplate.set(template, text)
  return text
}

/** The end of a revision's name. Follows HashControllerRevision in pkg/controller/history/controller_history.go. */
export const hashOfRevision = (raw: string, collisionCount?: number): string =>
  encodeHash(fnv1(collisionCount === undefined ? raw : `${raw}${collisionCount}`))
