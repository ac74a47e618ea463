/** What the well-known provisioners make: which source a volume has, where it can be used, and which bytes stand behind it. */
import type { Node, PersistentVolumeClaim, PersistentVolumeSpec, StorageClass, VolumeNodeAffinity } from '../../api/generated/types.js'

export interface Order {
  readonly claim: PersistentVolumeClaim
  readonly storageClass: StorageClass
  readonly volumeName: string
  /** Where the first consumer will run, if the class waits for it. */
  readonly node: Node | undefined
}

type VolumeSource = Pick<
  PersistentVolumeSpec,
  'nfs' | 'csi' | 'hostPath' | 'local' | 'awsElasticBlockStore' | 'gcePersistentDisk' | 'azureDisk' | 'cinder' | 'nodeAffinity'
>

export interface Backend {
  readonly sourceOf: (order: Order) => VolumeSource
  /** Sidecar of a CSI driver: other finalizers and a quicker retry than the provisioner library. */
  readonly isDriver: boolean
  /** Only for claims with a node: the bytes live on one machine. */
  readonly needsNode?: boolean
  /** The size is rounded up to whole Gi. */
  readonly wholeGibibytes?: boolean
}

const parameter = ({ storageClass }: Order, name: string, fallback: string): string => storageClass.parameters?.[name] ?? fallback
const fullName = ({ claim, volumeName }: Order): string => `${claim.metadata.namespace ?? ''}-${claim.metadata.name}-${volumeName}`

const onNode = (key: string, value: string): VolumeNodeAffinity => ({
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: [value] }] }] },
})

const shareOf = (server: string, folder: string, isDriver = false): Backend => ({
  isDriver,
  sourceOf: (order) => ({
    nfs: { path: `${parameter(order, 'path', folder)}/${fullName(order)}`, server: parameter(order, 'server', server) },
  }),
})

const nfsDriver: Backend = {
  isDriver: true,
  sourceOf: (order) => {
    const server = parameter(order, 'server', 'nfs.example.com')
    const share = parameter(order, 'share', '/exports')
    return {
      csi: {
        driver: order.storageClass.provisioner,
        volumeHandle: `${server.replace(/^\/+|\/+$/g, '')}#${share.replace(/^\/+|\/+$/g, '')}#${order.volumeName}##`,
        volumeAttributes: { server, share, subdir: order.volumeName },
      },
    }
  },
}

const topologyKeys: { readonly [driver: string]: string } = {
  'ebs.csi.aws.com': 'topology.ebs.csi.aws.com/zone',
  'pd.csi.storage.gke.io': 'topology.gke.io/zone',
  'disk.csi.azure.com': 'topology.disk.csi.azure.com/zone',
}

const zoneLabel = 'topology.kubernetes.io/zone'

/** A disk is reached from the zone it was made in, if nodes have zones. The label of the driver is used only where nodes carry it. */
const zoneOf = ({ node, storageClass }: Order): VolumeNodeAffinity | undefined => {
  const own = topologyKeys[storageClass.provisioner]
  for (const key of own === undefined ? [zoneLabel] : [own, zoneLabel]) {
    const zone = node?.metadata.labels?.[key]
    if (zone !== undefined) return onNode(key, zone)
  }
  return undefined
}

const withZone = (order: Order, source: VolumeSource): VolumeSource => {
  const nodeAffinity = zoneOf(order)
  return nodeAffinity === undefined ? source : { ...source, nodeAffinity }
}

const hex = (uid: string, length: number): string => uid.replace(/-/g, '').padEnd(length, '0').slice(0, length)
const uidOf = ({ claim }: Order): string => claim.metadata.uid

const handles: { readonly [driver: string]: (order: Order) => string } = {
  'ebs.csi.aws.com': (order) => `vol-0${hex(uidOf(order), 16)}`,
  'pd.csi.storage.gke.io': ({ node, volumeName }) =>
    `projects/example/zones/${node?.metadata.labels?.[zoneLabel] ?? 'a'}/disks/${volumeName}`,
  'disk.csi.azure.com': ({ volumeName }) =>
    `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/example/providers/Microsoft.Compute/disks/${volumeName}`,
}

const diskDriver: Backend = {
  isDriver: true,
  wholeGibibytes: true,
  sourceOf: (order) => {
    const driver = order.storageClass.provisioner
    return withZone(order, {
      csi: { driver, fsType: parameter(order, 'csi.storage.k8s.io/fstype', 'ext4'), volumeHandle: (handles[driver] ?? uidOf)(order) },
    })
  },
}

