import { storeOf } from '../../cluster/state.js'
import { podsWithClaim } from '../../cluster/store.js'
import type { Invariant } from '../invariant.js'
import { asPod, changeOf } from '../observed-change.js'
import { cachesAreFresh } from '../fresh-caches.js'

const name = 'claims/claims-in-use-stay'

/** P4: what makes a Pod that returns find its own claim. Class F: from a stale cache the protection may end too early. */
export const claimsInUseStay: Invariant = {
  name,
  promise: 'A claim is not removed while a Pod on a node uses it.',
  expectation: 'always',
  concerns: ['ClaimDeleted'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change === undefined || !cachesAreFresh(observation.before, 'pvc-protection-controller', observation.view)) return undefined
    // Finalizers taken off by hand protect nobody.
    if (observation.recorded.actor !== 'pvc-protection-controller') return undefined
    const user = podsWithClaim(storeOf(observation.before, 'Pod'), change.namespace, change.name).find(
      (pod) => (asPod(pod)?.spec.nodeName ?? '') !== '',
    )
    if (user === undefined) return undefined
    return {
      invariant: name,
      message: `claim ${change.name} was removed while ${user.metadata.name} on ${asPod(user)?.spec.nodeName ?? ''} uses it; expected the finalizer kubernetes.io/pvc-protection to hold it`,
    }
  },
}
