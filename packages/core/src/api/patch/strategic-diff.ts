/**
 * Makes strategic merge patches, as kubectl does for apply, edit and set. Follows CreateTwoWayMergePatch, CreateThreeWayMergePatch and
 * diffMaps in staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go, with the directives for element order and kept keys.
 */
import * as E from 'fp-ts/lib/Either.js'
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { deepEqual } from '../../kernel/object-difference.js'
import { fieldOf, goTextOf, isJsonList, kindOf, type MutableObject, setField } from './json-values.js'
import {
  badType,
  deleteFromListPrefix,
  directiveMarker,
  elementKindOf,
  type FieldMeta,
  fieldMetaOf,
  insertionSorted,
  noMergeKey,
  normalizeOrder,
  type Problem,
  report,
  retainKeysDirective,
  setElementOrderPrefix,
  withoutDuplicates,
} from './strategic-lists.js'
import { mergeObjects } from './strategic-merge.js'

interface DiffOptions {
  readonly ignoreChangesAndAdditions: boolean
  readonly ignoreDeletions: boolean
  readonly buildRetainKeys: boolean
}

const isNotAfter = (left: string, right: string): boolean => left <= right

/** By their text, as Go sorts values of mixed types: 10080 before 80. */
const sortedScalars = (items: readonly Json[]): readonly Json[] =>
  insertionSorted(items, (left, right) => isNotAfter(goTextOf(left), goTextOf(right)))

const diffScalarLists = (
  original: readonly Json[],
  modified: readonly Json[],
  options: DiffOptions,
): { readonly added: readonly Json[]; readonly deleted: readonly Json[] } => {
  const before = sortedScalars(original)
  const after = sortedScalars(modified)
  const added: Json[] = []
  const deleted: Json[] = []
  let left = 0
  let right = 0
  for (;;) {
    const old = before[left]
    const next = after[right]
    if (old === undefined && next === undefined) return { added, deleted: withoutDuplicates(deleted) }
    const oldText = goTextOf(old)
    const nextText = goTextOf(next)
    if (old !== undefined && next !== undefined && oldText === nextText) {
      left += 1
      right += 1
    } else if (next !== undefined && (old === undefined || oldText > nextText)) {
      if (!options.ignoreChangesAndAdditions) added.push(next)
      right += 1
    } else if (old !== undefined) {
      if (!options.ignoreDeletions) deleted.push(old)
      left += 1
    }
  }
}

/** Pairs of merge key and element, sorted by the text of the key. */
const sortedByMergeKey = (
  list: readonly Json[],
  mergeKey: string,
  problem: Problem,
): readonly { readonly key: Json; readonly text: string; readonly element: JsonObject }[] => {
  const keyed: { key: Json; text: string; element: JsonObject }[] = []
  for (const element of list) {
    if (!isJsonObject(element)) {
      report(problem, badType('map', element))
      continue
    }
    const key = fieldOf(element, mergeKey)
    if (key === undefined) report(problem, noMergeKey(element, mergeKey))
    else keyed.push({ key, text: goTextOf(key), element })
  }
  return insertionSorted(keyed, (left, right) => isNotAfter(left.text, right.text))
}

const diffObjectLists = (
  original: readonly Json[],
  modified: readonly Json[],
  { mergeKey, elementType }: FieldMeta,
  options: DiffOptions,
  problem: Problem,
): { readonly changed: readonly Json[]; readonly deleted: readonly Json[] } => {
  const before = sortedByMergeKey(original, mergeKey, problem)
  const after = sortedByMergeKey(modified, mergeKey, problem)
  const changed: Json[] = []
  const deleted: Json[] = []
  let left = 0
  let right = 0
  for (;;) {
    const old = before[left]
    const next = after[right]
    if (old === undefined && next === undefined) return { changed, deleted }
    if (old !== undefined && next !== undefined && old.text === next.text) {
      const patch = diffObjects(old.element, next.element, elementType, options, problem)
      if (Object.keys(patch).length > 0) changed.push({ ...patch, [mergeKey]: next.key })
      left += 1
      right += 1
    } else if (next !== undefined && (old === undefined || old.text > next.text)) {
      if (!options.ignoreChangesAndAdditions) changed.push(next.element)
      right += 1
    } else if (old !== undefined) {
      if (!options.ignoreDeletions) deleted.push({ [mergeKey]: old.key, [directiveMarker]: 'delete' })
      left += 1
    }
  }
}

const isSameOrder = (original: readonly Json[], modified: readonly Json[], mergeKey: string): boolean =>
  original.length === modified.length &&
  modified.every((item, index) => {
    const old = original[index]
    return isJsonObject(item) && isJsonObject(old) && item[mergeKey] === old[mergeKey]
  })

interface ListDiff {
  readonly patch: readonly Json[]
  readonly deleted: readonly Json[]
  readonly order: readonly Json[]
}

