/** PUT and PATCH, of objects and of their status and scale subresources. */
import * as E from 'fp-ts/lib/Either.js'
import { conflict, invalid, modifiedMessage, notFound, type ApiStatus } from '../api/api-status.js'
import { admitOnUpdate, refusalOfUpdate } from '../api/admission/admit.js'
import { withDefaults } from '../api/defaults/defaults.js'
import { prepareForUpdate } from '../api/defaults/prepare.js'
import type { Pod, PodCondition, Service } from '../api/generated/types.js'
import type { KubernetesObject, ObjectRef, UnstoredObject } from '../api/object.js'
import { isNamespaced, qualifiedKind, qualifiedResource } from '../api/resources.js'
import { podConditionOf } from '../api/pod-condition.js'
import { validateStatusUpdate, validateUpdate } from '../api/validation/validate.js'
import type { DecideContext } from '../kernel/decider.js'
import type { JsonObject } from '../kernel/json.js'
import type { Subresource } from './api-commands.js'
import type { Decision } from './decide-create.js'
import { asJson, asStored, changesOf, keyOfTarget, removalOf } from './decide-write.js'
import { allocateServiceAddresses } from './service-addresses.js'
import { readerOf, storeOf, type ClusterSettings, type ClusterState } from './state.js'
import { findObject } from './store.js'

export const findTarget = (target: ObjectRef, state: ClusterState): E.Either<ApiStatus, KubernetesObject> => {
  const key = keyOfTarget(isNamespaced(target.kind) ? target : { namespace: '', name: target.name })
  const object = findObject(storeOf(state, target.kind), key)
  return object === undefined ? E.left(notFound(qualifiedResource(target.kind), target.name)) : E.right(object)
}

/** Follows the version check of Store.Update in apiserver/pkg/registry/generic/registry/store.go: whoever names a version means that one. */
export const checkVersion = (sent: UnstoredObject, stored: KubernetesObject): E.Either<ApiStatus, undefined> => {
  const { resourceVersion } = sent.metadata ?? {}
  return resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== stored.metadata.resourceVersion
    ? E.left(conflict(qualifiedResource(stored.kind), stored.metadata.name, modifiedMessage))
    : E.right(undefined)
}

/**
 * Follows Preconditions of defaultUpdatedObjectInfo in apiserver/pkg/registry/rest/update.go: a PUT is for the object with that uid. (A patch has
 * no such precondition; a uid in it is a field that may not be changed.)
 */
const checkPreconditions = (sent: UnstoredObject, stored: KubernetesObject): E.Either<ApiStatus, undefined> => {
  const { uid } = sent.metadata ?? {}
  if (uid === undefined || uid === '' || uid === stored.metadata.uid) return checkVersion(sent, stored)
  const resource = qualifiedResource(stored.kind)
  return E.left(
    conflict(
      resource,
      stored.metadata.name,
      `StorageError: invalid object, Code: 4, Key: /registry/${resource.split('.')[0] ?? ''}/${stored.metadata.namespace === undefined ? '' : `${stored.metadata.namespace}/`}${stored.metadata.name}, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.metadata.uid}`,
    ),
  )
}

/** The whole object that a write to the scale subresource means. Follows ScaleREST.Update: only spec.replicas is written. */
const scaled = (stored: KubernetesObject, scale: JsonObject): UnstoredObject => {
  const wanted = (scale['spec'] as JsonObject | undefined)?.['replicas'] ?? 0
  const json = asJson(stored)
  return asStored({ ...json, spec: { ...(json['spec'] as JsonObject), replicas: wanted } })
}

const withProbeTime = (condition: PodCondition): PodCondition =>
  condition.lastProbeTime === undefined ? podConditionOf(condition) : condition

/** A Pod's conditions as the server writes them: `lastProbeTime` has no omitempty. */
const podAsServed = (object: UnstoredObject): UnstoredObject => {
  if (object.kind !== 'Pod') return object
  const pod = object as UnstoredObject & Pick<Pod, 'status'>
  const conditions = pod.status.conditions
  if (conditions === undefined || conditions.every(({ lastProbeTime }) => lastProbeTime !== undefined)) return object
  const served: UnstoredObject & Pick<Pod, 'status'> = { ...pod, status: { ...pod.status, conditions: conditions.map(withProbeTime) } }
  return served
}

/** `next` is the object as the caller wants it; `stored` is what is there. */
export const decideNext = (
  next: UnstoredObject,
  stored: KubernetesObject,
  subresource: Subresource | undefined,
  state: ClusterState,
  context: DecideContext,
  settings: ClusterSettings,
): E.Either<ApiStatus, Decision> => {
  const isStatus = subresource === 'status'
  const sent = isStatus ? next : admitOnUpdate(withDefaults(next, stored), { tolerationSeconds: settings.tolerationSeconds })
  const prepared = prepareForUpdate(sent, stored, isStatus ? 'status' : undefined, context.now)
  const errors = isStatus ? validateStatusUpdate(prepared, stored) : validateUpdate(prepared, stored)
  if (errors.length > 0) return E.left(invalid(qualifiedKind(stored.kind), stored.metadata.name, errors))
  const refusal = isStatus ? undefined : refusalOfUpdate(prepared, stored, { reader: readerOf(state) })
  if (refusal !== undefined) return E.left(refusal)
  const addressed =
    stored.kind === 'Service' && !isStatus
      ? allocateServiceAddresses(prepared, readerOf(state), context.choose, settings.serviceNetwork, stored as Service)
      : E.right(prepared)
  if (E.isLeft(addressed)) return addressed
  const after = asStored(isStatus ? podAsServed(addressed.right) : addressed.right)
  const rv = state.revision + 1
  const events = changesOf(stored, after, rv, state)
  if (events.length === 0) return E.right({ events, object: stored })
  // The write that takes the last finalizer away removes the object. Follows deleteWithoutFinalizers in registry/generic/registry/store.go.
  const finished =
    after.metadata.deletionTimestamp !== undefined &&
    (after.metadata.finalizers?.length ?? 0) === 0 &&
    (after.metadata.deletionGracePeriodSeconds ?? 0) === 0
  const namespaceHolds =
    after.kind === 'Namespace' &&
    (((asJson(after)['spec'] as JsonObject | undefined)?.['finalizers'] as readonly unknown[] | undefined)?.length ?? 0) > 0
  if (finished && !namespaceHolds) return E.right({ events: [removalOf(stored, rv)], object: after })
  return E.right({ events, object: after })
}

export const decideReplace = (
  sent: UnstoredObject,
  subresource: Subresource | undefined,
  state: ClusterState,
  context: DecideContext,
  settings: ClusterSettings,
): E.Either<ApiStatus, Decision> => {
  const target = { kind: sent.kind, namespace: sent.metadata?.namespace ?? '', name: sent.metadata?.name ?? '' }
  const found = findTarget(target, state)
  if (E.isLeft(found)) return found
  const stored = found.right
  const allowed = checkPreconditions(sent, stored)
  if (E.isLeft(allowed)) return allowed
  return decideNext(subresource === 'scale' ? scaled(stored, asJson(sent)) : sent, stored, subresource, state, context, settings)
}

export const decideScaleOf = scaled
