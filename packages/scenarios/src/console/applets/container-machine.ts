/** A container as a place for a shell: its files, environment, names, programs and its view of the network. */
import {
  actOnWorld,
  containerOf,
  environmentOf,
  fileSystemOf,
  fullNameOf,
  getAt,
  hostnameOf,
  imageBehaviourOf,
  layerOf,
  processesOf,
  programOf,
  type Choose,
  type ContainerProcess,
  type Pod,
  type PodProcesses,
  type Simulation,
  type WorldEvent,
} from '@statefold/core'
import type { Machine, MachineFiles, Program, ShellFlavour } from '../shell/machine.js'
import { awk } from './awk.js'
import { dnsPrograms } from './dns-programs.js'
import { filePrograms } from './file-programs.js'
import { resolverSettingsOf, type ClusterView } from './network.js'
import { networkPrograms } from './network-programs.js'
import { refusedPrograms } from './refused-programs.js'
import { sed } from './sed.js'
import { systemPrograms, type MachineProcess, type MountedFolder } from './system-programs.js'
import { textPrograms } from './text-programs.js'
import { userlandOf } from './userlands.js'

export const viewOf = (simulation: Simulation, choose: Choose): ClusterView => ({
  now: simulation.now,
  reader: simulation.reader,
  world: () => simulation.state().cluster.world,
  choose,
})

export const kernelRelease = '6.12.0'

export interface ContainerPlace {
  readonly simulation: Simulation
  readonly view: ClusterView
  readonly pod: Pod
  readonly container: string
}

/** The process is the one that was there when the machine was made. */
export type LivingMachine = Machine & { readonly isAlive: () => boolean }

const basePrograms: Readonly<Record<string, Program>> = { ...textPrograms, ...filePrograms, awk, sed }