const diffLists = (
  original: readonly Json[],
  modified: readonly Json[],
  meta: FieldMeta,
  options: DiffOptions,
  problem: Problem,
): ListDiff => {
  if (original.length === 0) return { patch: options.ignoreChangesAndAdditions ? [] : modified, deleted: [], order: [] }
  const kind = elementKindOf([original, modified], problem)
  if (kind === 'map') {
    if (meta.mergeKey === '') report(problem, `cannot merge lists without merge key for ${meta.elementType ?? 'unknown type'}`)
    const { changed, deleted } = diffObjectLists(original, modified, meta, options, problem)
    const patch = [...normalizeOrder(changed, modified, meta.mergeKey, kind, problem), ...deleted]
    const isOrdered =
      (!options.ignoreChangesAndAdditions && (patch.length > 0 || !isSameOrder(original, modified, meta.mergeKey))) ||
      (!options.ignoreDeletions && patch.length > 0)
    const order = isOrdered ? modified.map((item) => ({ [meta.mergeKey]: isJsonObject(item) ? item[meta.mergeKey] : undefined })) : []
    return { patch, deleted: [], order }
  }
  const { added, deleted } = diffScalarLists(original, modified, options)
  // Kubernetes sorts the original in place before it compares the two, so an unsorted list counts as reordered.
  const isOrdered =
    (!options.ignoreDeletions && deleted.length > 0) ||
    (!options.ignoreChangesAndAdditions && !deepEqual(sortedScalars(original), modified))
  return { patch: normalizeOrder(added, modified, meta.mergeKey, kind, problem), deleted, order: isOrdered ? modified : [] }
}

const diffObjects = (
  original: JsonObject,
  modified: JsonObject,
  typeName: string | undefined,
  options: DiffOptions,
  problem: Problem,
): JsonObject => {
  const patch: MutableObject = {}
  const change = (key: string, value: Json): void => {
    if (!options.ignoreChangesAndAdditions) setField(patch, key, value)
  }
  const keysToRetain: string[] = []
  for (const [key, value] of Object.entries(modified)) {
    if (value === undefined) continue
    if (options.buildRetainKeys && value !== null) keysToRetain.push(key)
    const old = fieldOf(original, key)
    if (old === undefined) change(key, value)
    else if (key === directiveMarker) {
      if (typeof old !== 'string' || typeof value !== 'string') report(problem, `invalid value for special key: ${directiveMarker}`)
      else if (old !== value) patch[key] = value
    } else if (kindOf(old) !== kindOf(value)) change(key, value)
    else if (isJsonObject(old) && isJsonObject(value)) {
      const meta = fieldMetaOf(typeName, key)
      if (meta.strategy === 'replace') change(key, value)
      else {
        const inner = diffObjects(old, value, meta.elementType, { ...options, buildRetainKeys: meta.retainKeys }, problem)
        if (Object.keys(inner).length > 0) setField(patch, key, inner)
      }
    } else if (isJsonList(old) && isJsonList(value)) {
      const meta = fieldMetaOf(typeName, key)
      if (meta.strategy !== 'merge') {
        if (!deepEqual(old, value)) change(key, value)
      } else {
        const list = diffLists(old, value, meta, { ...options, buildRetainKeys: meta.retainKeys }, problem)
        if (list.patch.length > 0) setField(patch, key, list.patch)
        if (list.deleted.length > 0) patch[`${deleteFromListPrefix}/${key}`] = list.deleted
        if (list.order.length > 0) patch[`${setElementOrderPrefix}/${key}`] = list.order
      }
    } else if (old !== value) change(key, value)
  }
  const isMissing = (key: string): boolean => fieldOf(modified, key) === undefined
  if (!options.ignoreDeletions)
    for (const key of Object.keys(original)) if (original[key] !== undefined && isMissing(key)) setField(patch, key, null)
  const hasMore = Object.keys(original).some((key) => original[key] !== undefined && original[key] !== null && isMissing(key))
  if (keysToRetain.length > 0 && (Object.keys(patch).length > 0 || hasMore)) patch[retainKeysDirective] = sortedScalars(keysToRetain)
  return patch
}

const everythingCounts: DiffOptions = { ignoreChangesAndAdditions: false, ignoreDeletions: false, buildRetainKeys: false }

/** The patch that leads from one object to the other; the left side is the error text. `typeName` as in typeNameOfKind. */
export const twoWayStrategicPatch = (typeName: string, original: JsonObject, modified: JsonObject): E.Either<string, JsonObject> => {
  const problem: Problem = { first: undefined }
  const patch = diffObjects(original, modified, typeName, everythingCounts, problem)
  return problem.first === undefined ? E.right(patch) : E.left(problem.first)
}

/**
 * What kubectl apply sends: additions and changes from the live object to the manifest, and deletions from the last applied manifest to
 * this one. What others have set on the live object, and neither manifest names, stays.
 */
export const threeWayStrategicPatch = (
  typeName: string,
  original: JsonObject,
  modified: JsonObject,
  current: JsonObject,
): E.Either<string, JsonObject> => {
  const problem: Problem = { first: undefined }
  const additions = diffObjects(current, modified, typeName, { ...everythingCounts, ignoreDeletions: true }, problem)
  const deletions = diffObjects(original, modified, typeName, { ...everythingCounts, ignoreChangesAndAdditions: true }, problem)
  const patch = mergeObjects(deletions, additions, typeName, { mergeParallelList: false, ignoreUnmatchedNulls: false }, problem)
  return problem.first === undefined ? E.right(patch) : E.left(problem.first)
}
