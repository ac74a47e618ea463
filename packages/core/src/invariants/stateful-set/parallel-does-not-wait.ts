import { keyOf, splitKey } from '../../api/object.js'
import { lateInformersOf } from '../../cluster/late-informers.js'
import { storeOf } from '../../cluster/state.js'
import { findObject } from '../../cluster/store.js'
import { getAt } from '../../kernel/persistent-map.js'
import { emptyQueue, entryOf } from '../../kernel/work-queue.js'
import { noEventAlone } from '../by-turn.js'
import type { Invariant } from '../invariant.js'
import { asStatefulSet, isOrdered, nameInSet, replicasOf, startOf } from '../observed-change.js'

const name = 'stateful-set/parallel-does-not-wait'
const controller = 'statefulset-controller'

/** O5, where nothing went wrong and what the sync saw is what is stored: it leaves no wanted Pod for later. */
export const parallelDoesNotWait: Invariant = {
  name,
  promise: 'With Parallel one sync creates all the Pods that are missing; no Pod waits for another one.',
  expectation: 'always',
  ...noEventAlone,
  checkTurn: ({ before, after, item, events }) => {
    // (A delay that is over may only put the key in the row.)
    if (item?.work.kind !== 'ready' || item.work.controller !== controller) return undefined
    const { key } = item.work
    const { namespace, name: setName } = splitKey(key)
    const set = asStatefulSet(findObject(storeOf(before.cluster, 'StatefulSet'), key))
    if (set === undefined || isOrdered(set) || set.metadata.deletionTimestamp !== undefined) return undefined
    // Nothing is missing: the count is judged elsewhere.
    if (asStatefulSet(findObject(storeOf(after.cluster, 'StatefulSet'), key))?.status.replicas === replicasOf(set)) return undefined
    const pods = storeOf(after.cluster, 'Pod')
    const queue = getAt(after.queues, controller) ?? emptyQueue
    if (lateInformersOf(before.informers).ofController(controller).length > 0) return undefined
    if (getAt(after.cluster.stopped, controller) === true) return undefined
    if (
      (entryOf(queue, key).failures ?? 0) > 0 ||
      events.some(({ event }) => event.kind === 'CommandRejected' || event.kind === 'ApiFaultStruck')
    )
      return undefined
    const waiting = getAt(after.cluster.waiting, `${controller} ${key}`) ?? []
    for (let ordinal = startOf(set); ordinal < startOf(set) + replicasOf(set); ordinal += 1) {
      const podName = `${setName}-${ordinal}`
      // One that the sync has removed itself is made again by the next.
      if (
        findObject(pods, keyOf(namespace, podName)) !== undefined ||
        findObject(storeOf(before.cluster, 'Pod'), keyOf(namespace, podName)) !== undefined ||
        waiting.some(({ kind, on }) => kind === 'ClaimStale' && on === keyOf(namespace, podName))
      )
        continue
      return {
        invariant: name,
        message: `a sync of ${nameInSet(podName, set)} has not created it; expected Parallel to create every missing Pod at once`,
      }
    }
    return undefined
  },
}
