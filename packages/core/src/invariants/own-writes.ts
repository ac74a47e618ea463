/** What a sync has done to a Pod since it looked: its caches do not show that yet, but it knows. */
import type { Pod, StatefulSet } from '../api/generated/types.js'
import { selectorMatches } from '../api/label-selector.js'
import { controllerRefOf, keyOf } from '../api/object.js'
import { storeOf, type ClusterState } from '../cluster/state.js'
import { findObject } from '../cluster/store.js'
import { asPod } from './observed-change.js'

const storedVersionOf = (pod: Pod, state: ClusterState): Pod | undefined => {
  const stored = asPod(findObject(storeOf(state, 'Pod'), keyOf(pod.metadata.namespace ?? '', pod.metadata.name)))
  return stored?.metadata.uid === pod.metadata.uid ? stored : undefined
}

/** The set does not control it any more, or will not: what does not match its selector is released, or gone already. */
export const isLetGo = (pod: Pod, set: StatefulSet, state: ClusterState): boolean => {
  if (!selectorMatches(set.spec.selector, pod.metadata.labels)) return true
  const stored = storedVersionOf(pod, state)
  return stored !== undefined && controllerRefOf(stored)?.uid !== set.metadata.uid
}

/** The set has adopted it. */
export const isTakenIn = (pod: Pod, set: StatefulSet, state: ClusterState): boolean => {
  const stored = storedVersionOf(pod, state)
  return stored !== undefined && controllerRefOf(pod) === undefined && controllerRefOf(stored)?.uid === set.metadata.uid
}
