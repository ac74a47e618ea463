/** -l and --field-selector as filters over stored objects. */
import * as E from 'fp-ts/lib/Either.js'
import {
  fieldSelectorRefusal,
  matchesFieldSelector,
  matchesSelector,
  parseFieldSelector as parseFields,
  parseSelector,
  type KubernetesObject,
} from '@statefold/core'

export type Labels = Readonly<Record<string, string>>

export const parseLabelSelector = (text: string): E.Either<string, (labels: Labels) => boolean> => {
  const selector = parseSelector(text)
  return E.isLeft(selector) ? selector : E.right((labels) => matchesSelector(selector.right, labels))
}

export const parseFieldSelector = (kind: string, text: string): E.Either<string, (object: KubernetesObject) => boolean> => {
  const selector = parseFields(text)
  if (E.isLeft(selector)) return selector
  const refusal = fieldSelectorRefusal(kind, selector.right)
  return refusal === undefined ? E.right((object) => matchesFieldSelector(selector.right, object)) : E.left(refusal)
}
