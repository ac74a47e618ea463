/**
 * The files that a container sees: its own writable layer over the image's files, and volumes mounted over both. Pure: writing gives the
 * fact to make so, or the words of the refusal.
 */
import type { Container, Pod, Volume } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { containerOf, imageBehaviourOf, layerOf, processesOf, type FileEntry, type World } from '../../cluster/world.js'
import type { WorldEvent } from '../../cluster/world-events.js'
import { forEachEntry, getAt } from '../../kernel/persistent-map.js'
import { etcHostsOf, hostnameOf, resolvConfOf } from './pod-names.js'
import { contentOfVolume } from './projected-files.js'

export interface FileSystem {
  /** The content, or undefined when there is no such file. */
  readonly read: (path: string) => string | undefined
  /** The names in a folder, sorted; folders end in a slash. Undefined when there is no such folder. */
  readonly list: (path: string) => readonly string[] | undefined
  /** The fact that writes the file, or why not (`Read-only file system`, …). */
  readonly write: (path: string, content: string) => WorldEvent | string
  readonly remove: (path: string) => WorldEvent | string
  readonly makeFolder: (path: string) => WorldEvent | string
}

interface MountView {
  /** Without a slash at its end. */
  readonly at: string
  readonly asset: string | undefined
  /** Prefix inside the asset. */
  readonly subPath: string
  readonly readOnly: boolean
  /** Read-only content, by path from the mount's root. */
  readonly content: ReadonlyMap<string, string> | undefined
}

const usualFolders = ['/bin', '/dev', '/etc', '/home', '/proc', '/root', '/run', '/sys', '/tmp', '/usr', '/var']

