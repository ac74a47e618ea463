/** What can be asked about a PersistentVolumeClaim without changing anything: its class, its request, how it is to be bound. */
import type { PersistentVolumeClaim, StorageClass } from '../../api/generated/types.js'
import { quantityOf, type Quantity } from '../../api/quantity.js'
import type { Reader } from '../../cluster/reader.js'
import { betaClassAnnotation, bindCompleted, selectedNode } from '../persistent-volume/queries.js'

/** The class of the claim, '' without one; the beta annotation wins. Follows GetPersistentVolumeClaimClass. */
export const classOfClaim = (claim: PersistentVolumeClaim): string =>
  claim.metadata.annotations?.[betaClassAnnotation] ?? claim.spec.storageClassName ?? ''

/** False when nobody said anything about the class, not even that there is none. Follows PersistentVolumeClaimHasClass. */
export const saysItsClass = (claim: PersistentVolumeClaim): boolean =>
  claim.metadata.annotations?.[betaClassAnnotation] !== undefined || claim.spec.storageClassName !== undefined

export const requestOf = (claim: PersistentVolumeClaim): Quantity => quantityOf(claim.spec.resources?.requests?.['storage'])

export const isBindCompleted = (claim: PersistentVolumeClaim): boolean => claim.metadata.annotations?.[bindCompleted] !== undefined

/** Bound to a volume, and the binder has finished its work on the claim. Follows isPVCFullyBound in the volumebinding plug-in. */
export const isFullyBound = (claim: PersistentVolumeClaim): boolean =>
  claim.spec.volumeName !== undefined && claim.spec.volumeName !== '' && isBindCompleted(claim)

/** The claim's class waits for the first Pod. A class that does not exist does not wait. Follows IsDelayBindingMode. */
export const waitsForConsumer = (claim: PersistentVolumeClaim, reader: Reader): boolean => {
  const name = classOfClaim(claim)
  return name !== '' && reader.get('StorageClass', '', name)?.volumeBindingMode === 'WaitForFirstConsumer'
}

/** A scheduler has chosen the node, so that provisioning may begin. Follows IsDelayBindingProvisioning. */
export const hasSelectedNode = (claim: PersistentVolumeClaim): boolean => claim.metadata.annotations?.[selectedNode] !== undefined

const defaultClassAnnotations = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class']

/** The newest class that is marked as default; of several made at the same time the first by name. Follows GetDefaultClass in pkg/volume/util/storageclass.go. */
export const defaultClass = (reader: Reader): StorageClass | undefined => {
  let found: StorageClass | undefined
  for (const candidate of reader.list('StorageClass')) {
    if (!defaultClassAnnotations.some((annotation) => candidate.metadata.annotations?.[annotation] === 'true')) continue
    if (found === undefined || candidate.metadata.creationTimestamp > found.metadata.creationTimestamp) found = candidate
  }
  return found
}
