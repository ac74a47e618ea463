/**
 * Order and identity in lists that strategic merge patches merge. Follows staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go
 * (normalizeSliceOrder, mergeSortedSlice and their helpers).
 */
import { isJsonObject, type Json, type JsonObject } from '../../kernel/json.js'
import { type PatchMeta, patchMetaOf } from '../generated/patch-meta.js'
import { fieldOf, goTextOf, type JsonKind, kindOf } from './json-values.js'

export const directiveMarker = '$patch'
export const retainKeysDirective = '$retainKeys'
export const deleteFromListPrefix = '$deleteFromPrimitiveList'
export const setElementOrderPrefix = '$setElementOrder'

export const badFormatForPrimitiveList = 'invalid patch format of primitive list'
export const badFormatForRetainKeys = 'invalid patch format of retainKeys'
export const badFormatForSetElementOrder = 'invalid patch format of setElementOrder list'
export const noListOfLists = 'lists of lists are not supported'

/** Where the first error is put down. Work goes on with harmless values after it; who began it looks here before using the result. */
export interface Problem {
  first: string | undefined
}

export const report = (problem: Problem, text: string): void => {
  problem.first ??= text
}

export interface FieldMeta {
  readonly strategy: '' | 'merge' | 'replace'
  readonly retainKeys: boolean
  readonly mergeKey: string
  readonly elementType: string | undefined
}

/** A type that is not known, or a map of free keys, has fields without any strategy. */
export const fieldMetaOf = (typeName: string | undefined, field: string): FieldMeta => {
  const meta: PatchMeta = typeName === undefined ? {} : patchMetaOf(typeName, field)
  const words = meta.strategy?.split(',') ?? []
  return {
    strategy: words.includes('merge') ? 'merge' : words.includes('replace') ? 'replace' : '',
    retainKeys: words.includes('retainKeys'),
    mergeKey: meta.mergeKey ?? '',
    elementType: meta.elementType,
  }
}

const goTypes: Readonly<Record<JsonKind, string>> = {
  map: 'map[string]interface {}',
  list: '[]interface {}',
  string: 'string',
  number: 'int64',
  bool: 'bool',
  nil: '%!s(<nil>)',
}

export const badType = (expected: JsonKind, actual: Json | undefined): string =>
  `expected a ${goTypes[expected]}, but received a ${goTypes[kindOf(actual)]}`

export const noMergeKey = (item: JsonObject, mergeKey: string): string =>
  `map: ${goTextOf(item)} does not contain declared merge key: ${mergeKey}`

/** The one kind of all elements. Follows sliceElementType. */
export const elementKindOf = (lists: readonly (readonly Json[])[], problem: Problem): JsonKind => {
  let kind: JsonKind | undefined
  for (const list of lists) {
    for (const item of list) {
      const next = kindOf(item)
      if (kind === undefined && next === 'list') report(problem, noListOfLists)
      if (kind !== undefined && kind !== next) report(problem, `list element types are not identical: ${goTextOf(lists)}`)
      kind ??= next
    }
  }
  if (kind === undefined) report(problem, 'no elements in any of the given slices')
  return kind ?? 'nil'
}

/** What tells elements apart: the value of the merge key, or the scalar itself. */
const identityOf = (item: Json, mergeKey: string, kind: JsonKind): Json | undefined => {
  if (kind !== 'map') return item
  return isJsonObject(item) ? fieldOf(item, mergeKey) : undefined
}

const indexOf = (list: readonly Json[], item: Json, mergeKey: string, kind: JsonKind): number => {
  const identity = identityOf(item, mergeKey, kind)
  return list.findIndex((other) => identityOf(other, mergeKey, kind) === identity)
}

export const indexWithKey = (list: readonly Json[], mergeKey: string, value: Json | undefined): number =>
  list.findIndex((item) => isJsonObject(item) && Object.hasOwn(item, mergeKey) && item[mergeKey] === value)

