/**
 * Applies strategic merge patches. Follows mergeMap and what it calls in
 * staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go. Nothing is changed in place; untouched parts are shared.
 */
import * as E from 'fp-ts/lib/Either.js'
import { growingCopy } from '../../kernel/extended.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import { type ApiStatus, badRequest } from '../api-status.js'
import { goKindOf } from '../json-patch.js'
import { fieldOf, goTextOf, isJsonList, kindOf, type MutableObject, setField, withoutField } from './json-values.js'
import {
  badFormatForPrimitiveList,
  badFormatForRetainKeys,
  badFormatForSetElementOrder,
  badType,
  deleteFromListPrefix,
  directiveMarker,
  elementKindOf,
  type FieldMeta,
  fieldMetaOf,
  indexWithKey,
  isDeleteElement,
  noListOfLists,
  noMergeKey,
  orderElements,
  type Problem,
  report,
  retainKeysDirective,
  setElementOrderPrefix,
  withoutDuplicates,
} from './strategic-lists.js'

export interface MergeOptions {
  /** True on the server. False when kubectl merges two halves of a patch: then directives are kept, not carried out. */
  readonly mergeParallelList: boolean
  /** True on the server: a null for a field that is not there is dropped. */
  readonly ignoreUnmatchedNulls: boolean
}

/** `$setElementOrder/containers` → `containers`. */
const keyAfterPrefix = (key: string, prefix: string, format: string, problem: Problem): string => {
  const slash = key.indexOf('/')
  if (slash < 0 || key.slice(0, slash) !== prefix) {
    report(problem, format)
    return ''
  }
  return key.slice(slash + 1)
}

/** Maps with a directive vanish from what is added. */
const withoutDirectives = (value: Json): Json | undefined => {
  if (isJsonList(value)) {
    const items = value.map(withoutDirectives)
    return items.every((item, index) => item === value[index]) ? value : items.filter((item) => item !== undefined)
  }
  if (!isJsonObject(value)) return value
  if (Object.hasOwn(value, directiveMarker)) return undefined
  let copy: MutableObject | undefined
  for (const [key, item] of Object.entries(value)) {
    if (item === undefined) continue
    const next = withoutDirectives(item)
    if (next === item) continue
    copy ??= { ...value }
    if (next === undefined) delete copy[key]
    else setField(copy, key, next)
  }
  return copy ?? value
}