/** Classes of before the drivers: their volumes still have the old sources. */
const legacy = (sourceOf: (order: Order) => VolumeSource): Backend => ({
  isDriver: true,
  wholeGibibytes: true,
  sourceOf: (order) => withZone(order, sourceOf(order)),
})

const folderOnNode = (folder: string, kind: 'hostPath' | 'local'): Backend => ({
  isDriver: false,
  needsNode: true,
  sourceOf: (order) => {
    const path = `${parameter(order, 'nodePath', folder)}/${order.volumeName}_${order.claim.metadata.namespace ?? ''}_${order.claim.metadata.name}`
    const nodeAffinity = onNode(
      'kubernetes.io/hostname',
      order.node?.metadata.labels?.['kubernetes.io/hostname'] ?? order.node?.metadata.name ?? '',
    )
    return kind === 'local' ? { local: { path }, nodeAffinity } : { hostPath: { path, type: 'DirectoryOrCreate' }, nodeAffinity }
  },
})

/** One folder for all nodes, as on a cluster of one node. */
const hostFolder = (folder: string): Backend => ({
  isDriver: false,
  sourceOf: ({ claim }) => ({ hostPath: { path: `${folder}/${claim.metadata.namespace ?? ''}/${claim.metadata.name}`, type: '' } }),
})

const backends: ReadonlyMap<string, Backend> = new Map([
  ['example.com/nfs', shareOf('nfs.example.com', '/exports')],
  ['k8s-sigs.io/nfs-subdir-external-provisioner', shareOf('nfs.example.com', '/exports')],
  ['cluster.local/nfs-subdir-external-provisioner', shareOf('nfs.example.com', '/exports')],
  ['fuseim.pri/ifs', shareOf('nfs.example.com', '/exports')],
  ['nfs-client', shareOf('nfs.example.com', '/exports')],
  ['nfs.csi.k8s.io', nfsDriver],
  ['rancher.io/local-path', folderOnNode('/opt/local-path-provisioner', 'hostPath')],
  ['openebs.io/local', folderOnNode('/var/openebs/local', 'local')],
  ['k8s.io/minikube-hostpath', hostFolder('/tmp/hostpath-provisioner')],
  ['docker.io/hostpath', hostFolder('/var/lib/k8s-pvs')],
  ['microk8s.io/hostpath', hostFolder('/var/snap/microk8s/common/default-storage')],
  [
    'kubernetes.io/aws-ebs',
    legacy((order) => ({
      awsElasticBlockStore: { volumeID: `vol-0${hex(uidOf(order), 16)}`, fsType: parameter(order, 'fsType', 'ext4') },
    })),
  ],
  [
    'kubernetes.io/gce-pd',
    legacy((order) => ({ gcePersistentDisk: { pdName: order.volumeName, fsType: parameter(order, 'fstype', 'ext4') } })),
  ],
  [
    'kubernetes.io/azure-disk',
    legacy(({ volumeName }) => ({
      azureDisk: {
        diskName: volumeName,
        diskURI: `/example/disks/${volumeName}`,
        kind: 'Managed',
        cachingMode: 'ReadOnly',
        fsType: 'ext4',
        readOnly: false,
      },
    })),
  ],
  ['kubernetes.io/cinder', legacy((order) => ({ cinder: { volumeID: uidOf(order), fsType: 'ext4' } }))],
])

const diskDrivers: ReadonlySet<string> = new Set([
  'ebs.csi.aws.com',
  'pd.csi.storage.gke.io',
  'disk.csi.azure.com',
  'cinder.csi.openstack.org',
  'csi.vsphere.vmware.com',
  'rbd.csi.ceph.com',
  'rook-ceph.rbd.csi.ceph.com',
  'driver.longhorn.io',
  'dobs.csi.digitalocean.com',
  'csi.hetzner.cloud',
  'linodebs.csi.linode.com',
  'diskplugin.csi.alibabacloud.com',
  'hostpath.csi.k8s.io',
  'disk.example.com',
])

/** How volumes of that provisioner come about; undefined: nobody serves that name, and its claims wait. */
export const backendOf = (provisioner: string): Backend | undefined =>
  backends.get(provisioner) ?? (diskDrivers.has(provisioner) ? diskDriver : undefined)
