/** Rows of claims, volumes and classes. */
// Follows printPersistentVolume, printPersistentVolumeClaim, printStorageClass and printVolumeAttachment in pkg/printers/internalversion/printers.go.
import type { PersistentVolume, PersistentVolumeClaim, StorageClass, VolumeAttachment } from '../generated/types.js'
import { createdAgo, type RowOf } from './cells.js'

const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

const shortModes = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
] as const

/** In this order, each once. Follows GetAccessModesAsString in pkg/apis/core/helper/helpers.go. */
const accessModesText = (modes: readonly string[] | undefined): string =>
  shortModes.flatMap(([mode, short]) => (modes?.includes(mode) === true ? [short] : [])).join(',')

export const persistentVolumeClaimRow: RowOf<PersistentVolumeClaim> = (claim, now) => {
  const bound = (claim.spec.volumeName ?? '') !== ''
  return [
    claim.metadata.name,
    claim.metadata.deletionTimestamp === undefined ? (claim.status.phase ?? '') : 'Terminating',
    claim.spec.volumeName ?? '',
    bound ? (claim.status.capacity?.['storage'] ?? '0') : '',
    bound ? accessModesText(claim.status.accessModes) : '',
    claim.metadata.annotations?.[betaClassAnnotation] ?? claim.spec.storageClassName ?? '',
    claim.spec.volumeAttributesClassName ?? '<unset>',
    createdAgo(claim, now),
    claim.spec.volumeMode ?? '<unset>',
  ]
}

export const persistentVolumeRow: RowOf<PersistentVolume> = (volume, now) => {
  const claim = volume.spec.claimRef
  return [
    volume.metadata.name,
    volume.spec.capacity?.['storage'] ?? '0',
    accessModesText(volume.spec.accessModes),
    volume.spec.persistentVolumeReclaimPolicy ?? '',
    volume.metadata.deletionTimestamp === undefined ? (volume.status.phase ?? '') : 'Terminating',
    claim === undefined ? '' : `${claim.namespace ?? ''}/${claim.name ?? ''}`,
    volume.metadata.annotations?.[betaClassAnnotation] ?? volume.spec.storageClassName ?? '',
    volume.spec.volumeAttributesClassName ?? '<unset>',
    volume.status.reason ?? '',
    createdAgo(volume, now),
    volume.spec.volumeMode ?? '<unset>',
  ]
}

const isDefaultClass = (storageClass: StorageClass): boolean =>
  ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'].some(
    (key) => storageClass.metadata.annotations?.[key] === 'true',
  )

export const storageClassRow: RowOf<StorageClass> = (storageClass, now) => [
  isDefaultClass(storageClass) ? `${storageClass.metadata.name} (default)` : storageClass.metadata.name,
  storageClass.provisioner,
  storageClass.reclaimPolicy ?? 'Delete',
  storageClass.volumeBindingMode ?? 'Immediate',
  storageClass.allowVolumeExpansion ?? false,
  createdAgo(storageClass, now),
]

export const volumeAttachmentRow: RowOf<VolumeAttachment> = (attachment, now) => [
  attachment.metadata.name,
  attachment.spec.attacher,
  attachment.spec.source.persistentVolumeName ?? '',
  attachment.spec.nodeName,
  attachment.status.attached,
  createdAgo(attachment, now),
]
