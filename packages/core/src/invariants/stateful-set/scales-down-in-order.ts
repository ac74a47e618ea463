import { isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { isOrdered, nameInSet, replicasOf, startOf } from '../observed-change.js'
import { firstBlockage } from './first-blockage.js'
import { deletionOf, isMember, nowOf } from './observed-deletion.js'

const name = 'stateful-set/scales-down-in-order'

/** O2, in the controller's view */
export const scalesDownInOrder: Invariant = {
  name,
  promise: 'With OrderedReady a scale-down deletes the highest ordinal, one at a time, and only while all wanted Pods are available.',
  expectation: 'always',
  concerns: ['PodDeletionRequested'],
  check: (observation) => {
    const deletion = deletionOf(observation)
    if (deletion === undefined || deletion.reason !== 'condemned' || !isOrdered(deletion.set)) return undefined
    const { set, pod, ordinal, view, at, before } = deletion
    const what = nameInSet(pod.metadata.name, set)
    const start = startOf(set)
    const blockage = firstBlockage(set, start + replicasOf(set), view, before, at)
    if (blockage !== undefined)
      return {
        invariant: name,
        message: `${what} was deleted by the scale-down while ${set.metadata.name}-${blockage.ordinal} ${blockage.why} in the controller's view; expected it to wait`,
      }
    for (const other of view.ownedBy('Pod', set.metadata.uid)) {
      const place = ordinalOf(other)
      if (place < start + replicasOf(set) || other.metadata.name === pod.metadata.name || !isMember(other, deletion)) continue
      if (place > ordinal)
        return {
          invariant: name,
          message: `${what} was deleted by the scale-down while ${other.metadata.name} still existed in the controller's view; expected the highest ordinal first`,
        }
      if (isTerminating(nowOf(other, before, view)) && !isTerminating(other))
        return {
          invariant: name,
          message: `${what} was deleted in the same sync as ${other.metadata.name}; expected one at a time`,
        }
    }
    return undefined
  },
}
