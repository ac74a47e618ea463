import { controllerRefOf } from '../../api/object.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController } from '../observed-change.js'

const name = 'stateful-set/touches-only-its-own-pods'

/** S6. Deletion is by name, so what counts is whom the controller saw under that name. */
export const touchesOnlyItsOwnPods: Invariant = {
  name,
  promise: 'The StatefulSet controller writes only Pods that are controlled by a StatefulSet, or by nobody when it adopts them.',
  expectation: 'always',
  concerns: ['PodDeletionRequested', 'PodChanged', 'PodReleased', 'PodAdopted'],
  check: (observation) => {
    if (!isByStatefulSetController(observation)) return undefined
    const change = changeOf(observation)
    const pod = asPod(change?.before)
    if (change === undefined || pod === undefined) return undefined
    const seen = observation.view?.get('Pod', change.namespace, change.name) ?? pod
    // What its cache shows without an owner may be what this very sync has adopted.
    const owner = controllerRefOf(seen) ?? (seen.metadata.uid === pod.metadata.uid ? controllerRefOf(pod) : undefined)
    const { kind } = observation.recorded.event
    const adopts = kind === 'PodAdopted' || observation.before === observation.after
    if (owner === undefined ? adopts : owner.kind === 'StatefulSet') return undefined
    return {
      invariant: name,
      message: `the StatefulSet controller wrote ${change.path} (${kind}), which is controlled by ${owner === undefined ? 'nobody' : `${owner.kind} ${owner.name}`}; expected only Pods of StatefulSets`,
    }
  },
}
