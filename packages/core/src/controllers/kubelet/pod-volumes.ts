/** What is behind a Pod's volumes, and whether they can be mounted yet. */
import type { Container, Pod, Volume } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { isAttached, type World } from '../../cluster/world.js'
import type { MountedVolume, MountPoint, WorldEvent } from '../../cluster/world-events.js'
import { getAt, hasAt } from '../../kernel/persistent-map.js'
import { assetOfVolume, diskOf } from '../../resources/persistent-volume/queries.js'
import { claimNameOfVolume } from '../../resources/pod/queries.js'

export interface VolumeTrouble {
  readonly volume: string
  /** Told at once, as FailedMount; without: only waited for. */
  readonly message?: string
  readonly kind: 'VolumeNotAttached' | 'ClaimNotBound' | 'VolumeNotMountable'
  readonly on: string
}

export interface PodVolumes {
  readonly mounted: readonly MountedVolume[]
  readonly trouble: readonly VolumeTrouble[]
  /** What mounting itself brings about. */
  readonly facts: readonly WorldEvent[]
}

// Follows WaitForAttachAndMount in pkg/kubelet/volumemanager/volume_manager.go.
export const volumesOf = (reader: Reader, world: World, pod: Pod, node: string): PodVolumes => {
  const mounted: MountedVolume[] = []
  const trouble: VolumeTrouble[] = []
  const facts: WorldEvent[] = []
  for (const volume of pod.spec.volumes ?? []) {
    const result = mountOf(reader, world, pod, volume, node)
    if ('kind' in result) trouble.push(result)
    else {
      if (result.mounted !== undefined) mounted.push(result.mounted)
      if (result.fact !== undefined) facts.push(result.fact)
    }
  }
  return { mounted, trouble, facts }
}

interface Mount {
  readonly mounted?: MountedVolume
  readonly fact?: WorldEvent
}

const mountOf = (reader: Reader, world: World, pod: Pod, volume: Volume, node: string): Mount | VolumeTrouble => {
  const namespace = pod.metadata.namespace ?? ''
  const claimName = claimNameOfVolume(pod, volume)
  if (claimName !== undefined) return mountClaim(reader, world, { namespace, claimName, volume, node })
  if (volume.emptyDir !== undefined) return { mounted: { name: volume.name, asset: `empty:${pod.metadata.uid}/${volume.name}` } }
  if (volume.nfs !== undefined)
    return {
      mounted: {
        name: volume.name,
        asset: `nfs:${volume.nfs.server}${volume.nfs.path}`,
        ...(volume.nfs.readOnly === true ? { readOnly: true } : undefined),
      },
    }
  if (volume.hostPath !== undefined) return mountHostPath(world, volume.name, volume.hostPath, node)
  if (volume.configMap !== undefined && volume.configMap.optional !== true)
    return objectOr(reader, 'ConfigMap', namespace, volume.configMap.name ?? '', volume.name)
  if (volume.secret !== undefined && volume.secret.optional !== true)
    return objectOr(reader, 'Secret', namespace, volume.secret.secretName ?? '', volume.name)
  return {}
}

const objectOr = (reader: Reader, kind: 'ConfigMap' | 'Secret', namespace: string, name: string, volume: string): Mount | VolumeTrouble =>
  reader.get(kind, namespace, name) !== undefined
    ? {}
    : {
        kind: 'VolumeNotMountable',
        volume,
        on: `${kind}/${namespace}/${name}`,
        message: `MountVolume.SetUp failed for volume "${volume}" : ${kind.toLowerCase()} "${name}" not found`,
      }

interface ClaimMount {
  readonly namespace: string
  readonly claimName: string
  readonly volume: Volume
  readonly node: string
}

