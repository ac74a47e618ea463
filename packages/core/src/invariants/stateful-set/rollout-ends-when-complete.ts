import { controllerRefOf, keyOf } from '../../api/object.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { asStatefulSet, changeOf, isByStatefulSetController, nameInSet, replicasOf } from '../observed-change.js'

const name = 'stateful-set/rollout-ends-when-complete'

/** U7. Follows completeRollingUpdate in stateful_set_utils.go; a current revision that was deleted is replaced by the newest without that. */
export const rolloutEndsWhenComplete: Invariant = {
  name,
  promise: 'The update revision becomes the current one only when all wanted Pods are updated and Ready and no other is left.',
  expectation: 'always',
  concerns: ['StatefulSetRolloutCompleted'],
  check: (observation) => {
    // A late cache may show a revision as current that is the newest by now, or one of an earlier set.
    if (!isByStatefulSetController(observation) || !cachesAreFresh(observation.before, observation.recorded.actor, observation.view))
      return undefined
    const change = changeOf(observation)
    const [before, set] = [asStatefulSet(change?.before), asStatefulSet(change?.after)]
    if (before === undefined || set === undefined) return undefined
    const key = keyOf(set.metadata.namespace ?? '', before.status.currentRevision ?? '')
    const current = findObject(storeOf(observation.before, 'ControllerRevision'), key)
    // One of the set that had this name before is used while it lasts, and is not among the set's own.
    if (current === undefined || controllerRefOf(current)?.uid !== set.metadata.uid) return undefined
    if (observation.view?.get('ControllerRevision', set.metadata.namespace ?? '', before.status.currentRevision ?? '') === undefined)
      return undefined
    const { replicas, readyReplicas = 0, updatedReplicas = 0, currentRevision, updateRevision } = set.status
    const wanted = replicasOf(set)
    if (currentRevision === updateRevision && replicas === wanted && readyReplicas === wanted && updatedReplicas === wanted)
      return undefined
    return {
      invariant: name,
      message: `${nameInSet('the rollout', set)} ended with ${updatedReplicas} updated, ${readyReplicas} ready and ${replicas} Pods in all; expected ${wanted} of each`,
    }
  },
}
