import { selectorMatches } from '../../api/label-selector.js'
import { controllerRefOf } from '../../api/object.js'
import { isAvailable, isNamedAfter, isRunningAndReady, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asStatefulSet, changeOf, isByStatefulSetController, isWanted, revisionLabelOf } from '../observed-change.js'

const name = 'status/stateful-set-counts-its-pods'

/** Sets larger than this are counted in one status write of many: so that about as many Pods are looked at in each, on the average. */
const countedAlways = 50
const countedOnTheAverage = 10

/** T3. Follows computeReplicaStatus: what the sync created is not counted yet, what it deleted still is. Adoptions are left out of the account. */
export const statefulSetCountsItsPods: Invariant = {
  name,
  promise: 'The counts in the status of a StatefulSet are those of the Pods that the controller saw.',
  expectation: 'always',
  concerns: ['StatefulSetStatusChanged', 'StatefulSetRolloutCompleted'],
  check: (observation) => {
    const { view, recorded } = observation
    if (view === undefined || !isByStatefulSetController(observation)) return undefined
    const change = changeOf(observation)
    const set = asStatefulSet(change?.after)
    if (set === undefined || change === undefined) return undefined
    const { replicas, readyReplicas = 0, availableReplicas = 0, updatedReplicas = 0, updateRevision = '' } = set.status
    if (replicas > countedAlways && (Math.imul(recorded.seq, 0x9e3779b1) >>> 0) % replicas >= countedOnTheAverage) return undefined
    // The sync counted for the set that it saw.
    const seen = view.get('StatefulSet', change.namespace, change.name)
    if (seen === undefined || seen.metadata.uid !== set.metadata.uid) return undefined
    if (
      view
        .ownedBy('Pod', '')
        .some(({ metadata: { namespace, labels } }) => namespace === change.namespace && selectorMatches(seen.spec.selector, labels))
    )
      return undefined
    const minReadySeconds = seen.spec.minReadySeconds ?? 0
    let [all, ready, available, updated] = [0, 0, 0, 0]
    for (const pod of view.ownedBy('Pod', set.metadata.uid)) {
      if (controllerRefOf(pod)?.uid !== set.metadata.uid || !isNamedAfter(pod, set.metadata.name)) continue
      if (!selectorMatches(seen.spec.selector, pod.metadata.labels)) return undefined
      const ordinal = ordinalOf(pod)
      if (ordinal < 0) continue
      // Of two Pods with one number only one is counted.
      if (isWanted(seen, ordinal) && pod.metadata.name !== `${set.metadata.name}-${ordinal}`) return undefined
      all += 1
      if (isRunningAndReady(pod)) {
        ready += 1
        if (isAvailable(pod, minReadySeconds, recorded.at)) available += 1
      }
      if (!isTerminating(pod) && revisionLabelOf(pod) === updateRevision) updated += 1
    }
    if (all === replicas && ready === readyReplicas && available === availableReplicas && updated === updatedReplicas) return undefined
    return {
      invariant: name,
      message: `${change.path} says ${replicas} replicas, ${readyReplicas} ready, ${availableReplicas} available, ${updatedReplicas} updated; expected ${all}, ${ready}, ${available}, ${updated}: those of the Pods that the controller saw`,
    }
  },
}
