import type { Invariant } from '../invariant.js'
import { nameInSet } from '../observed-change.js'
import { deletionOf } from './observed-deletion.js'

const name = 'stateful-set/deletes-only-for-a-reason'

/** O3, in the controller's view */
export const deletesOnlyForAReason: Invariant = {
  name,
  promise: 'The controller deletes a wanted Pod only because it has ended or because its template is old, and none of a set being deleted.',
  expectation: 'always',
  concerns: ['PodDeletionRequested'],
  check: (observation) => {
    const deletion = deletionOf(observation)
    if (deletion === undefined) return undefined
    const { set, pod, reason } = deletion
    if (set.metadata.deletionTimestamp !== undefined)
      return {
        invariant: name,
        message: `${nameInSet(pod.metadata.name, set)} was deleted by the controller although the set is being deleted; expected that to be left to the garbage collector`,
      }
    if (reason !== 'none') return undefined
    return {
      invariant: name,
      message: `${nameInSet(pod.metadata.name, set)} was deleted by the controller; expected it to stay: it is in the range, ${pod.status.phase ?? 'alive'}, and at the newest revision`,
    }
  },
}
