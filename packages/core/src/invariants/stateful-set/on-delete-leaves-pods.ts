import type { Invariant } from '../invariant.js'
import { nameInSet } from '../observed-change.js'
import { deletionOf } from './observed-deletion.js'

const name = 'stateful-set/on-delete-leaves-pods'

/** U4 */
export const onDeleteLeavesPods: Invariant = {
  name,
  promise: 'With the strategy OnDelete the controller deletes no Pod because its template is old.',
  expectation: 'always',
  concerns: ['PodDeletionRequested'],
  check: (observation) => {
    const deletion = deletionOf(observation)
    if (deletion?.reason !== 'update' || deletion.set.spec.updateStrategy?.type !== 'OnDelete') return undefined
    return {
      invariant: name,
      message: `${nameInSet(deletion.pod.metadata.name, deletion.set)} was deleted for an update; expected it to keep its template until somebody deletes it (OnDelete)`,
    }
  },
}
