/**
 * JSON merge patches (RFC 7396) as the API server and kubectl use them. Follows gopkg.in/evanphx/json-patch.v4 (merge.go) and, for
 * kubectl apply on kinds that kubectl does not know, apimachinery/pkg/util/jsonmergepatch/patch.go.
 */
import { growingCopy } from '../kernel/extended.js'
import { isJsonObject, type Json, type JsonObject } from '../kernel/json.js'
import { deepEqual } from '../kernel/object-difference.js'
import { isJsonList, type MutableObject, setField, withoutField } from './patch/json-values.js'

/** What is added must not carry fields that are null: they would delete nothing. Nulls in lists stay. */
const withoutNulls = (value: Json): Json => {
  if (isJsonList(value)) return value.map(withoutNulls)
  if (!isJsonObject(value)) return value
  const result: MutableObject = {}
  for (const key in value) {
    const item = value[key]
    if (item !== null && item !== undefined) setField(result, key, withoutNulls(item))
  }
  return result
}

const mergeObjects = (document: JsonObject, patch: JsonObject): JsonObject => {
  let result: JsonObject = document
  let copy: MutableObject | undefined
  for (const key in patch) {
    const value = patch[key]
    if (value === undefined) continue
    const current = Object.hasOwn(document, key) ? document[key] : undefined
    if (value === null) {
      if (current === undefined) continue
      result = copy = withoutField(result, key)
      continue
    }
    const next = !isJsonObject(current) ? withoutNulls(value) : isJsonObject(value) ? mergeObjects(current, value) : value
    if (next === current) continue
    copy ??= growingCopy(document)
    setField(copy, key, next)
    result = copy
  }
  return result
}

/** The patched document; untouched parts are shared with the original, and where nothing changes it is the original. */
export const applyJsonMergePatch = (original: Json, patch: Json): Json => {
  if (!isJsonObject(patch)) return patch
  return isJsonObject(original) ? mergeObjects(original, patch) : withoutNulls(patch)
}

/** The patch that leads from one object to the other. Lists are replaced whole. Follows CreateMergePatch. */
export const createJsonMergePatch = (original: JsonObject, modified: JsonObject): JsonObject => {
  const patch: MutableObject = {}
  for (const [key, value] of Object.entries(modified)) {
    if (value === undefined) continue
    const old = Object.hasOwn(original, key) ? original[key] : undefined
    if (old === undefined) setField(patch, key, value)
    else if (isJsonObject(old) && isJsonObject(value)) {
      const inner = createJsonMergePatch(old, value)
      if (Object.keys(inner).length > 0) setField(patch, key, inner)
    } else if (!deepEqual(old, value)) setField(patch, key, value)
  }
  for (const [key, old] of Object.entries(original)) {
    if (old !== undefined && (!Object.hasOwn(modified, key) || modified[key] === undefined)) setField(patch, key, null)
  }
  return patch
}

/** Either only the deletions of a patch or all but them. Follows keepOrDeleteNullInObj. */
const filterNulls = (patch: JsonObject, keepNulls: boolean): JsonObject => {
  const result: MutableObject = {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === undefined) continue
    if (value === null) {
      if (keepNulls) setField(result, key, null)
    } else if (isJsonObject(value) && Object.keys(value).length > 0) {
      const inner = filterNulls(value, keepNulls)
      if (Object.keys(inner).length > 0) setField(result, key, inner)
    } else if (!keepNulls) setField(result, key, value)
  }
  return result
}

/**
 * What kubectl apply sends for kinds without a strategic merge patch: additions and changes from the live object to the manifest, and
 * deletions from the last applied manifest to this one. Follows CreateThreeWayJSONMergePatch.
 */
export const threeWayJsonMergePatch = (original: JsonObject, modified: JsonObject, current: JsonObject): JsonObject => {
  const additions = filterNulls(createJsonMergePatch(current, modified), false)
  const deletions = filterNulls(createJsonMergePatch(original, modified), true)
  return mergeObjects(deletions, additions)
}