/** Absolute, without `.`, `..`, doubled slashes and a slash at the end. */
export const normalPath = (path: string): string => {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

const isUnder = (path: string, folder: string): boolean => folder === '/' || path === folder || path.startsWith(`${folder}/`)

/**
 * `pod` is given when the caller has the object at hand. It is found otherwise, and may be gone: then only what the machine knows itself
 * (its mounts and layers) is seen. Undefined when there is no such container on any machine.
 */
export const fileSystemOf = (world: World, reader: Reader, podUid: string, containerName: string, pod?: Pod): FileSystem | undefined => {
  const processes = processesOf(world, podUid)
  const process = containerOf(processes, containerName)
  if (processes === undefined || process === undefined) return undefined
  const stored = pod ?? reader.get('Pod', processes.namespace, processes.name)
  const object = stored?.metadata.uid === podUid ? stored : undefined
  const container = [...(object?.spec.initContainers ?? []), ...(object?.spec.containers ?? [])].find(({ name }) => name === containerName)
  const mounts: MountView[] = process.mounts.map((mount) => ({
    at: normalPath(mount.path),
    asset: processes.volumes.find(({ name }) => name === mount.volume)?.asset,
    subPath: mount.subPath === undefined ? '' : normalPath(mount.subPath),
    readOnly: mount.readOnly === true,
    content: undefined,
  }))
  if (object !== undefined && container !== undefined) mounts.push(...contentMounts(reader, object, container, processes.sandbox?.address))
  mounts.sort((left, right) => right.at.length - left.at.length || (left.at < right.at ? -1 : 1))

  const layer = layerOf(podUid, containerName, process.attempt)
  const image = imageBehaviourOf(world, process.image)?.files ?? {}
  const generated = object === undefined ? {} : generatedFiles(world, object, processes.sandbox?.address)
  const filesOf = (asset: string) => getAt(world.assets, asset)?.files
  const mountAt = (path: string): MountView | undefined => mounts.find(({ at }) => isUnder(path, at))
  const inside = (mount: MountView, path: string): string => {
    const rest = mount.at === '/' ? path : path.slice(mount.at.length)
    return `${mount.subPath === '/' ? '' : mount.subPath}${rest}` || '/'
  }
  const layerEntry = (path: string): FileEntry | undefined => {
    const files = filesOf(layer)
    return files === undefined ? undefined : getAt(files, path)
  }
  /** The image's file was removed, or a folder above it. */
  const isHidden = (path: string): boolean => {
    for (let folder = path; folder !== ''; folder = folder.slice(0, folder.lastIndexOf('/')))
      if (layerEntry(folder)?.kind === 'removed') return true
    return false
  }

  const readPlain = (given: string): string | undefined => {
    const path = normalPath(given)
    const mount = mountAt(path)
    if (mount === undefined) {
      const entry = layerEntry(path)
      if (entry !== undefined) return entry.kind === 'file' ? entry.content : undefined
      return isHidden(path) ? undefined : (generated[path] ?? image[path])
    }
    if (mount.content !== undefined) return mount.content.get(inside(mount, path))
    const files = mount.asset === undefined ? undefined : filesOf(mount.asset)
    const entry = files === undefined ? undefined : getAt(files, inside(mount, path))
    return entry?.kind === 'file' ? entry.content : undefined
  }

  const list = (given: string): readonly string[] | undefined => {
    const folder = normalPath(given)
    const names = new Set<string>()
    const prefix = folder === '/' ? '/' : `${folder}/`
    const add = (path: string, isFolder: boolean): void => {
      if (!path.startsWith(prefix) || path === folder) return
      const rest = path.slice(prefix.length)
      const slash = rest.indexOf('/')
      if (slash >= 0) names.add(rest.slice(0, slash + 1))
      else names.add(isFolder ? `${rest}/` : rest)
    }
    const mount = mountAt(folder)
    let exists = folder === '/' || mount?.at === folder
    if (mount === undefined) {
      for (const path of [...Object.keys(image), ...Object.keys(generated)]) {
        if (isUnder(path, folder) && !isHidden(path)) {
          exists = true
          add(path, false)
        }
      }
      const files = filesOf(layer)
      if (files !== undefined)
        forEachEntry(files, (path, { kind }) => {
          if (kind === 'removed' || !isUnder(path, folder)) return
          if (path !== folder || kind === 'directory') exists = true
          add(path, kind === 'directory')
        })
      for (const usual of usualFolders) {
        if (isHidden(usual)) continue
        if (usual === folder) exists = true
        add(usual, true)
      }
      if (container?.workingDir !== undefined && normalPath(container.workingDir) === folder) exists = true
    } else if (mount.content !== undefined) {
      for (const path of mount.content.keys()) {
        const full = normalPath(`${mount.at}/${path}`)
        if (isUnder(full, folder)) exists = true
        add(full, false)
      }
    } else {
      const files = mount.asset === undefined ? undefined : filesOf(mount.asset)
      const root = mount.subPath === '/' ? '' : mount.subPath
      if (files !== undefined)
        forEachEntry(files, (path, { kind }) => {
          if (root !== '' && !isUnder(path, root)) return
          const full = normalPath(`${mount.at}/${path.slice(root.length)}`)
          if (isUnder(full, folder) && (full !== folder || kind === 'directory')) exists = true
          add(full, kind === 'directory')
        })
    }
    // Mounts inside the folder show as folders.
    for (const { at, content } of mounts) {
      if (at !== folder && isUnder(at, folder)) {
        exists = true
        add(at, content === undefined || !content.has('/'))
      }
    }
    if (!exists || (names.size === 0 && readPlain(folder) !== undefined)) return undefined
    // A name that is a folder and was told without the slash too counts once.
    return [...names]
      .filter((name) => name.endsWith('/') || !names.has(`${name}/`))
      .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
  }

  const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))
  const targetAsset = (path: string): { readonly asset: string; readonly path: string } | string => {
    const mount = mountAt(path)
    if (mount === undefined) {
      if (container?.securityContext?.readOnlyRootFilesystem === true) return 'Read-only file system'
      return { asset: layer, path }
    }
    if (mount.readOnly || mount.content !== undefined || mount.asset === undefined) return 'Read-only file system'
    return { asset: mount.asset, path: inside(mount, path) }
  }

  return {
    read: readPlain,
    list,
    write: (given, content) => {
      const path = normalPath(given)
      if (given.endsWith('/') || (readPlain(path) === undefined && list(path) !== undefined)) return 'Is a directory'
      if (list(parentOf(path)) === undefined)
        return readPlain(parentOf(path)) === undefined ? 'No such file or directory' : 'Not a directory'
      const target = targetAsset(path)
      return typeof target === 'string' ? target : { kind: 'FileWritten', ...target, content }
    },
    remove: (given) => {
      const path = normalPath(given)
      if (readPlain(path) === undefined && list(path) === undefined) return 'No such file or directory'
      if (mounts.some(({ at }) => at === path)) return 'Device or resource busy'
      const target = targetAsset(path)
      return typeof target === 'string' ? target : { kind: 'FileRemoved', ...target }
    },
    makeFolder: (given) => {
      const path = normalPath(given)
      if (readPlain(path) !== undefined || list(path) !== undefined) return 'File exists'
      if (list(parentOf(path)) === undefined) return 'No such file or directory'
      const target = targetAsset(path)
      return typeof target === 'string' ? target : { kind: 'DirectoryCreated', ...target }
    },
  }
}

const generatedFiles = (world: World, pod: Pod, address: string | undefined): { readonly [path: string]: string } => ({
  '/etc/hostname': `${hostnameOf(pod)}\n`,
  '/etc/hosts': etcHostsOf(pod, address ?? pod.status.podIP, world.settings.clusterDomain),
  '/etc/resolv.conf': resolvConfOf(pod, world.settings),
})

/** Volumes whose content comes from API objects. */
const contentMounts = (reader: Reader, pod: Pod, container: Container, address: string | undefined): readonly MountView[] =>
  (container.volumeMounts ?? []).flatMap((mount) => {
    const volume: Volume | undefined = pod.spec.volumes?.find(({ name }) => name === mount.name)
    const content = volume === undefined ? undefined : contentOfVolume(reader, pod, volume, address)
    if (content === undefined) return []
    const single = mount.subPath === undefined || mount.subPath === '' ? undefined : content.get(normalPath(mount.subPath))
    return [
      {
        at: normalPath(mount.mountPath),
        asset: undefined,
        subPath: '',
        readOnly: true,
        content: single === undefined ? content : new Map([['/', single]]),
      },
    ]
  })
