/**
 * Creating, repairing and deleting one Pod of a StatefulSet, each with its claims and its Events.
 * Follows pkg/controller/statefulset/stateful_pod_control.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Pod } from '../../api/generated/types.js'
import { refOf } from '../../api/object.js'
import type { UnstoredPod } from '../pod-from-template.js'
import { refusalOf, type Steps } from '../steps.js'
import { claimTemplatesOf, identityMatches, identityOf, storageMatches, withIdentity, withStorage, type PodIdentity } from './identity.js'
import { memberOf } from './member.js'
import { claimsMatchRetentionPolicy, createPersistentVolumeClaims, updatePodClaimForRetentionPolicy } from './plan-claims.js'
import { namespaceOf, podEvent, type Sync } from './sync.js'

const updateAttemptsMax = 4

/**
 * Claims first, then the Pod, then the claims' owners. A name that is taken gives no Event; an error at the claims' owners hides what became of
 * the Pod (then there is no SuccessfulCreate). Follows CreateStatefulPod.
 */
export function* createStatefulPod(sync: Sync, identity: PodIdentity, pod: UnstoredPod): Steps<ApiStatus | undefined> {
  const hasClaims = claimTemplatesOf(sync.set).length > 0
  const claimError = hasClaims ? yield* createPersistentVolumeClaims(sync, identity) : undefined
  if (claimError !== undefined) {
    yield podEvent(sync.set, 'Create', identity.name, claimError)
    return claimError
  }
  const answer = yield { kind: 'CreateObject', object: pod }
  if (E.isRight(answer)) sync.noteWrite(answer.right)
  else if (answer.left.reason === 'AlreadyExists') return answer.left
  const ownerError = hasClaims ? yield* updatePodClaimForRetentionPolicy(sync, identity) : undefined
  if (ownerError !== undefined) {
    yield podEvent(sync.set, 'Update', identity.name, ownerError)
    return ownerError
  }
  const error = refusalOf(answer)
  yield podEvent(sync.set, 'Create', identity.name, error)
  return error
}

/**
 * Puts identity, storage and the claims' owners right. A change of the claims' owners alone sends the Pod too, unchanged, and tells of it.
 * Follows UpdateStatefulPod.
 *
 * Differs from Kubernetes: there a conflict is tried again after a sleep, by when the cache has mostly caught up. A plan cannot sleep: when the
 * cache still shows the same Pod, the sync fails and the work queue's back-off is the sleep; FailedUpdate is told when that went on as long.
 */
export function* updateStatefulPod(sync: Sync, found: Pod): Steps<ApiStatus | undefined> {
  const { set, context } = sync
  let pod = found
  for (let attempt = 1; ; attempt += 1) {
    let isDirty = false
    if (!identityMatches(set, pod)) {
      pod = withIdentity(set, pod)
      isDirty = true
    }
    const identity = identityOf(pod)
    if (!storageMatches(set, pod)) {
      pod = withStorage(set, pod)
      isDirty = true
      const claimError = yield* createPersistentVolumeClaims(sync, identity)
      if (claimError !== undefined) {
        yield podEvent(set, 'Update', identity.name, claimError)
        return claimError
      }
    }
    if (!claimsMatchRetentionPolicy(sync, identity, memberOf(set, pod).claimNames)) {
      const ownerError = yield* updatePodClaimForRetentionPolicy(sync, identity)
      if (ownerError !== undefined) {
        yield podEvent(set, 'Update', identity.name, ownerError)
        return ownerError
      }
      isDirty = true
    }
    if (!isDirty) return undefined
    const answer = yield { kind: 'ReplaceObject', object: pod }
    if (E.isRight(answer)) {
      sync.noteWrite(answer.right)
      yield podEvent(set, 'Update', identity.name, undefined)
      return undefined
    }
    const cached = context.reader.get('Pod', namespaceOf(set), identity.name)
    const hasMoved = cached !== undefined && cached.metadata.resourceVersion !== pod.metadata.resourceVersion
    if (answer.left.reason === 'Conflict' && attempt < updateAttemptsMax) {
      if (hasMoved) {
        pod = cached
        continue
      }
      if (context.failures + 1 < updateAttemptsMax) return answer.left
    }
    yield podEvent(set, 'Update', identity.name, answer.left)
    return answer.left
  }
}

/**
 * Deletes by name, without asking which incarnation it is: from a stale cache, a newer Pod of that name may be hit. What is gone already is
 * fine. Follows DeleteStatefulPod and DeletePod.
 */
export function* deleteStatefulPod(sync: Sync, pod: Pod): Steps<ApiStatus | undefined> {
  const refusal = refusalOf(yield { kind: 'DeleteObject', target: refOf(pod), options: {} })
  const error = refusal?.reason === 'NotFound' ? undefined : refusal
  yield podEvent(sync.set, 'Delete', pod.metadata.name, error)
  return error
}
