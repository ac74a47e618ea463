/** The annotation by which `apply` remembers what it was given. Follows kubectl/pkg/util/apply.go. */
import { isJsonObject, type Json, type JsonObject } from '@statefold/core'
import { at, objectAt, withField } from './json-object.js'
import { compactJson } from './printers/json-printer.js'

export const lastAppliedName = 'kubectl.kubernetes.io/last-applied-configuration'

const withoutAnnotation = (object: JsonObject): JsonObject => {
  const { [lastAppliedName]: _old, ...annotations } = objectAt(object, 'metadata', 'annotations')
  return withField(object, ['metadata', 'annotations'], annotations)
}

/** The object with the annotation that describes it. */
export const withLastApplied = (object: JsonObject): JsonObject => {
  const bare = withoutAnnotation(object)
  return withField(bare, ['metadata', 'annotations'], {
    ...objectAt(bare, 'metadata', 'annotations'),
    [lastAppliedName]: `${compactJson(bare)}\n`,
  })
}

/** What was applied last, if the object remembers. */
export const lastAppliedOf = (object: JsonObject): JsonObject | undefined => {
  const text = at(object, 'metadata', 'annotations', lastAppliedName)
  if (typeof text !== 'string' || text === '') return undefined
  try {
    const parsed = JSON.parse(text) as Json
    return isJsonObject(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}
