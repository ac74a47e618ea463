import { availableAt, isRunningAndReady, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import type { Pod, StatefulSet } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import type { ClusterState } from '../../cluster/state.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf, isByStatefulSetController, isOrdered, nameInSet, setOf, startOf } from '../observed-change.js'
import { isTakenIn } from '../own-writes.js'

const name = 'stateful-set/creates-in-order'

/** Why the Pod of that ordinal holds up those that come after it; undefined if it does not. */
export const blockageOf = (pod: Pod | undefined, set: StatefulSet, now: number): string | undefined => {
  if (pod === undefined) return 'does not exist'
  if (isTerminating(pod)) return 'is terminating'
  if (!isRunningAndReady(pod)) return `is ${pod.status.phase ?? 'without a phase'} and not Ready`
  const minReadySeconds = set.spec.minReadySeconds ?? 0
  if (minReadySeconds === 0) return undefined
  const available = availableAt(pod, minReadySeconds)
  return available !== undefined && available <= now ? undefined : `is not Ready for ${minReadySeconds} s yet`
}

/** As the view shows it; a Pod that nobody controls there may be one that this very sync has adopted. */
export const memberAt = (set: StatefulSet, ordinal: number, view: Reader, before: ClusterState): Pod | undefined => {
  const pod = view.get('Pod', set.metadata.namespace ?? '', `${set.metadata.name}-${ordinal}`)
  return pod === undefined || (setOf(pod, view) === undefined && !isTakenIn(pod, set, before)) ? undefined : pod
}

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
    for (let ordinal = startOf(set); ordinal < ordinalOf(pod); ordinal += 1) {
      const blockage = blockageOf(memberAt(set, ordinal, view, observation.before), set, recorded.at)
      if (blockage === undefined) continue
      return {
        invariant: name,
        message: `${nameInSet(pod.metadata.name, set)} was created while ${set.metadata.name}-${ordinal} ${blockage} in the controller's view; expected OrderedReady to wait`,
      }
    }
    return undefined
  },
}
