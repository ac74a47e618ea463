/** What a ControllerRevision of a StatefulSet holds, byte for byte, and the hash that its name ends in. */
import { extended } from '../../kernel/extended.js'
import type { Json, JsonObject } from '../../kernel/json.js'
import { rememberedText } from '../../kernel/remembered-text.js'
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

// Names of fields, and most of what stands in them, come again in every template.
const goText = rememberedText((text) =>
  JSON.stringify(text).replace(/[<>&\u2028\u2029]/g, (character) => escapedByGo[character] ?? character),
)

/** JSON as Go's encoding/json writes a map: keys sorted, no spaces, the characters of HTML escaped. */
export const goJson = (value: Json): string => {
  if (typeof value === 'string') return goText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (isList(value)) return `[${value.map(goJson).join(',')}]`
  let fields = ''
  for (const key of Object.keys(value).sort(byUtf8)) {
    const field = value[key]
    if (field !== undefined) fields += `${fields === '' ? '' : ','}${goText(key)}:${goJson(field)}`
  }
  return `{${fields}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/**
 * The text of a revision's `data` for a Pod template in its stored (defaulted) form. Follows getPatch in
 * pkg/controller/statefulset/stateful_set_utils.go.
 */
export const controllerRevisionData = (template: object): string =>
  // A stored template is JSON.
  goJson({ spec: { template: extended(template as JsonObject, { $patch: 'replace' }) } })

/** The end of a revision's name. Follows HashControllerRevision in pkg/controller/history/controller_history.go. */
export const hashOfRevision = (raw: string, collisionCount?: number): string =>
  encodeHash(fnv1(collisionCount === undefined ? raw : `${raw}${collisionCount}`))
