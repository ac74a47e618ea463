/** The last steps of every API write: the object as it will be stored becomes the facts that say so. */
import type { KubernetesObject } from '../api/object.js'
import { controllerRefOf, keyOf } from '../api/object.js'
import type { JsonObject } from '../kernel/json.js'
import { differenceOf, isEmptyDifference } from '../kernel/object-difference.js'
import { getAt } from '../kernel/persistent-map.js'
import type { ClusterEvent } from './events.js'
import { factsOfChange } from './facts-of-change.js'
import { nounOf, objectPath, type CreatedKind, type DeletedKind } from './object-events.js'
import type { ClusterState } from './state.js'

// Stored objects are plain JSON; their types only say which (the casts in this file).
export const asJson = (object: object): JsonObject => object as unknown as JsonObject
export const asStored = (object: object): KubernetesObject => object as unknown as KubernetesObject

export const pathOf = (object: KubernetesObject): string => objectPath(object.kind, object.metadata.namespace ?? '', object.metadata.name)

export const withResourceVersion = (object: KubernetesObject, rv: number): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(rv) },
})

/** Which Pods are alike: those of one owner and one template. */
const templateKeyOf = (object: KubernetesObject): string | undefined => {
  if (object.kind !== 'Pod') return undefined
  const owner = controllerRefOf(object)
  const labels = object.metadata.labels
  const hash = labels?.['controller-revision-hash'] ?? labels?.['pod-template-hash']
  return owner === undefined || hash === undefined ? undefined : `${owner.uid}/${hash}`
}

/** The fact of a creation; `object` has everything but its resourceVersion. */
export const creationOf = (state: ClusterState, object: KubernetesObject, rv: number): ClusterEvent => {
  const kind = `${nounOf(object.kind)}Created` as CreatedKind
  const path = pathOf(object)
  const template = templateKeyOf(object)
  if (template === undefined) return { kind, object: path, rv, manifest: object }
  const prototype = getAt(state.prototypes, template)
  if (prototype === undefined) return { kind, object: path, rv, manifest: object, template }
  const { set, removed } = differenceOf(prototype, asJson(object))
  return { kind, object: path, rv, template, set, ...(removed.length > 0 ? { removed } : undefined) }
}

/** The facts of a change, none if nothing changed (Kubernetes then writes nothing either). */
export const changesOf = (before: KubernetesObject, after: KubernetesObject, rv: number): readonly ClusterEvent[] => {
  const unversioned =
    before.metadata.resourceVersion === after.metadata.resourceVersion
      ? after
      : withResourceVersion(after, Number(before.metadata.resourceVersion))
  const { set, removed } = differenceOf(asJson(before), asJson(unversioned))
  if (isEmptyDifference({ set, removed })) return []
  const object = pathOf(before)
  return factsOfChange(before, after).map((kind, index) =>
    index === 0 ? { kind, object, rv, set, ...(removed.length > 0 ? { removed } : undefined) } : { kind, object, rv },
  )
}

export const removalOf = (object: KubernetesObject, rv: number): ClusterEvent => ({
  kind: `${nounOf(object.kind)}Deleted` as DeletedKind,
  object: pathOf(object),
  rv,
})

export const keyOfTarget = (target: { readonly namespace: string; readonly name: string }): string => keyOf(target.namespace, target.name)
