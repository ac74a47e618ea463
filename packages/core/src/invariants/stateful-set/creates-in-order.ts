import { ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, isOrdered, nameInSet, setOf } from '../observed-change.js'
import { firstBlockage } from './first-blockage.js'

const name = 'stateful-set/creates-in-order'

/** O1, in the controller's view: from a stale cache it may well be wrong of the cluster. */
export const createsInOrder: Invariant = {
  name,
  promise: 'With OrderedReady a Pod is created only when all Pods before it are Running, Ready, available and not terminating.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: (observation) => {
    const { view, recorded } = observation
    if (view === undefined || !isByStatefulSetController(observation)) return undefined
    const pod = asPod(changeOf(observation)?.after)
    const set = pod === undefined ? undefined : setOf(pod, view)
    if (pod === undefined || set === undefined || !isOrdered(set)) return undefined
    const blockage = firstBlockage(set, ordinalOf(pod), view, observation.before, recorded.at)
    if (blockage === undefined) return undefined
    return {
      invariant: name,
      message: `${nameInSet(pod.metadata.name, set)} was created while ${set.metadata.name}-${blockage.ordinal} ${blockage.why} in the controller's view; expected OrderedReady to wait`,
    }
  },
}
