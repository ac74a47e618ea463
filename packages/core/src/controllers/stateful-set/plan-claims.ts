/**
 * Claims and who owns them: every Pod's claims are made before the Pod; the retention policy decides by ownerReferences what the garbage
 * collector takes away later. The controller itself never deletes a claim.
 * Follows pkg/controller/statefulset/stateful_pod_control.go and stateful_set_utils.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { OwnerReference, PersistentVolumeClaim, StatefulSet } from '../../api/generated/types.js'
import { newControllerRef } from '../pod-from-template.js'
import { aggregateErrors, plainError, wrapError, type Steps } from '../steps.js'
import { claimNameOf, claimTemplatesOf, isInOrdinalRange, newClaim, type PodIdentity } from './identity.js'
import { claimCreationEvent, namespaceOf, podEvent, type Sync } from './sync.js'
import { extended } from '../../kernel/extended.js'

interface RetentionPolicy {
  readonly deletesWithSet: boolean
  readonly deletesWhenScaled: boolean
}

/** No policy, or an unknown word in it, means Retain. */
const retentionPolicyOf = ({ spec: { persistentVolumeClaimRetentionPolicy: policy } }: StatefulSet): RetentionPolicy => ({
  deletesWithSet: policy?.whenDeleted === 'Delete',
  deletesWhenScaled: policy?.whenScaled === 'Delete',
})

const retainsAll = ({ deletesWithSet, deletesWhenScaled }: RetentionPolicy): boolean => !deletesWithSet && !deletesWhenScaled

const noReferences: readonly OwnerReference[] = []
const referencesOf = (claim: PersistentVolumeClaim): readonly OwnerReference[] => claim.metadata.ownerReferences ?? noReferences

const namesSet = (reference: OwnerReference, set: StatefulSet): boolean =>
  reference.apiVersion === 'apps/v1' && reference.kind === 'StatefulSet' && reference.name === set.metadata.name
const namesPod = (reference: OwnerReference, pod: PodIdentity): boolean =>
  reference.apiVersion === 'v1' && reference.kind === 'Pod' && reference.name === pod.name

/** A reference to a Pod of that name that is not this Pod. A Pod without a uid yet is nobody's owner, so any reference is stale. */
export const hasStalePodReference = (claim: PersistentVolumeClaim, pod: PodIdentity): boolean => {
  const reference = referencesOf(claim).find((candidate) => namesPod(candidate, pod))
  return reference !== undefined && reference.uid !== pod.uid
}

const hasStaleSetReference = (claim: PersistentVolumeClaim, set: StatefulSet): boolean => {
  const reference = referencesOf(claim).find((candidate) => namesSet(candidate, set))
  return reference !== undefined && reference.uid !== set.metadata.uid
}

const isOwnedBy = (claim: PersistentVolumeClaim, uid: string): boolean => referencesOf(claim).some((reference) => reference.uid === uid)

/** Follows hasUnexpectedController: someone else controls the claim, or a former set or Pod of the same name. */
const hasUnexpectedController = (claim: PersistentVolumeClaim, set: StatefulSet, pod: PodIdentity): boolean => {
  if (retainsAll(retentionPolicyOf(set))) return false
  return referencesOf(claim).some((reference) => {
    if (namesSet(reference, set)) return reference.uid !== set.metadata.uid
    if (namesPod(reference, pod)) return reference.uid !== pod.uid
    return reference.controller === true
  })
}

const hasNonControllerOwner = (claim: PersistentVolumeClaim, set: StatefulSet, pod: PodIdentity): boolean =>
  referencesOf(claim).some(
    (reference) => (reference.uid === set.metadata.uid || reference.uid === pod.uid) && reference.controller !== true,
  )

/** Who shall own a claim, by policy and by whether its Pod is in the range of the set. */
const desiredOwner = (set: StatefulSet, ordinal: number): 'nobody' | 'set' | 'pod' => {
  const policy = retentionPolicyOf(set)
  if (policy.deletesWhenScaled && !isInOrdinalRange(set, ordinal)) return 'pod'
  return policy.deletesWithSet ? 'set' : 'nobody'
}

/** Follows isClaimOwnerUpToDate: claims with stale or foreign owners are left alone. */
export const isClaimOwnerUpToDate = (claim: PersistentVolumeClaim, set: StatefulSet, pod: PodIdentity): boolean => {
  if (referencesOf(claim).length > 0) {
    if (hasStaleSetReference(claim, set) || hasStalePodReference(claim, pod)) return true
    if (hasUnexpectedController(claim, set, pod)) return !isOwnedBy(claim, set.metadata.uid) && !isOwnedBy(claim, pod.uid)
    if (hasNonControllerOwner(claim, set, pod)) return false
  }
  const owner = desiredOwner(set, pod.ordinal)
  return isOwnedBy(claim, set.metadata.uid) === (owner === 'set') && isOwnedBy(claim, pod.uid) === (owner === 'pod')
}

