/** Which owner a change of a Pod (or of another owned object) concerns: the one that controls it, the one that did, or all that might adopt it. */
import { controllerRefOf, keyOf, keyOfObject, type KubernetesObject } from '../api/object.js'
import type { Kind, Reader } from '../cluster/reader.js'
import type { Wake, WatchNotification } from './controller.js'

export interface Owners<T extends KubernetesObject> {
  readonly kind: Kind
  /** Those of its namespace that would adopt it. */
  readonly adopters: (owned: T, reader: Reader) => readonly KubernetesObject[]
  /** A change that the owner need not hear of. */
  readonly isIrrelevant?: (owned: T, old: T) => boolean
}

// Follows addPod, updatePod, deletePod and resolveControllerRef in pkg/controller/replicaset/replica_set.go; those of Jobs and DaemonSets are alike.
export const wakesOfOwned =
  <T extends KubernetesObject>({ kind, adopters, isIrrelevant }: Owners<T>) =>
  ({ type, object, old }: WatchNotification<T>, reader: Reader): readonly Wake[] => {
    const owner = keyOfOwner(kind, object, reader)
    if (type === 'DELETED') return owner
    const mayBeAdopted = controllerRefOf(object) === undefined && object.metadata.deletionTimestamp === undefined
    if (type === 'ADDED') return mayBeAdopted ? wakesFor(adopters(object, reader)) : owner
    const hasNewOwner = controllerRefOf(object)?.uid !== controllerRefOf(old)?.uid
    const formerOwner = hasNewOwner ? keyOfOwner(kind, old, reader) : []
    if (controllerRefOf(object) !== undefined) {
      if (!hasNewOwner && isIrrelevant?.(object, old) === true) return []
      return [...formerOwner, ...owner]
    }
    const mayHaveBecomeAdoptable = mayBeAdopted && (hasNewOwner || object.metadata.labels !== old.metadata.labels)
    return mayHaveBecomeAdoptable ? [...formerOwner, ...wakesFor(adopters(object, reader))] : formerOwner
  }

const keyOfOwner = (kind: Kind, owned: KubernetesObject, reader: Reader): readonly Wake[] => {
  const reference = controllerRefOf(owned)
  if (reference?.kind !== kind) return []
  const namespace = owned.metadata.namespace ?? ''
  return reader.getAny(kind, namespace, reference.name)?.metadata.uid === reference.uid ? [{ key: keyOf(namespace, reference.name) }] : []
}

const wakesFor = (owners: readonly KubernetesObject[]): readonly Wake[] => owners.map((owner) => ({ key: keyOfObject(owner) }))
