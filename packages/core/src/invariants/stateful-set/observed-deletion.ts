/** A deletion by the StatefulSet controller, with all that the invariants about deletions ask of it. */
import type { Pod, StatefulSet } from '../../api/generated/types.js'
import { controllerRefOf, keyOf } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { ClusterState } from '../../cluster/state.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { isTerminal, ordinalOf } from '../../resources/pod/queries.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Observation } from '../invariant.js'
import {
  asPod,
  carriesWrite,
  changeOf,
  isByStatefulSetController,
  isWanted,
  newestRevisionOf,
  revisionLabelOf,
  setOf,
  startOf,
} from '../observed-change.js'
import { isLetGo } from '../own-writes.js'

export interface ObservedDeletion {
  readonly set: StatefulSet
  /** As the controller saw it. */
  readonly pod: Pod
  readonly ordinal: number
  /** From the first ordinal: what a partition counts. */
  readonly slot: number
  readonly view: Reader
  readonly before: ClusterState
  readonly at: number
  readonly reason: 'finished' | 'condemned' | 'update' | 'none'
}

let lastObservation: Observation | undefined
let lastDeletion: ObservedDeletion | undefined

/** Undefined when somebody else deleted the Pod, or when the controller did not know it. */
export const deletionOf = (observation: Observation): ObservedDeletion | undefined => {
  if (observation === lastObservation) return lastDeletion
  lastObservation = observation
  lastDeletion = look(observation)
  return lastDeletion
}

const look = (observation: Observation): ObservedDeletion | undefined => {
  const { view, before, recorded } = observation
  if (view === undefined || !isByStatefulSetController(observation) || !carriesWrite(observation)) return undefined
  const change = changeOf(observation)
  const stored = asPod(change?.before)
  if (change === undefined || stored === undefined) return undefined
  const pod = view.get('Pod', change.namespace, change.name)
  const set = pod === undefined ? undefined : setOf(pod, view)
  if (pod === undefined || set === undefined) return undefined
  const ordinal = ordinalOf(pod)
  const base = { set, pod, ordinal, slot: ordinal - startOf(set), view, before, at: recorded.at }
  if (!isWanted(set, ordinal)) return { ...base, reason: 'condemned' }
  if (isTerminal(pod)) return { ...base, reason: 'finished' }
  // A late cache may not show the newest revision: what is the newest in it may be an old one.
  if (!cachesAreFresh(before, recorded.actor, view)) return { ...base, reason: 'update' }
  return { ...base, reason: revisionLabelOf(pod) === newestRevisionOf(set, before) ? 'none' : 'update' }
}

/** Whether the set controls the Pod, as its cache shows it, whatever its ordinal; those that this sync has let go are not members any more. */
export const isMember = (pod: Pod, { set, before }: ObservedDeletion): boolean =>
  controllerRefOf(pod)?.uid === set.metadata.uid && !isLetGo(pod, set, before)

/**
 * The Pod as this very sync has left it: its own deletions included. With a cache that lags, what is stored may as well be somebody else's doing
 * that the sync could not know of; then it is as the cache shows it.
 */
export const nowOf = (pod: Pod, state: ClusterState, view: Reader): Pod =>
  !cachesAreFresh(state, 'statefulset-controller', view)
    ? pod
    : (asPod(findObject(storeOf(state, 'Pod'), keyOf(pod.metadata.namespace ?? '', pod.metadata.name))) ?? pod)
