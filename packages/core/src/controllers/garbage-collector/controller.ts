/** Wiring of the garbage collector: every object that has owners, loses one, or is deleted with finalizers of the collector wakes a key. */
import { keyOf, type KubernetesObject } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Controller, Wake, Watches, WatchNotification } from '../controller.js'
import { collectedKinds, dependentsOf, isDeletingDependents, isOrphaning, keyOfGoneOwner, keyOfRef } from './dependents.js'
import { planGarbageCollection } from './plan.js'

/** An owner that the graph does not know is asked for live: the recordings show what that takes. */
const lookUpMs = 14

// Follows processGraphChanges in pkg/controller/garbagecollector/graph_builder.go: what changed in the graph decides who is looked at.
const wakesOf = ({ type, object, old }: WatchNotification, reader: Reader): readonly Wake[] => {
  if (type === 'DELETED') {
    const orphans = dependentsOf(object.metadata, reader).length === 0 ? [] : [{ key: keyOfGoneOwner(object) }]
    return [...orphans, ...waitingOwners(object, reader)]
  }
  const sameOwners = object.metadata.ownerReferences === old?.metadata.ownerReferences
  if (sameOwners && !isUnderWay(object)) return none
  const wakes: Wake[] = []
  if (!sameOwners) {
    if (hasUnknownOwner(object, reader)) wakes.push({ key: keyOfRef(object), afterMs: lookUpMs })
    // An owner that waited for this one may be free now.
    if (old !== undefined) wakes.push(...waitingOwners(old, reader))
  }
  if (isUnderWay(object) && (old === undefined || !isUnderWay(old))) wakes.push({ key: keyOfRef(object) })
  return wakes
}

const none: readonly Wake[] = []

/** Its deletion waits for the collector. */
const isUnderWay = (object: KubernetesObject): boolean =>
  object.metadata.deletionTimestamp !== undefined && (isDeletingDependents(object) || isOrphaning(object))

// An owner that the graph does not know is looked up; one that it knows is heard of when it goes.
const hasUnknownOwner = ({ metadata: { namespace = '', ownerReferences = [] } }: KubernetesObject, reader: Reader): boolean =>
  ownerReferences.some(
    ({ kind, name, uid }) => (reader.getAny(kind, namespace, name) ?? reader.getAny(kind, '', name))?.metadata.uid !== uid,
  )

/** The owners that are only there until their dependents are gone. */
const waitingOwners = ({ metadata: { namespace = '', ownerReferences = [] } }: KubernetesObject, reader: Reader): readonly Wake[] =>
  ownerReferences.flatMap(({ kind, name, uid }) => {
    const owner = reader.getAny(kind, namespace, name) ?? reader.getAny(kind, '', name)
    return owner !== undefined && owner.metadata.uid === uid && isDeletingDependents(owner)
      ? [{ key: `${kind}:${keyOf(owner.metadata.namespace ?? '', name)}` }]
      : []
  })

export const garbageCollectorController: Controller = {
  name: 'garbage-collector-controller',
  // An owner's dependents are put into the queue, each for one of twenty workers.
  handsOutWritesInMs: 3,
  // The same function for every kind; the record's values differ only in the type of the object.
  watches: Object.fromEntries(collectedKinds.map((kind) => [kind, wakesOf])) as Watches,
  plan: planGarbageCollection,
}
