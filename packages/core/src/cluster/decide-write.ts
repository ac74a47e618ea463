/** The last steps of every API write: the object as it will be stored becomes the facts that say so. */
import type { KubernetesObject } from '../api/object.js'
import { keyOf } from '../api/object.js'
import type { Mutable } from '../kernel/mutable.js'
import type { JsonObject } from '../kernel/json.js'
import { differenceOf, isEmptyDifference, type ObjectDifference } from '../kernel/object-difference.js'
import { getAt } from '../kernel/persistent-map.js'
import type { ClusterEvent } from './events.js'
import { factsOfChange } from './facts-of-change.js'
import { createdKindOf, deletedKindOf, objectPath, type ObjectChanged, type ObjectCreated } from './object-events.js'
import { asNewObject, modelsFor, receivedObject, statusKeyOf, statusPointer, templateKeyOf, type ClusterState } from './state.js'
import type { SimTime } from '../kernel/sim-time.js'

// Stored objects are plain JSON; their types only say which (the casts in this file).
export const asJson = (object: object): JsonObject => object as unknown as JsonObject
export const asStored = (object: object): KubernetesObject => object as unknown as KubernetesObject

export const pathOf = (object: KubernetesObject): string => objectPath(object.kind, object.metadata.namespace ?? '', object.metadata.name)

export const withResourceVersion = (object: KubernetesObject, rv: number): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(rv) },
})

/** A difference of more places than this is not worth it: the whole object is told, and those that follow are compared with it. */
const placesMax = 16

/** The fact of a creation; `object` has everything but its resourceVersion. `sent`: what was asked for, if somebody outside did. */
export const creationOf = (state: ClusterState, object: KubernetesObject, rv: number, now: SimTime, sent?: object): ClusterEvent => {
  const kind = createdKindOf(object.kind)
  const path = pathOf(object)
  const received = sent === undefined ? undefined : getAt(state.likenesses, receivedObject)
  const isReceived = received !== undefined && received === sent
  const template = isReceived ? receivedObject : templateKeyOf(object)
  const prototype = isReceived ? received : getAt(modelsFor(state, template), template)
  if (prototype === undefined) return { kind, object: path, rv, manifest: object, template }
  const { uid } = object.metadata
  const { set, removed } = differenceOf(asNewObject(prototype, path, uid, now), asJson(object))
  const places = Object.keys(set).length
  if (!isReceived && template === object.kind && places + removed.length > placesMax)
    return { kind, object: path, rv, manifest: object, template }
  const event: Mutable<ObjectCreated> = { kind, object: path, rv, uid }
  if (!isReceived) event.template = template
  if (places > 0) event.set = set
  if (removed.length > 0) event.removed = removed
  return event
}

const isEmptyRecord = (record: object): boolean => {
  for (const _key in record) return false
  return true
}

/**
 * How a Pod differs from what it was, if its whole status is new: its first status is that of the other Pods of its template but for names
 * and times.
 */
const differenceFromLike = (before: KubernetesObject, after: KubernetesObject, state: ClusterState): ObjectDifference | undefined => {
  const statusKey = statusKeyOf(before)
  const status = statusKey === undefined ? undefined : getAt(state.likenesses, statusKey)
  return status === undefined ? undefined : differenceOf({ ...asJson(before), status }, asJson(after))
}

/** The facts of a change, none if nothing changed (Kubernetes then writes nothing either). */
export const changesOf = (before: KubernetesObject, after: KubernetesObject, rv: number, state: ClusterState): readonly ClusterEvent[] => {
  const unversioned =
    before.metadata.resourceVersion === after.metadata.resourceVersion
      ? after
      : withResourceVersion(after, Number(before.metadata.resourceVersion))
  const plain = differenceOf(asJson(before), asJson(unversioned))
  if (isEmptyDifference(plain)) return []
  const object = pathOf(before)
  const like = plain.set[statusPointer] !== undefined ? differenceFromLike(before, unversioned, state) : undefined
  const { set, removed } = like ?? plain
  return factsOfChange(before, after).map((kind, index) => {
    const event: Mutable<ObjectChanged> = { kind, object, rv }
    if (index > 0) return event
    if (like !== undefined) event.like = 'status'
    if (!isEmptyRecord(set)) event.set = set
    if (removed.length > 0) event.removed = removed
    return event
  })
}

export const removalOf = (object: KubernetesObject, rv: number): ClusterEvent => ({
  kind: deletedKindOf(object.kind),
  object: pathOf(object),
  rv,
})

export const keyOfTarget = (target: { readonly namespace: string; readonly name: string }): string => keyOf(target.namespace, target.name)