/** Go's insertion sort. With a comparison that is no proper order (equal elements count as less) the algorithm shows, so it is that one. */
export const insertionSorted = <T>(items: readonly T[], less: (left: T, right: T) => boolean): readonly T[] => {
  const sorted = [...items]
  for (let end = 1; end < sorted.length; end += 1) {
    for (let at = end; at > 0; at -= 1) {
      const item = sorted[at] as T // within bounds
      const before = sorted[at - 1] as T // within bounds
      if (!less(item, before)) break
      sorted[at] = before
      sorted[at - 1] = item
    }
  }
  return sorted
}

export const isDeleteElement = (item: Json): boolean => isJsonObject(item) && item[directiveMarker] === 'delete'

/** Sorted by the order list; elements to delete come last. */
export const normalizeOrder = (
  items: readonly Json[],
  order: readonly Json[],
  mergeKey: string,
  kind: JsonKind,
  problem: Problem,
): readonly Json[] => {
  if (kind === 'map') {
    for (const item of [...items, ...order]) {
      if (!isJsonObject(item)) report(problem, badType('map', item))
      else if (!Object.hasOwn(item, mergeKey)) report(problem, noMergeKey(item, mergeKey))
    }
  }
  const kept = kind === 'map' ? items.filter((item) => !isDeleteElement(item)) : items
  const deleted = kind === 'map' ? items.filter(isDeleteElement) : []
  const sorted = insertionSorted(kept, (left, right) => {
    const leftIndex = indexOf(order, left, mergeKey, kind)
    const rightIndex = leftIndex < 0 ? -1 : indexOf(order, right, mergeKey, kind)
    return leftIndex < 0 || rightIndex < 0 || leftIndex < rightIndex
  })
  return [...sorted, ...deleted]
}

/** Elements that only the server has are put between those of the patch, by the order that both have on the server. Follows mergeSortedSlice. */
const interleave = (
  serverOnly: readonly Json[],
  patched: readonly Json[],
  serverOrder: readonly Json[],
  mergeKey: string,
  kind: JsonKind,
): readonly Json[] => {
  const result: Json[] = []
  let left = 0
  let right = 0
  for (;;) {
    const server = serverOnly[left]
    const patch = patched[right]
    if (server === undefined) return [...result, ...patched.slice(right)]
    if (patch === undefined) return [...result, ...serverOnly.slice(left)]
    const serverIndex = indexOf(serverOrder, server, mergeKey, kind)
    const patchIndex = indexOf(serverOrder, patch, mergeKey, kind)
    if (serverIndex >= 0 && patchIndex >= 0 && serverIndex < patchIndex) {
      result.push(server)
      left += 1
    } else {
      result.push(patch)
      right += 1
    }
  }
}

/** Follows normalizeElementOrder, after the partition by presence in `patchOrder`. */
export const orderElements = (
  merged: readonly Json[],
  patchOrder: readonly Json[],
  serverOrder: readonly Json[],
  mergeKey: string,
  kind: JsonKind,
  problem: Problem,
): readonly Json[] => {
  const patched: Json[] = []
  const serverOnly: Json[] = []
  for (const item of merged) {
    if (mergeKey === '') (patchOrder.includes(item) ? patched : serverOnly).push(item)
    else if (!isJsonObject(item)) report(problem, badType('map', item))
    else if (!Object.hasOwn(item, mergeKey)) report(problem, noMergeKey(item, mergeKey))
    else (indexWithKey(patchOrder, mergeKey, item[mergeKey]) >= 0 ? patched : serverOnly).push(item)
  }
  return interleave(
    normalizeOrder(serverOnly, serverOrder, mergeKey, kind, problem),
    normalizeOrder(patched, patchOrder, mergeKey, kind, problem),
    serverOrder,
    mergeKey,
    kind,
  )
}

/** Later duplicates are filled from the end of the list. Follows deduplicateScalars. */
export const withoutDuplicates = (items: readonly Json[]): readonly Json[] => {
  const result = [...items]
  for (let index = 0; index < result.length - 1; index += 1) {
    for (let other = index + 1; other < result.length; other += 1) {
      if (result[index] !== result[other]) continue
      const last = result.pop()
      if (other < result.length && last !== undefined) result[other] = last
      other -= 1
    }
  }
  return result
}
