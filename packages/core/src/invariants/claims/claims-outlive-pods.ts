import type { Invariant } from '../invariant.js'
import { changeOf, isByStatefulSetController } from '../observed-change.js'

const name = 'claims/claims-outlive-pods'

/** P1 */
export const claimsOutlivePods: Invariant = {
  name,
  promise: 'The StatefulSet controller deletes no claim, and the garbage collector only one that says whom it goes with.',
  expectation: 'always',
  concerns: ['ClaimDeletionRequested', 'ClaimDeleted'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.before === undefined) return undefined
    if (isByStatefulSetController(observation))
      return { invariant: name, message: `the StatefulSet controller deleted ${change.path}; expected it never to delete claims` }
    const { actor } = observation.recorded
    if (actor !== 'garbage-collector-controller' || observation.before === observation.after) return undefined
    const { ownerReferences, deletionTimestamp } = change.before.metadata
    if (deletionTimestamp !== undefined || (ownerReferences ?? []).length > 0) return undefined
    return {
      invariant: name,
      message: `the garbage collector deleted ${change.path}, which nobody owns; expected it to stay (persistentVolumeClaimRetentionPolicy Retain)`,
    }
  },
}
