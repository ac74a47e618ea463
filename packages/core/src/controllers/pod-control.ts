/** How controllers make and delete Pods, and how people hear of it. Follows RealPodControl in pkg/controller/controller_utils.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { Pod } from '../api/generated/types.js'
import type { KubernetesObject } from '../api/object.js'
import type { UnstoredPod } from './pod-from-template.js'
import { create, isNamespaceTerminating, isNotFound, remove, report } from './requests.js'
import { plainError, wrapError, type Steps } from './steps.js'

/** Kubernetes makes and deletes no more Pods than this in one sync. Follows BurstReplicas in pkg/controller/replicaset/replica_set.go. */
export const burstReplicas = 500

export function* createPod(owner: KubernetesObject, pod: UnstoredPod): Steps<E.Either<ApiStatus, Pod>> {
  if (Object.keys(pod.metadata.labels ?? {}).length === 0) return E.left(plainError('unable to create pods, no labels'))
  const created = yield* create({ ...pod, kind: 'Pod' })
  if (E.isRight(created))
    yield* report(owner, { type: 'Normal', reason: 'SuccessfulCreate', message: `Created pod: ${created.right.metadata.name}` })
  else if (!isNamespaceTerminating(created.left)) {
    yield* report(owner, { type: 'Warning', reason: 'FailedCreate', message: `Error creating: ${created.left.message}` })
  }
  return created
}

/** Right with the Pod as the API left it, which may still be terminating. */
export function* deletePod(owner: KubernetesObject, pod: Pod): Steps<E.Either<ApiStatus, KubernetesObject>> {
  const deleted = yield* remove(pod)
  if (E.isRight(deleted)) {
    yield* report(owner, { type: 'Normal', reason: 'SuccessfulDelete', message: `Deleted pod: ${pod.metadata.name}` })
    return deleted
  }
  if (isNotFound(deleted)) return deleted
  yield* report(owner, { type: 'Warning', reason: 'FailedDelete', message: `Error deleting: ${deleted.left.message}` })
  return E.left(wrapError('unable to delete pods: ', deleted.left))
}
