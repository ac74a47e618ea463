import { ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, isWanted, nameInSet, replicasOf, setOf, startOf } from '../observed-change.js'

const name = 'stateful-set/creates-only-wanted-ordinals'

/** S4 and O4, in the controller's view */
export const createsOnlyWantedOrdinals: Invariant = {
  name,
  promise: 'The controller creates Pods in the range of ordinals only, and none for a set that is being deleted.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: (observation) => {
    if (observation.view === undefined || !isByStatefulSetController(observation)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    const set = pod === undefined ? undefined : setOf(pod, observation.view)
    if (pod === undefined || set === undefined) return undefined
    if (set.metadata.deletionTimestamp !== undefined)
      return {
        invariant: name,
        message: `${nameInSet(pod.metadata.name, set)} was created although the set is being deleted; expected no Pod write for such a set`,
      }
    if (isWanted(set, ordinalOf(pod))) return undefined
    const start = startOf(set)
    return {
      invariant: name,
      message: `${nameInSet(pod.metadata.name, set)} was created; expected ordinals ${start} to ${start + replicasOf(set) - 1} only (${replicasOf(set)} replicas)`,
    }
  },
}
