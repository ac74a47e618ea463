import { isAvailable, isTerminating, ordinalOf } from '../../resources/pod/queries.js'
import { cachesAreFresh } from '../fresh-caches.js'
import type { Invariant } from '../invariant.js'
import { isWanted, nameInSet, newestRevisionOf, revisionLabelOf } from '../observed-change.js'
import { deletionOf, isMember, nowOf } from './observed-deletion.js'

const name = 'stateful-set/updates-from-the-highest-ordinal'

/** U1, in the controller's view. (With maxUnavailable and Parallel, Pods that are broken anyway may go in any order.) */
export const updatesFromTheHighestOrdinal: Invariant = {
  name,
  promise: 'A rolling update deletes an available Pod only when no available Pod above it still has an old template.',
  expectation: 'always',
  concerns: ['PodDeletionRequested'],
  check: (observation) => {
    const deletion = deletionOf(observation)
    if (deletion?.reason !== 'update') return undefined
    const { set, pod, ordinal, view, before, at } = deletion
    const minReadySeconds = set.spec.minReadySeconds ?? 0
    if (!isAvailable(pod, minReadySeconds, at) || !cachesAreFresh(before, observation.recorded.actor, view)) return undefined
    const newest = newestRevisionOf(set, before)
    // What is cheap to ask comes first: of most Pods nothing more is asked.
    const skipped = view
      .ownedBy('Pod', set.metadata.uid)
      .find(
        (other) =>
          revisionLabelOf(other) !== newest &&
          ordinalOf(other) > ordinal &&
          isWanted(set, ordinalOf(other)) &&
          isAvailable(other, minReadySeconds, at) &&
          isMember(other, deletion) &&
          !isTerminating(nowOf(other, before, view)),
      )
    if (skipped === undefined) return undefined
    return {
      invariant: name,
      message: `${nameInSet(pod.metadata.name, set)} was deleted for the update before ${skipped.metadata.name}; expected the highest ordinal first`,
    }
  },
}