/** Follows updateClaimOwnerRefForSetAndPod: our references are taken off, and the right one is put on unless someone else controls the claim. */
export const withDesiredOwner = (claim: PersistentVolumeClaim, set: StatefulSet, pod: PodIdentity): PersistentVolumeClaim => {
  const others = referencesOf(claim).filter((reference) => !namesSet(reference, set) && !namesPod(reference, pod))
  const owner = hasUnexpectedController(claim, set, pod) ? 'nobody' : desiredOwner(set, pod.ordinal)
  const ownerReferences = [...others]
  const ownerUid = owner === 'set' ? set.metadata.uid : pod.uid
  if (owner !== 'nobody' && !others.some((reference) => reference.uid === ownerUid)) {
    ownerReferences.push(
      owner === 'set'
        ? newControllerRef(set)
        : { apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid, controller: true, blockOwnerDeletion: true },
    )
  }
  const { ownerReferences: _former, ...metadata } = claim.metadata
  return { ...claim, metadata: ownerReferences.length === 0 ? metadata : extended(metadata, { ownerReferences }) }
}

const cachedClaim = ({ context, set }: Sync, claimName: string): PersistentVolumeClaim | undefined =>
  context.reader.get('PersistentVolumeClaim', namespaceOf(set), claimName)

/** Follows ClaimsMatchRetentionPolicy: a claim that does not exist is no mismatch. */
export const claimsMatchRetentionPolicy = (sync: Sync, pod: PodIdentity, claimNames: readonly string[]): boolean => {
  for (const claimName of claimNames) {
    const claim = cachedClaim(sync, claimName)
    if (claim !== undefined && !isClaimOwnerUpToDate(claim, sync.set, pod)) return false
  }
  return true
}

/** Follows UpdatePodClaimForRetentionPolicy. A claim that the cache does not show yet is met in a later sync. */
export function* updatePodClaimForRetentionPolicy(sync: Sync, pod: PodIdentity): Steps<ApiStatus | undefined> {
  const { set } = sync
  for (const template of claimTemplatesOf(set)) {
    const claimName = claimNameOf(set, template, pod.ordinal)
    const claim = cachedClaim(sync, claimName)
    if (claim === undefined) continue
    if (hasUnexpectedController(claim, set, pod)) {
      // "manging" is Kubernetes' own spelling.
      const message = `PersistentVolumeClaim ${claimName} has a conflicting OwnerReference that acts as a manging controller, the retention policy is ignored for this claim`
      yield { kind: 'RecordEvent', about: set, type: 'Warning', reason: 'ConflictingController', message }
    }
    if (isClaimOwnerUpToDate(claim, set, pod)) continue
    const answer = yield { kind: 'ReplaceObject', object: withDesiredOwner(claim, set, pod) }
    if (E.isLeft(answer)) return wrapError(`could not update claim ${claimName} for delete policy ownerRefs: `, answer.left)
    sync.noteWrite(answer.right)
  }
  return undefined
}

/** The claim that still belongs to a former Pod of that name, and shall go with it: no new Pod before it is gone. Follows PodClaimIsStale. */
export const findStaleClaim = (sync: Sync, pod: PodIdentity): string | undefined => {
  if (!retentionPolicyOf(sync.set).deletesWhenScaled) return undefined
  for (const template of claimTemplatesOf(sync.set)) {
    const claimName = claimNameOf(sync.set, template, pod.ordinal)
    const claim = cachedClaim(sync, claimName)
    if (claim !== undefined && hasStalePodReference(claim, pod)) return claimName
  }
  return undefined
}

/** Follows createPersistentVolumeClaims: all claims are tried; one that is being deleted is an error. */
export function* createPersistentVolumeClaims(sync: Sync, pod: PodIdentity): Steps<ApiStatus | undefined> {
  const { set } = sync
  const errors: ApiStatus[] = []
  for (const template of claimTemplatesOf(set)) {
    const claimName = claimNameOf(set, template, pod.ordinal)
    const claim = cachedClaim(sync, claimName)
    if (claim === undefined) {
      const answer = yield { kind: 'CreateObject', object: newClaim(set, template, pod.ordinal) }
      if (E.isRight(answer)) {
        sync.noteWrite(answer.right)
        yield claimCreationEvent(set, pod.name, claimName, undefined)
        continue
      }
      errors.push(plainError(`failed to create PVC ${claimName}: ${answer.left.message}`))
      if (answer.left.reason !== 'AlreadyExists') yield claimCreationEvent(set, pod.name, claimName, answer.left)
    } else if (claim.metadata.deletionTimestamp !== undefined) errors.push(plainError(`pvc ${claimName} is being deleted`))
  }
  return aggregateErrors(errors)
}

/** For Pending Pods, whose claims may have been deleted under them. Follows createMissingPersistentVolumeClaims. */
export function* createMissingPersistentVolumeClaims(sync: Sync, pod: PodIdentity): Steps<ApiStatus | undefined> {
  const creationError = yield* createPersistentVolumeClaims(sync, pod)
  if (creationError !== undefined) return creationError
  const error = yield* updatePodClaimForRetentionPolicy(sync, pod)
  if (error !== undefined) yield podEvent(sync.set, 'Update', pod.name, error)
  return error
}

/** A Pending Pod whose claims are all there and rightly owned needs no steps. */
export const hasClaimWork = (sync: Sync, pod: PodIdentity): boolean =>
  claimTemplatesOf(sync.set).some((template) => {
    const claim = cachedClaim(sync, claimNameOf(sync.set, template, pod.ordinal))
    return (
      claim === undefined ||
      claim.metadata.deletionTimestamp !== undefined ||
      hasUnexpectedController(claim, sync.set, pod) ||
      !isClaimOwnerUpToDate(claim, sync.set, pod)
    )
  })
