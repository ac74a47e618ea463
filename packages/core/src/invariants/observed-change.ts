/** What an event did to the object that it is about: both versions, looked up once for all invariants that ask. */
import type { ControllerRevision, Pod, StatefulSet } from '../api/generated/types.js'
import { controllerRefOf, keyOf, type KubernetesObject } from '../api/object.js'
import type { ClusterEvent } from '../cluster/events.js'
import { splitObjectPath } from '../cluster/object-events.js'
import type { Reader } from '../cluster/reader.js'
import { lastWrite } from '../cluster/reduce.js'
import { statusPointer, storeOf, type ClusterState } from '../cluster/state.js'
import { findObject, objectsOwnedBy } from '../cluster/store.js'
import type { Observation, ObservedChange } from './invariant.js'

/** Undefined for events that are not about a stored object. */
export const changeOf = (observation: Observation): ObservedChange | undefined => {
  if (observation.change !== undefined) return observation.change
  const { event } = observation.recorded
  return 'object' in event ? observedChange(event.object, observation.before, observation.after) : undefined
}

export const observedChange = (path: string, before: ClusterState, after: ClusterState): ObservedChange => {
  const { kind, namespace, name, key } = splitObjectPath(path)
  const write = lastWrite(path, before.stores, after.stores)
  if (write !== undefined) return { path, kind, namespace, name, before: write.before, after: write.after }
  return { path, kind, namespace, name, before: findObject(storeOf(before, kind), key), after: findObject(storeOf(after, kind), key) }
}

/** Pointers that a change sets or removes, of the first fact of a write; a further fact has none. */
export const touchedBy = ({ recorded: { event } }: Observation): readonly string[] => {
  const set = 'set' in event && event.set !== undefined ? Object.keys(event.set) : none
  const removed = 'removed' in event && event.removed !== undefined ? event.removed : none
  // The status is new as a whole, however few places tell it from the one it is like.
  if (isLikeAnother(event)) return [statusPointer, ...set, ...removed]
  return removed.length === 0 ? set : [...set, ...removed]
}
const isLikeAnother = (event: ClusterEvent): boolean => 'like' in event && event.like !== undefined
const none: readonly string[] = []

/** A fact that carries a write, or the write's only one. */
export const carriesWrite = ({ recorded: { event } }: Observation): boolean =>
  ('set' in event && event.set !== undefined) || ('removed' in event && event.removed !== undefined) || isLikeAnother(event)

const statefulSetController = 'statefulset-controller'
export const isByStatefulSetController = ({ recorded }: Observation): boolean => recorded.actor === statefulSetController

// A store holds objects of its kind only; the kind was compared.
export const asPod = (object: KubernetesObject | undefined): Pod | undefined =>
  object?.kind === 'Pod' ? (object as KubernetesObject as Pod) : undefined
export const asStatefulSet = (object: KubernetesObject | undefined): StatefulSet | undefined =>
  object?.kind === 'StatefulSet' ? (object as KubernetesObject as StatefulSet) : undefined

/** The very set that controls the Pod, as a reader shows it. */
export const setOf = (pod: Pod, reader: Pick<Reader, 'get'>): StatefulSet | undefined => {
  const owner = controllerRefOf(pod)
  if (owner?.kind !== 'StatefulSet') return undefined
  const set = reader.get('StatefulSet', pod.metadata.namespace ?? '', owner.name)
  return set?.metadata.uid === owner.uid ? set : undefined
}

/** The same, in the store. */
export const storedSetOf = (pod: Pod, state: ClusterState): StatefulSet | undefined => {
  const owner = controllerRefOf(pod)
  if (owner?.kind !== 'StatefulSet') return undefined
  const set = asStatefulSet(findObject(storeOf(state, 'StatefulSet'), keyOf(pod.metadata.namespace ?? '', owner.name)))
  return set?.metadata.uid === owner.uid ? set : undefined
}

const revisionsOf = (set: StatefulSet, state: ClusterState): readonly ControllerRevision[] =>
  // The store of ControllerRevisions.
  objectsOwnedBy(storeOf(state, 'ControllerRevision'), set.metadata.uid) as readonly KubernetesObject[] as readonly ControllerRevision[]

/** By number, then age, then name: with a late cache two may have got one number. Follows byRevision in controller_history.go. */
const isNewer = (left: ControllerRevision, right: ControllerRevision): boolean => {
  if (left.revision !== right.revision) return left.revision > right.revision
  const [older, newer] = [right.metadata.creationTimestamp, left.metadata.creationTimestamp]
  return older === newer ? left.metadata.name > right.metadata.name : newer > older
}

/** The newest revision of the set, which is that of its template once the controller has seen it. */
export const newestRevisionOf = (set: StatefulSet, state: ClusterState): string => {
  let newest: ControllerRevision | undefined
  for (const revision of revisionsOf(set, state)) if (newest === undefined || isNewer(revision, newest)) newest = revision
  return newest?.metadata.name ?? ''
}

export const replicasOf = (set: StatefulSet): number => set.spec.replicas ?? 1
export const startOf = (set: StatefulSet): number => set.spec.ordinals?.start ?? 0
export const isWanted = (set: StatefulSet, ordinal: number): boolean => ordinal >= startOf(set) && ordinal < startOf(set) + replicasOf(set)
export const isOrdered = (set: StatefulSet): boolean => set.spec.podManagementPolicy !== 'Parallel'
export const partitionOf = (set: StatefulSet): number => set.spec.updateStrategy?.rollingUpdate?.partition ?? 0
export const revisionLabelOf = (pod: Pod): string => pod.metadata.labels?.['controller-revision-hash'] ?? ''

/** `web-2 of StatefulSet default/web` */
export const nameInSet = (podName: string, set: StatefulSet): string =>
  `${podName} of StatefulSet ${keyOf(set.metadata.namespace ?? '', set.metadata.name)}`
