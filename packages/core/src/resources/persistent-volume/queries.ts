/** What can be asked about a PersistentVolume without changing anything: its class, its size, whom it is for, which bytes stand behind it. */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/types.js'
import { quantityOf, type Quantity } from '../../api/quantity.js'

/** The three bookkeeping annotations of binding. Follows pkg/controller/volume/persistentvolume and component-helpers/storage/volume/pv_helpers.go. */
export const bindCompleted = 'pv.kubernetes.io/bind-completed'
export const boundByController = 'pv.kubernetes.io/bound-by-controller'
export const provisionedBy = 'pv.kubernetes.io/provisioned-by'
export const migratedTo = 'pv.kubernetes.io/migrated-to'
export const selectedNode = 'volume.kubernetes.io/selected-node'

export const betaClassAnnotation = 'volume.beta.kubernetes.io/storage-class'

/** The class of the volume, '' without one; the beta annotation wins. Follows GetPersistentVolumeClass. */
export const classOfVolume = (volume: PersistentVolume): string =>
  volume.metadata.annotations?.[betaClassAnnotation] ?? volume.spec.storageClassName ?? ''

export const capacityOf = (volume: PersistentVolume): Quantity => quantityOf(volume.spec.capacity?.['storage'])

/** The volume is reserved for that claim, by name, and by uid where it names one. Follows IsVolumeBoundToClaim. */
export const isReservedFor = (volume: PersistentVolume, claim: PersistentVolumeClaim): boolean => {
  const reference = volume.spec.claimRef
  if (reference === undefined || reference.name !== claim.metadata.name || reference.namespace !== claim.metadata.namespace) return false
  return reference.uid === undefined || reference.uid === '' || reference.uid === claim.metadata.uid
}

/** The handle of the disk behind an attachable volume: what is attached to machines. Undefined for file shares and directories. */
export const diskOf = (volume: PersistentVolume): string | undefined => {
  const { spec } = volume
  if (spec.csi !== undefined) return isSharedFileSystem(spec.csi.driver) ? undefined : spec.csi.volumeHandle
  if (spec.awsElasticBlockStore !== undefined) return spec.awsElasticBlockStore.volumeID
  if (spec.gcePersistentDisk !== undefined) return spec.gcePersistentDisk.pdName
  if (spec.azureDisk !== undefined) return spec.azureDisk.diskName
  if (spec.cinder !== undefined) return spec.cinder.volumeID
  if (spec.rbd !== undefined) return `${spec.rbd.pool ?? 'rbd'}/${spec.rbd.image}`
  if (spec.iscsi !== undefined) return `${spec.iscsi.targetPortal}/${spec.iscsi.iqn}/${spec.iscsi.lun}`
  return undefined
}

// Drivers of file shares: CSIDriver objects with attachRequired false.
const sharedFileSystems: ReadonlySet<string> = new Set([
  'nfs.csi.k8s.io',
  'efs.csi.aws.com',
  'file.csi.azure.com',
  'smb.csi.k8s.io',
  'cephfs.csi.ceph.com',
  'secrets-store.csi.k8s.io',
  'hostpath.csi.k8s.io',
])
const isSharedFileSystem = (driver: string): boolean => sharedFileSystems.has(driver)

/** The bytes behind the volume, as the world names them. Directories on machines depend on the node; the rest does not. */
export const assetOfVolume = (volume: PersistentVolume, nodeName: string): string => {
  const { spec } = volume
  if (spec.nfs !== undefined) return `nfs:${spec.nfs.server}${spec.nfs.path}`
  if (spec.local !== undefined) return `local:${nodeName}${spec.local.path}`
  if (spec.hostPath !== undefined) return `host:${nodeName}${spec.hostPath.path}`
  const disk = diskOf(volume)
  if (disk !== undefined) return `disk:${disk}`
  if (spec.csi !== undefined) return `nfs:${spec.csi.volumeHandle}`
  return `disk:${volume.metadata.name}`
}

/** The name that nodes and attachments know the disk by. Follows GetUniqueVolumeName in pkg/volume/util. */
export const uniqueVolumeName = (volume: PersistentVolume): string => {
  const { spec } = volume
  const disk = diskOf(volume) ?? volume.metadata.name
  if (spec.csi !== undefined) return `kubernetes.io/csi/${spec.csi.driver}^${disk}`
  if (spec.awsElasticBlockStore !== undefined) return `kubernetes.io/csi/ebs.csi.aws.com^${disk}`
  if (spec.gcePersistentDisk !== undefined) return `kubernetes.io/csi/pd.csi.storage.gke.io^${disk}`
  if (spec.azureDisk !== undefined) return `kubernetes.io/csi/disk.csi.azure.com^${disk}`
  if (spec.cinder !== undefined) return `kubernetes.io/csi/cinder.csi.openstack.org^${disk}`
  return `kubernetes.io/${spec.rbd === undefined ? 'iscsi' : 'rbd'}/${disk}`
}