const mountClaim = (reader: Reader, world: World, { namespace, claimName, volume, node }: ClaimMount): Mount | VolumeTrouble => {
  const claim = reader.get('PersistentVolumeClaim', namespace, claimName)
  const volumeName = claim?.spec.volumeName
  const persistentVolume = volumeName === undefined || volumeName === '' ? undefined : reader.get('PersistentVolume', '', volumeName)
  if (persistentVolume === undefined || volumeName === undefined)
    return { kind: 'ClaimNotBound', volume: volume.name, on: `PersistentVolumeClaim/${namespace}/${claimName}` }
  const { spec } = persistentVolume
  const asset = assetOfVolume(persistentVolume, node)
  const disk = diskOf(persistentVolume)
  if (disk !== undefined && !isAttached(world, disk, node))
    return { kind: 'VolumeNotAttached', volume: volume.name, on: `PersistentVolume//${volumeName}` }
  if (spec.hostPath !== undefined) {
    const mount = mountHostPath(world, volumeName, spec.hostPath, node)
    return 'kind' in mount ? mount : { ...mount, mounted: { name: volume.name, asset } }
  }
  const readOnly = volume.persistentVolumeClaim?.readOnly === true
  return { mounted: { name: volume.name, asset, ...(readOnly ? { readOnly: true } : undefined) } }
}

const usualDirectories: ReadonlySet<string> = new Set([
  '/',
  '/bin',
  '/dev',
  '/etc',
  '/home',
  '/mnt',
  '/opt',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/usr',
  '/var',
  '/var/lib',
  '/var/log',
  '/var/run',
  '/var/lib/kubelet',
])

/** The directory exists on the node: somebody made it or mounted it, or every node has it. */
const hostDirectoryExists = (world: World, node: string, path: string): boolean =>
  usualDirectories.has(path) || hasAt(world.assets, `host:${node}${path}`)

// Follows checkType in pkg/volume/hostpath/host_path.go.
const mountHostPath = (
  world: World,
  volume: string,
  { path, type = '' }: { readonly path: string; readonly type?: string },
  node: string,
): Mount | VolumeTrouble => {
  const asset = `host:${node}${path}`
  const mounted: MountedVolume = { name: volume, asset }
  const fails = (what: string): VolumeTrouble => ({
    kind: 'VolumeNotMountable',
    volume,
    on: `Node//${node}`,
    message: `MountVolume.SetUp failed for volume "${volume}" : hostPath type check failed: ${path} is not ${what}`,
  })
  switch (type) {
    case 'Directory':
      return hostDirectoryExists(world, node, path) ? { mounted } : fails('a directory')
    case 'File':
      return fileOfHost(world, node, path) ? { mounted } : fails('a file')
    case 'Socket':
      return fails('a socket')
    case 'CharDevice':
      return path.startsWith('/dev/') ? { mounted } : fails('a character device')
    case 'BlockDevice':
      return path.startsWith('/dev/') ? { mounted } : fails('a block device')
    default:
      return hasAt(world.assets, asset) ? { mounted } : { mounted, fact: { kind: 'AssetCreated', asset } }
  }
}

const fileOfHost = (world: World, node: string, path: string): boolean => {
  const slash = path.lastIndexOf('/')
  const folder = getAt(world.assets, `host:${node}${slash <= 0 ? '/' : path.slice(0, slash)}`)
  return folder !== undefined && getAt(folder.files, path.slice(slash))?.kind === 'file'
}

/** Where a container sees those of its volumes that have bytes behind them. */
export const mountPointsOf = (container: Container, volumes: readonly MountedVolume[]): readonly MountPoint[] =>
  (container.volumeMounts ?? []).flatMap((mount) => {
    const volume = volumes.find(({ name }) => name === mount.name)
    if (volume === undefined) return []
    const readOnly = mount.readOnly === true || volume.readOnly === true
    return [
      {
        path: mount.mountPath,
        volume: mount.name,
        ...(mount.subPath === undefined || mount.subPath === '' ? undefined : { subPath: mount.subPath }),
        ...(readOnly ? { readOnly: true } : undefined),
      },
    ]
  })
