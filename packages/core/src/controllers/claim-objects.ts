/**
 * Which objects belong to a controller's object: those it owns and that still match stay, those that no longer match are released, orphans
 * that match are adopted. Nothing is adopted before the owner was read live, once a sync, and found alive with the same uid.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import { controllerRefOf, refOf, type KubernetesObject } from '../api/object.js'
import { asJson } from '../cluster/decide-write.js'
import { deepEqual } from '../kernel/object-difference.js'
import { newControllerRef } from './pod-from-template.js'
import { aggregateErrors, plainError, refusalOf, type Steps } from './steps.js'

export interface ClaimRequest<T extends KubernetesObject> {
  readonly owner: KubernetesObject
  /** Objects of the owner's namespace that it controls, and those that nobody controls. */
  readonly candidates: readonly T[]
  readonly matches: (candidate: T) => boolean
  /** Added to what is adopted (Jobs). */
  readonly finalizers?: readonly string[]
}

export interface Claimed<T> {
  readonly claimed: readonly T[]
  /** All failures of single objects; when there is one, the sync must not go on. */
  readonly error: ApiStatus | undefined
}

const isGone = (error: ApiStatus): boolean => error.reason === 'NotFound'

/**
 * The check before an adoption: is the owner that we know from the cache still the one that is stored, and not being deleted?
 * Follows RecheckDeletionTimestamp in pkg/controller/controller_ref_manager.go and the callers' canAdoptFunc.
 */
export function* recheckOwner(owner: KubernetesObject): Steps<ApiStatus | undefined> {
  const { name, namespace = '', uid } = owner.metadata
  const answer = yield { kind: 'GetObject', target: refOf(owner) }
  if (E.isLeft(answer)) return answer.left
  const fresh = answer.right.metadata
  if (fresh.uid !== uid) return plainError(`original ${owner.kind} ${namespace}/${name} is gone: got uid ${fresh.uid}, wanted ${uid}`)
  if (fresh.deletionTimestamp !== undefined) return plainError(`${namespace}/${name} has just been deleted at ${fresh.deletionTimestamp}`)
  return undefined
}

// Follows ClaimObject and ClaimPods in pkg/controller/controller_ref_manager.go.
export function* claimObjects<T extends KubernetesObject>({ owner, candidates, matches, finalizers }: ClaimRequest<T>): Steps<Claimed<T>> {
  const claimed: T[] = []
  const errors: ApiStatus[] = []
  const ownerIsTerminating = owner.metadata.deletionTimestamp !== undefined
  let checked: { readonly error: ApiStatus | undefined } | undefined
  for (const candidate of candidates) {
    const controller = controllerRefOf(candidate)
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue
      if (matches(candidate)) claimed.push(candidate)
      else if (!ownerIsTerminating) {
        const error = yield* release(owner, candidate)
        if (error !== undefined) errors.push(error)
      }
      continue
    }
    if (ownerIsTerminating || candidate.metadata.deletionTimestamp !== undefined || !matches(candidate)) continue
    if (candidate.metadata.namespace !== owner.metadata.namespace) continue
    checked ??= { error: yield* recheckOwner(owner) }
    const { name, namespace = '', uid } = candidate.metadata
    if (checked.error !== undefined) {
      errors.push(plainError(`can't adopt ${candidate.kind} ${namespace}/${name} (${uid}): ${checked.error.message}`))
      continue
    }
    const adopted = yield* adopt(owner, candidate, finalizers)
    if (E.isRight(adopted)) claimed.push(asFarAsKnown(candidate, adopted.right))
    else if (!isGone(adopted.left)) errors.push(adopted.left)
  }
  return { claimed, error: aggregateErrors(errors) }
}

type WithStatus = KubernetesObject & { readonly status?: object }

/**
 * Differs from Kubernetes: there the sync goes on with the object as it is cached, and a write that conflicts is tried again when the cache has heard of
 * the adoption. A plan's cache stands still, so it goes on with the answer, unless that shows that the object has come further than the cache knows.
 */
const asFarAsKnown = <T extends KubernetesObject>(cached: T, answered: T): T => {
  // Of the kinds that are adopted all have a status.
  const [known, fresh] = [(cached as WithStatus).status, (answered as WithStatus).status]
  return known === fresh || (known !== undefined && fresh !== undefined && deepEqual(asJson(known), asJson(fresh))) ? answered : cached
}

/**
 * Makes the owner the controller. The uid in the patch guards against another object of the same name.
 * Follows AdoptPod and ownerRefControllerPatch in pkg/controller/controller_ref_manager.go.
 */
export function* adopt<T extends KubernetesObject>(
  owner: KubernetesObject,
  orphan: T,
  finalizers?: readonly string[],
): Steps<E.Either<ApiStatus, T>> {
  const { apiVersion, kind, name, uid, controller, blockOwnerDeletion } = newControllerRef(owner)
  const answer = yield {
    kind: 'PatchObject',
    target: refOf(orphan),
    patchType: 'strategic',
    patch: {
      metadata: {
        ownerReferences: [
          { apiVersion, kind, name, uid, controller: controller === true, blockOwnerDeletion: blockOwnerDeletion === true },
        ],
        uid: orphan.metadata.uid,
        ...(finalizers === undefined ? undefined : { finalizers }),
      },
    },
  }
  // The API answers with an object of the kind that was patched.
  return answer as E.Either<ApiStatus, T>
}

/** Takes our reference away. What is gone, or belongs to others by now, needs no release. Follows ReleasePod in the same file. */
function* release(owner: KubernetesObject, owned: KubernetesObject): Steps<ApiStatus | undefined> {
  const answer = yield {
    kind: 'PatchObject',
    target: refOf(owned),
    patchType: 'strategic',
    patch: { metadata: { ownerReferences: [{ $patch: 'delete', uid: owner.metadata.uid }], uid: owned.metadata.uid } },
  }
  const refusal = refusalOf(answer)
  if (refusal === undefined || isGone(refusal) || refusal.reason === 'Invalid') return undefined
  return refusal
}
