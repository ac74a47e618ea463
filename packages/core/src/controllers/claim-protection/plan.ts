/** Keeps a claim that is being deleted until no Pod on any node uses it. Follows pkg/controller/volume/pvcprotection/pvc_protection_controller.go. */
import type { PersistentVolumeClaim, Pod } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import type { Plan, PlanContext } from '../controller.js'
import { replace, isNotFound } from '../requests.js'
import * as E from 'fp-ts/lib/Either.js'

const claimProtection = 'kubernetes.io/pvc-protection'

/** A Pod that has a node, in whatever phase: a finished one still counts, one that waits for a node does not. Follows podUsesPVC. */
const holdsClaims = (pod: Pod): boolean => (pod.spec.nodeName ?? '') !== ''

export const needsFinalizer = ({ metadata }: PersistentVolumeClaim): boolean =>
  metadata.deletionTimestamp === undefined && metadata.finalizers?.includes(claimProtection) !== true

export const mayLose = ({ metadata }: PersistentVolumeClaim): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(claimProtection) === true

export function* planClaimProtection({ key, reader }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const claim = reader.get('PersistentVolumeClaim', namespace, name)
  if (claim === undefined) return {}
  const { finalizers = [] } = claim.metadata
  let next: readonly string[]
  if (mayLose(claim)) {
    const users = reader.podsWithClaim(namespace, name).filter(holdsClaims)
    if (users.length > 0) {
      const names = users.map((pod) => pod.metadata.name).join(', ')
      return { waitingFor: [{ kind: 'ClaimInUse', on: name, because: `used by ${names}` }] }
    }
    next = finalizers.filter((finalizer) => finalizer !== claimProtection)
  } else if (needsFinalizer(claim)) next = [...finalizers, claimProtection]
  else return {}
  const written = yield* replace<'PersistentVolumeClaim'>({ ...claim, metadata: { ...claim.metadata, finalizers: next } })
  return E.isLeft(written) && !isNotFound(written) ? { error: written.left } : {}
}
