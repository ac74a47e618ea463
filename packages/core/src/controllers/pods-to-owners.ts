/** Which owner a change of a Pod concerns: the one that controls it, the one that did, or all that might adopt it. */
import type { Pod } from '../api/generated/types.js'
import { controllerRefOf, keyOf, keyOfObject, type KubernetesObject } from '../api/object.js'
import type { Kind, Reader } from '../cluster/reader.js'
import type { Wake, WatchNotification } from './controller.js'

export interface PodOwners {
  readonly kind: Kind
  /** Those of the Pod's namespace that would adopt it. */
  readonly adopters: (pod: Pod, reader: Reader) => readonly KubernetesObject[]
  /** A change that the owner need not hear of. */
  readonly isIrrelevant?: (pod: Pod, old: Pod) => boolean
}

// Follows addPod, updatePod, deletePod and resolveControllerRef in pkg/controller/replicaset/replica_set.go; those of Jobs and DaemonSets are alike.
export const wakesOfPod =
  ({ kind, adopters, isIrrelevant }: PodOwners) =>
  ({ type, object: pod, old }: WatchNotification<Pod>, reader: Reader): readonly Wake[] => {
    const owner = keyOfOwner(kind, pod, reader)
    if (type === 'DELETED') return owner
    const mayBeAdopted = controllerRefOf(pod) === undefined && pod.metadata.deletionTimestamp === undefined
    if (type === 'ADDED') return mayBeAdopted ? wakesFor(adopters(pod, reader)) : owner
    const hasNewOwner = controllerRefOf(pod)?.uid !== controllerRefOf(old)?.uid
    const formerOwner = hasNewOwner ? keyOfOwner(kind, old, reader) : []
    if (controllerRefOf(pod) !== undefined) {
      if (!hasNewOwner && isIrrelevant?.(pod, old) === true) return []
      return [...formerOwner, ...owner]
    }
    const mayHaveBecomeAdoptable = mayBeAdopted && (hasNewOwner || pod.metadata.labels !== old.metadata.labels)
    return mayHaveBecomeAdoptable ? [...formerOwner, ...wakesFor(adopters(pod, reader))] : formerOwner
  }

const keyOfOwner = (kind: Kind, pod: Pod, reader: Reader): readonly Wake[] => {
  const reference = controllerRefOf(pod)
  if (reference?.kind !== kind) return []
  const namespace = pod.metadata.namespace ?? ''
  return reader.get(kind, namespace, reference.name)?.metadata.uid === reference.uid ? [{ key: keyOf(namespace, reference.name) }] : []
}

const wakesFor = (owners: readonly KubernetesObject[]): readonly Wake[] => owners.map((owner) => ({ key: keyOfObject(owner) }))
