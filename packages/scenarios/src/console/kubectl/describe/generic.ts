/** Description of a kind that has none of its own: every field under a readable name. Follows genericDescriber in kubectl/pkg/describe/describe.go. */
import { isJsonObject, type Json, type JsonObject, type KubernetesObject } from '@statefold/core'
import type { Call } from '../command.js'
import { jsonOf, sortedNames } from '../json-object.js'
import { goText } from '../printers/go-text.js'
import { level, metadataLines, nameAndNamespace, type Lines } from './lines.js'

const acronyms: readonly string[] = ['API', 'URL', 'UID', 'GUID']

/** `creationTimestamp` is `Creation Timestamp`, `apiVersion` is `API Version`. Follows smartLabelFor. */
const labelFor = (field: string): string => {
  if (!/^[A-Za-z-]+$/.test(field)) return field
  const parts = field.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|-/g) ?? [field]
  return parts
    .map((part) =>
      acronyms.includes(part.toUpperCase())
        ? part.toUpperCase()
        : part.toLowerCase() === part
          ? part.charAt(0).toUpperCase() + part.slice(1)
          : part,
    )
    .join(' ')
}

const skipped: readonly string[] = [
  '.metadata.managedFields',
  '.metadata.name',
  '.metadata.namespace',
  '.metadata.labels',
  '.metadata.annotations',
]

const fieldLines = (value: JsonObject, depth: number, prefix: string): Lines =>
  sortedNames(value).flatMap((field): Lines => {
    const item: Json | undefined = value[field]
    const path = `${prefix}.${field}`
    if (item === undefined || skipped.includes(path)) return []
    if (isJsonObject(item)) return [level(depth, `${labelFor(field)}:`), ...fieldLines(item, depth + 1, path)]
    if (Array.isArray(item)) {
      return [
        level(depth, `${labelFor(field)}:`),
        ...(item as readonly Json[]).flatMap((child) =>
          isJsonObject(child) ? fieldLines(child, depth + 1, path) : [level(depth + 1, goText(child))],
        ),
      ]
    }
    return [level(depth, `${labelFor(field)}:\t${goText(item)}`)]
  })

export const describeGeneric = (_call: Call, object: KubernetesObject): Lines => {
  const json = jsonOf(object)
  return [...nameAndNamespace(json), ...metadataLines(json), ...fieldLines(json, 0, '')]
}