/** Undefined when the container does not run. */
export const containerMachine = ({ simulation, view, pod, container }: ContainerPlace): LivingMachine | undefined => {
  const { uid, namespace = '', name } = pod.metadata
  const current = (): { readonly processes: PodProcesses; readonly process: ContainerProcess } | undefined => {
    const processes = processesOf(view.world(), uid)
    const process = containerOf(processes, container)
    return processes === undefined || process?.state !== 'running' ? undefined : { processes, process }
  }
  const first = current()
  if (first === undefined) return undefined
  const { processes, process } = first
  const written = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].find((candidate) => candidate.name === container)
  const image = imageBehaviourOf(view.world(), process.image)
  const userland = userlandOf(process.image)
  const submit = (event: WorldEvent | string): string | undefined => {
    if (typeof event === 'string') return event
    simulation.submit(actOnWorld(event))
    return undefined
  }
  const present = (): Pod => {
    const found = view.reader().get('Pod', namespace, name)
    return found?.metadata.uid === uid ? found : pod
  }
  const fileSystem = () => fileSystemOf(view.world(), view.reader(), uid, container, present())
  const gone = 'Input/output error'
  const files: MachineFiles = {
    read: (path) => fileSystem()?.read(path),
    list: (path) => fileSystem()?.list(path),
    writeProblem: (path) => {
      const event = fileSystem()?.write(path, '') ?? gone
      return typeof event === 'string' ? event : undefined
    },
    write: (path, content) => submit(fileSystem()?.write(path, content) ?? gone),
    remove: (path) => submit(fileSystem()?.remove(path) ?? gone),
    makeFolder: (path) => submit(fileSystem()?.makeFolder(path) ?? gone),
    modifiedAt: (path) => modifiedAt(path) ?? process.startedAt,
  }
  const modifiedAt = (path: string): number | undefined => {
    const mount = [...process.mounts]
      .sort((a, b) => b.path.length - a.path.length)
      .find((candidate) => path === candidate.path || path.startsWith(`${candidate.path}/`))
    const asset =
      mount === undefined
        ? layerOf(uid, container, process.attempt)
        : processes.volumes.find((volume) => volume.name === mount.volume)?.asset
    const inside = mount === undefined ? path : `${mount.subPath === undefined ? '' : `/${mount.subPath}`}${path.slice(mount.path.length)}`
    const found = asset === undefined ? undefined : getAt(view.world().assets, asset)
    return found === undefined ? undefined : getAt(found.files, inside)?.at
  }
  const commandLine = (): string => {
    const words = [...(written?.command ?? []), ...(written?.args ?? [])]
    if (words.length > 0) return words.join(' ')
    if (image?.http?.server?.startsWith('nginx') === true) return 'nginx: master process nginx -g daemon off;'
    return (process.image.split('/').at(-1) ?? '').split(':')[0] ?? ''
  }
  const running = (): readonly MachineProcess[] => [{ pid: 1, command: commandLine() }]
  const mounts = (): readonly MountedFolder[] => [
    { source: 'overlay', at: '/', type: 'overlay', options: 'rw,relatime', sizeKb: 104_857_600, usedKb: 8_388_608 },
    { source: 'tmpfs', at: '/dev', type: 'tmpfs', options: 'rw,nosuid,size=65536k,mode=755', sizeKb: 65_536, usedKb: 0 },
    ...[...process.mounts]
      .sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0))
      .map((mount): MountedFolder => {
        const volume = processes.volumes.find((candidate) => candidate.name === mount.volume)
        const asset = volume?.asset ?? mount.volume
        const stored = getAt(view.world().assets, asset)
        return {
          ...sourceOfAsset(asset),
          at: mount.path,
          options: mount.readOnly === true ? 'ro,relatime' : 'rw,relatime',
          sizeKb: stored?.capacityBytes === undefined ? 104_857_600 : Math.floor(stored.capacityBytes / 1024),
          usedKb: 36,
        }
      }),
  ]
  const kill = (pid: number, signal: string): string | undefined => {
    if (pid !== 1) return 'No such process'
    const alive = current()
    // Process 1 has no default actions: what it does not handle, it does not notice, not even SIGKILL from its own namespace.
    const program = written === undefined ? undefined : programOf(view.world(), present(), written, false)
    if (alive === undefined || signal === 'KILL' || signal === 'HUP' || program?.terminatesWith === undefined) return undefined
    submit({
      kind: 'ContainerExited',
      podUid: uid,
      container,
      exitCode: program.terminatesWith,
      reason: program.terminatesWith === 0 ? 'Completed' : 'Error',
      unexpected: true,
    })
    return undefined
  }
  const tools = {
    place: { view, node: processes.node, podUid: uid },
    settings: () => resolverSettingsOf(files.read('/etc/resolv.conf') ?? '', files.read('/etc/hosts') ?? ''),
    library: userland.library,
  }
  const programs: ReadonlyMap<string, Program> = new Map(
    Object.entries({
      ...basePrograms,
      ...systemPrograms({
        hostname: () => hostnameOf(present()),
        fullName: () => fullNameOf(present(), view.world().settings.clusterDomain) ?? hostnameOf(present()),
        address: () => processesOf(view.world(), uid)?.sandbox?.address,
        processes: running,
        mounts,
        kill,
        kernel: kernelRelease,
        user: 'root',
      }),
      ...networkPrograms(tools),
      ...dnsPrograms(tools, userland.lookup),
    }),
  )
  const environment = written === undefined ? {} : environmentOf(pod, written, view.reader(), image?.environment ?? {})
  const hostname = (): string => hostnameOf(present())
  return {
    flavour: userland.flavour,
    files,
    now: view.now,
    environment,
    directory: written?.workingDir ?? image?.workingDirectory ?? '/',
    user: 'root',
    hostname,
    program: (program) => (userland.has(program) ? programs.get(program) : undefined),
    refusal: () => undefined,
    promptOf: (flavour, directory) => promptIn(flavour, directory, hostname()),
    isAlive: () => current()?.process.attempt === process.attempt && machineHasPower(view, processes.node),
  }
}

const machineHasPower = (view: ClusterView, node: string): boolean => getAt(view.world().machines, node)?.power !== 'off'

const homeAsTilde = (directory: string): string =>
  directory === '/root' ? '~' : directory.startsWith('/root/') ? `~${directory.slice('/root'.length)}` : directory

const promptIn = (flavour: ShellFlavour, directory: string, hostname: string): string => {
  if (flavour === 'busybox') return `${homeAsTilde(directory)} # `
  return flavour === 'dash' ? '# ' : `root@${hostname}:${homeAsTilde(directory)}# `
}

/** `nfs:server/path` is mounted from `server:/path`; a disk from a device. */
const sourceOfAsset = (asset: string): { readonly source: string; readonly type: string } => {
  const colon = asset.indexOf(':')
  const [sort, rest] = [asset.slice(0, colon), asset.slice(colon + 1)]
  if (sort === 'nfs') {
    const slash = rest.indexOf('/')
    return { source: slash < 0 ? rest : `${rest.slice(0, slash)}:${rest.slice(slash)}`, type: 'nfs4' }
  }
  return sort === 'disk' ? { source: '/dev/vdb', type: 'ext4' } : { source: '/dev/vda1', type: 'ext4' }
}

export const refusalOf = (name: string): string | undefined => {
  const reason = refusedPrograms[name]
  return reason === undefined ? undefined : `${name}: ${reason}`
}