/** Nulls in objects are dropped, at any depth; those in lists stay. */
const withoutNullFields = (value: Json): Json => {
  if (isJsonList(value)) {
    const items = value.map(withoutNullFields)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  if (!isJsonObject(value)) return value
  let copy: MutableObject | undefined
  for (const [key, item] of Object.entries(value)) {
    const next = item === null || item === undefined ? undefined : withoutNullFields(item)
    if (next === item) continue
    copy ??= { ...value }
    if (next === undefined) delete copy[key]
    else setField(copy, key, next)
  }
  return copy ?? value
}

const applyRetainKeys = (original: MutableObject, patch: MutableObject, options: MergeOptions, problem: Problem): void => {
  const retained = fieldOf(patch, retainKeysDirective)
  if (retained === undefined) return
  delete patch[retainKeysDirective]
  if (!options.mergeParallelList) {
    const already = fieldOf(original, retainKeysDirective)
    if (already === undefined) original[retainKeysDirective] = retained
    else if (!deepEqual(already, retained))
      report(
        problem,
        `${goTextOf(already)} and ${goTextOf(retained)} are not deep equal: this may happen when calculating the 3-way diff patch`,
      )
    return
  }
  if (!isJsonList(retained)) {
    report(problem, badFormatForRetainKeys)
    return
  }
  for (const [key, value] of Object.entries(patch)) {
    const isExempt = value === null || key.startsWith(deleteFromListPrefix) || key.startsWith(setElementOrderPrefix)
    if (!isExempt && !retained.includes(key)) report(problem, badFormatForRetainKeys)
  }
  for (const key of Object.keys(original)) if (!retained.includes(key)) delete original[key]
}

/** The elements of the patch must come in the order of the order list. */
const checkPatchOrder = (patchList: readonly Json[], order: readonly Json[], mergeKey: string, problem: Problem): void => {
  if (order.length === 0 || patchList.length === 0) return
  const elements = mergeKey === '' ? patchList : patchList.filter((item) => !isDeleteElement(item))
  const identity = (item: Json | undefined): Json | undefined => {
    if (mergeKey === '' || item === undefined) return item
    if (!isJsonObject(item)) report(problem, badType('map', item))
    else if (!Object.hasOwn(item, mergeKey)) report(problem, noMergeKey(item, mergeKey))
    return isJsonObject(item) ? item[mergeKey] : undefined
  }
  let patchIndex = 0
  let orderIndex = 0
  while (patchIndex < elements.length && orderIndex < order.length) {
    const element = elements[patchIndex]
    if (isJsonObject(element) && Object.hasOwn(element, directiveMarker)) {
      patchIndex += 1
      continue
    }
    if (identity(element) === identity(order[orderIndex])) patchIndex += 1
    orderIndex += 1
  }
  if (patchIndex < elements.length && orderIndex >= order.length) {
    report(problem, `the order in patch list:\n${goTextOf(patchList)}\n doesn't match ${setElementOrderPrefix} list:\n${goTextOf(order)}`)
  }
}

interface MergedList {
  readonly ordered: readonly Json[]
  /** The list on the server as it is left behind by the merge: what comes after it is ordered by. */
  readonly serverOrder: readonly Json[]
}

/** Elements of the patch with a directive are carried out; the others are merged or appended. */
const mergeObjectLists = (
  original: readonly Json[],
  patch: readonly Json[],
  { mergeKey, elementType }: FieldMeta,
  options: MergeOptions,
  problem: Problem,
): MergedList => {
  if (mergeKey === '') {
    report(problem, `cannot merge lists without merge key for ${elementType ?? 'unknown type'}`)
    return { ordered: original, serverOrder: original }
  }
  let kept = original
  let elements: Json[] = []
  let isReplaced = false
  for (const item of patch) {
    if (!isJsonObject(item)) continue
    const directive = fieldOf(item, directiveMarker)
    if (directive === undefined) elements.push(item)
    else if (directive === 'delete') {
      if (!Object.hasOwn(item, mergeKey)) report(problem, noMergeKey(item, mergeKey))
      kept = kept.filter((other) => !(isJsonObject(other) && Object.hasOwn(other, mergeKey) && other[mergeKey] === item[mergeKey]))
    } else if (directive === 'replace') isReplaced = true
    else if (directive === 'merge') report(problem, 'merging lists cannot yet be specified in the patch')
    else report(problem, `unknown patch type: ${goTextOf(directive)} in map: ${goTextOf(item)}`)
  }
  if (isReplaced) {
    kept = elements
    elements = []
  }
  const merged = [...kept]
  for (const item of elements) {
    if (!isJsonObject(item)) continue
    if (!Object.hasOwn(item, mergeKey)) {
      report(problem, noMergeKey(item, mergeKey))
      continue
    }
    const index = indexWithKey(merged, mergeKey, item[mergeKey])
    const found = merged[index]
    if (isJsonObject(found)) merged[index] = mergeObjects(found, item, elementType, options, problem)
    else merged.push(item)
  }
  return {
    ordered: orderElements(merged, elements, kept, mergeKey, 'map', problem),
    // Go appends in place where deleted elements left room, so as many new elements take part in the order.
    serverOrder: isReplaced ? original : merged.slice(0, original.length),
  }
}

const mergeLists = (
  original: readonly Json[],
  patch: readonly Json[],
  meta: FieldMeta,
  isDeleteList: boolean,
  options: MergeOptions,
  problem: Problem,
): MergedList => {
  if (meta.strategy !== 'merge' && !isDeleteList) return { ordered: patch, serverOrder: original }
  if (original.length === 0 && patch.length === 0) return { ordered: original, serverOrder: original }
  const kind = elementKindOf([original, patch], problem)
  if (kind === 'map') return mergeObjectLists(original, patch, meta, options, problem)
  if (options.mergeParallelList && isDeleteList) return { ordered: original.filter((item) => !patch.includes(item)), serverOrder: original }
  return {
    ordered: orderElements(withoutDuplicates([...original, ...patch]), patch, original, meta.mergeKey, kind, problem),
    serverOrder: original,
  }
}

/** Carries out `$setElementOrder/…` together with the list it belongs to, and takes both out of the patch. Follows mergePatchIntoOriginal. */
const applyElementOrders = (
  original: MutableObject,
  patch: MutableObject,
  typeName: string | undefined,
  options: MergeOptions,
  problem: Problem,
): void => {
  for (const [key, order] of Object.entries(patch)) {
    if (!key.startsWith(setElementOrderPrefix) || order === undefined) continue
    if (!options.mergeParallelList) {
      const already = fieldOf(original, key)
      if (already === undefined) original[key] = order
      else if (!deepEqual(already, order)) report(problem, badFormatForSetElementOrder)
    }
    delete patch[key]
    const field = keyAfterPrefix(key, setElementOrderPrefix, badFormatForSetElementOrder, problem)
    const originalList = fieldOf(original, field)
    const patchList = fieldOf(patch, field)
    if (!isJsonList(order)) {
      report(problem, badType('list', order))
      continue
    }
    if ((originalList !== undefined && !isJsonList(originalList)) || (patchList !== undefined && !isJsonList(patchList))) {
      report(problem, badType('list', isJsonList(originalList) || originalList === undefined ? patchList : originalList))
      continue
    }
    const meta = fieldMetaOf(typeName, field)
    checkPatchOrder(patchList ?? [], order, meta.mergeKey, problem)
    let merged: MergedList
    if (originalList === undefined && patchList === undefined) continue
    if (originalList === undefined)
      merged = { ordered: (patchList ?? []).map(withoutDirectives).filter((item) => item !== undefined), serverOrder: [] }
    else if (patchList === undefined) merged = { ordered: originalList, serverOrder: originalList }
    else merged = mergeLists(originalList, patchList, meta, false, options, problem)
    const kind = elementKindOf([originalList ?? [], patchList ?? []], problem)
    original[field] = orderElements(merged.ordered, order, merged.serverOrder, meta.mergeKey, kind, problem)
    delete patch[field]
  }
}

/** `$patch`, `$retainKeys`, `$setElementOrder/…`, `$deleteFromPrimitiveList/…` */
const hasDirectives = (patch: JsonObject): boolean => {
  for (const key in patch) if (key.startsWith('$')) return true
  return false
}

const areSameItems = (left: readonly Json[], right: readonly Json[]): boolean => {
  if (left.length !== right.length) return false
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false
  return true
}

/** Where nothing changes the answer is the original. */
export const mergeObjects = (
  original: JsonObject,
  patch: JsonObject,
  typeName: string | undefined,
  options: MergeOptions,
  problem: Problem,
): JsonObject => {
  let result: JsonObject = original
  let rest: JsonObject = patch
  const isDirected = hasDirectives(patch)
  if (isDirected) {
    const directive = fieldOf(patch, directiveMarker)
    if (directive !== undefined) {
      if (directive === 'replace') {
        const { [directiveMarker]: _directive, ...replacement } = patch
        return replacement
      }
      if (directive !== 'delete') report(problem, `unknown patch type: ${goTextOf(directive)} in map: ${goTextOf(patch)}`)
      return {}
    }
    const directed: MutableObject = growingCopy(original)
    const left: MutableObject = growingCopy(patch)
    applyRetainKeys(directed, left, options, problem)
    applyElementOrders(directed, left, typeName, options, problem)
    result = directed
    rest = left
  }
  const set = (key: string, value: Json, current: Json | undefined): void => {
    if (value === current) return
    const copy: MutableObject = result === original ? growingCopy(original) : result
    setField(copy, key, value)
    result = copy
  }
  for (const patchKey in rest) {
    const value = rest[patchKey]
    if (value === undefined) continue
    const isDeleteList = isDirected && patchKey.startsWith(deleteFromListPrefix)
    if (isDeleteList && !options.mergeParallelList) {
      set(patchKey, value, undefined)
      continue
    }
    const key = isDeleteList ? keyAfterPrefix(patchKey, deleteFromListPrefix, badFormatForPrimitiveList, problem) : patchKey
    if (value === null) {
      result = withoutField(result, key)
      if (options.ignoreUnmatchedNulls) continue
    }
    const current = fieldOf(result, key)
    if (current === undefined || kindOf(current) !== kindOf(value)) {
      if (isDeleteList) continue
      const added = withoutDirectives(options.ignoreUnmatchedNulls ? withoutNullFields(value) : value)
      if (added === undefined) result = withoutField(result, key)
      else set(key, added, current)
      continue
    }
    if (isJsonObject(current) && isJsonObject(value)) {
      const meta = fieldMetaOf(typeName, key)
      set(key, meta.strategy === 'replace' ? value : mergeObjects(current, value, meta.elementType, options, problem), current)
    } else if (isJsonList(current) && isJsonList(value)) {
      const { ordered } = mergeLists(current, value, fieldMetaOf(typeName, key), isDeleteList, options, problem)
      set(key, areSameItems(ordered, current) ? current : ordered, current)
    } else set(key, value, current)
  }
  return result
}

/** Follows interpretStrategicMergePatchError in apiserver/pkg/endpoints/handlers/patch.go. */
const statusOf = (error: string): ApiStatus => {
  if ([badFormatForPrimitiveList, badFormatForRetainKeys, badFormatForSetElementOrder].includes(error)) return badRequest(error)
  if (error === noListOfLists)
    return { reason: 'Invalid', code: 422, message: 'the server rejected our request due to an error in our request' }
  return { reason: 'InternalError', code: 500, message: error }
}

/** The patched object, or the API server's refusal. `typeName` as in typeNameOfKind. */
export const applyStrategicMerge = (typeName: string, original: JsonObject, patch: Json): E.Either<ApiStatus, JsonObject> => {
  if (!isJsonObject(patch))
    return E.left(badRequest(`json: cannot unmarshal ${goKindOf(patch)} into Go value of type map[string]interface {}`))
  const problem: Problem = { first: undefined }
  const merged = mergeObjects(original, patch, typeName, { mergeParallelList: true, ignoreUnmatchedNulls: true }, problem)
  return problem.first === undefined ? E.right(merged) : E.left(statusOf(problem.first))
}
