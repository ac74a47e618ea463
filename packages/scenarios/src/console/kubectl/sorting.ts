/** --sort-by. Follows isLess, SortObjects and TableSorter in kubectl/pkg/cmd/get/sorter.go. */
import * as E from 'fp-ts/lib/Either.js'
import { compareQuantities, parseQuantity, type Json, type KubernetesObject } from '@statefold/core'
import { fail } from './errors.js'
import { findByJsonPath, parseJsonPath, relaxedJsonPath } from './json-path.js'

const compareFields = (left: Json | undefined, right: Json | undefined): number => {
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') {
    const [a, b] = [parseQuantity(left), parseQuantity(right)]
    if (E.isRight(a) && E.isRight(b)) return compareQuantities(a.right, b.right)
    return left < right ? -1 : left > right ? 1 : 0
  }
  return 0
}

export const sortedBy = (field: string, objects: readonly KubernetesObject[]): readonly KubernetesObject[] => {
  const path = relaxedJsonPath(field)
  if (E.isLeft(path)) return fail(path.left)
  const template = parseJsonPath(path.right)
  if (E.isLeft(template)) return fail(template.left)
  const keyed = objects.map((object) => {
    // A stored object is JSON.
    const found = findByJsonPath(template.right, object as unknown as Json, true)
    return { object, key: E.isRight(found) ? found.right[0]?.[0] : undefined }
  })
  if (objects.length > 0 && keyed.every(({ key }) => key === undefined))
    return fail(`couldn't find any field with path ${JSON.stringify(path.right)} in the list of objects`)
  return keyed
    .map((entry, index) => ({ ...entry, index }))
    .sort((a, b) => compareFields(a.key, b.key) || a.index - b.index)
    .map(({ object }) => object)
}
