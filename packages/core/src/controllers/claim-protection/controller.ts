/** Wiring of the claims' protection: claims that begin or end to be protected, Pods that let go of theirs. */
import { keyOf, keyOfObject } from '../../api/object.js'
import type { Pod } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { claimNamesOf } from '../../resources/pod/queries.js'
import type { Controller, Wake } from '../controller.js'
import { mayLose, needsFinalizer, planClaimProtection } from './plan.js'

const waitingClaimsOf = (pod: Pod, reader: Reader): readonly Wake[] => {
  const namespace = pod.metadata.namespace ?? ''
  return claimNamesOf(pod).flatMap((name) => {
    const claim = reader.get('PersistentVolumeClaim', namespace, name)
    return claim !== undefined && mayLose(claim) ? [{ key: keyOf(namespace, name) }] : []
  })
}

export const claimProtectionController: Controller = {
  name: 'pvc-protection-controller',
  watches: {
    PersistentVolumeClaim: ({ type, object }) =>
      type !== 'DELETED' && (mayLose(object) || needsFinalizer(object)) ? [{ key: keyOfObject(object) }] : [],
    Pod: ({ type, object }, reader) => (type === 'DELETED' ? waitingClaimsOf(object, reader) : []),
  },
  plan: planClaimProtection,
}
