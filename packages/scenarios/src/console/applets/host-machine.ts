/**
 * The user's own machine, and the nodes as `ssh` reaches them. The user's machine stands beside the nodes: it reaches node, Pod and cluster
 * addresses, has the shares of the file servers at their own paths, and a folder with the scenario's files, over which it may write.
 */
import { actOnWorld, entriesOf, getAt, machineOf, valuesOf, type Simulation, type SimTime } from '@statefold/core'
import type { ConsoleFiles } from '../cluster-console.js'
import { pathFrom, problems, type Machine, type MachineFiles, type Program } from '../shell/machine.js'
import { awk } from './awk.js'
import { kernelRelease, refusalOf } from './container-machine.js'
import { dnsPrograms } from './dns-programs.js'
import { filePrograms } from './file-programs.js'
import { resolverSettingsOf, type ClusterView } from './network.js'
import { networkPrograms } from './network-programs.js'
import { sed } from './sed.js'
import { systemPrograms } from './system-programs.js'
import { textPrograms } from './text-programs.js'

const homeFolder = '/root'

type Entry =
  | { readonly kind: 'file'; readonly content: string; readonly at: SimTime }
  | { readonly kind: 'folder' | 'gone'; readonly at: SimTime }

const usualFolders: readonly string[] = ['/', '/root', '/home', '/tmp', '/etc', '/var', '/mnt', '/usr', '/opt', '/dev']

/** Folders of storage that the machine sees: where each stands and the asset behind it. */
type Shares = () => readonly { readonly at: string; readonly asset: string }[]

const isUnder = (path: string, folder: string): boolean => folder === '/' || path === folder || path.startsWith(`${folder}/`)
const parentOf = (path: string): string => path.slice(0, Math.max(1, path.lastIndexOf('/')))

interface HostFiles {
  readonly simulation: Simulation
  readonly shares: Shares
  /** Files that are there, by absolute path; read only, written over. */
  readonly given: ConsoleFiles | undefined
  readonly generated: () => Readonly<Record<string, string>>
}

const hostFiles = ({ simulation, shares, given, generated }: HostFiles): MachineFiles => {
  const own = new Map<string, Entry>()
  const world = (): ReturnType<Simulation['state']>['cluster']['world'] => simulation.state().cluster.world
  const relative = (path: string): string | undefined =>
    path === homeFolder ? '.' : path.startsWith(`${homeFolder}/`) ? path.slice(homeFolder.length + 1) : undefined
  const shareAt = (path: string): { readonly at: string; readonly asset: string } | undefined =>
    [...shares()].sort((a, b) => b.at.length - a.at.length).find(({ at }) => isUnder(path, at))
  const read = (path: string): string | undefined => {
    const share = shareAt(path)
    if (share !== undefined) {
      const asset = getAt(world().assets, share.asset)
      const entry = asset === undefined ? undefined : getAt(asset.files, path.slice(share.at.length) || '/')
      return entry?.kind === 'file' ? entry.content : undefined
    }
    const entry = own.get(path)
    if (entry !== undefined) return entry.kind === 'file' ? entry.content : undefined
    const name = relative(path)
    return (name === undefined || name === '.' ? undefined : given?.readFile(name)) ?? generated()[path]
  }
  const list = (folder: string): readonly string[] | undefined => {
    const names = new Set<string>()
    const prefix = folder === '/' ? '/' : `${folder}/`
    let exists = usualFolders.includes(folder)
    const add = (path: string, isFolder: boolean): void => {
      if (path === folder && isFolder) exists = true
      if (!path.startsWith(prefix) || path === folder) return
      exists = true
      const rest = path.slice(prefix.length)
      const slash = rest.indexOf('/')
      names.add(slash >= 0 ? rest.slice(0, slash + 1) : isFolder ? `${rest}/` : rest)
    }
    for (const usual of usualFolders) add(usual, true)
    for (const path of Object.keys(generated())) add(path, false)
    for (const { at, asset } of shares()) {
      add(at, true)
      if (!isUnder(folder, at)) continue
      const stored = getAt(world().assets, asset)
      if (stored !== undefined)
        for (const [path, { kind }] of entriesOf(stored.files))
          if (kind !== 'removed') add(`${at}${path === '/' ? '' : path}`, kind === 'directory')
    }
    const name = relative(folder)
    const listed = name === undefined ? undefined : given?.listFiles(name)
    if (listed !== undefined) {
      exists = true
      for (const child of listed) {
        const bare = child.replace(/\/$/, '')
        names.add(child.endsWith('/') || given?.listFiles(name === '.' ? bare : `${name ?? ''}/${bare}`) !== undefined ? `${bare}/` : bare)
      }
    }
    for (const [path, { kind }] of own) if (kind !== 'gone') add(path, kind === 'folder')
    for (const [path, { kind }] of own) {
      if (kind !== 'gone' || parentOf(path) !== folder) continue
      names.delete(path.slice(prefix.length))
      names.delete(`${path.slice(prefix.length)}/`)
    }
    if (own.get(folder)?.kind === 'gone') return undefined
    return exists
      ? [...names].filter((child) => child.endsWith('/') || !names.has(`${child}/`)).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      : undefined
  }
  const writeProblem = (path: string): string | undefined => {
    if (read(path) === undefined && list(path) !== undefined) return problems.isFolder
    const parent = parentOf(path)
    if (list(parent) !== undefined) return undefined
    return read(parent) === undefined ? problems.none : problems.notFolder
  }
  const act = (
    share: { readonly at: string; readonly asset: string },
    path: string,
    kind: 'FileRemoved' | 'DirectoryCreated',
  ): undefined => {
    simulation.submit(actOnWorld({ kind, asset: share.asset, path: path.slice(share.at.length) || '/' }))
  }
  const remove = (path: string): string | undefined => {
    if (read(path) === undefined && list(path) === undefined) return problems.none
    const share = shareAt(path)
    if (share !== undefined) return share.at === path ? 'Device or resource busy' : act(share, path, 'FileRemoved')
    for (const name of list(path) ?? []) remove(pathFrom(path, name.replace(/\/$/, '')))
    own.set(path, { kind: 'gone', at: simulation.now() })
    return undefined
  }
  return {
    read,
    list,
    writeProblem,
    remove,
    write: (path, content) => {
      const problem = writeProblem(path)
      if (problem !== undefined) return problem
      const share = shareAt(path)
      if (share === undefined) own.set(path, { kind: 'file', content, at: simulation.now() })
      else simulation.submit(actOnWorld({ kind: 'FileWritten', asset: share.asset, path: path.slice(share.at.length) || '/', content }))
      return undefined
    },
    makeFolder: (path) => {
      if (read(path) !== undefined || list(path) !== undefined) return problems.exists
      if (list(parentOf(path)) === undefined) return problems.none
      const share = shareAt(path)
      if (share !== undefined) return act(share, path, 'DirectoryCreated')
      own.set(path, { kind: 'folder', at: simulation.now() })
      return undefined
    },
    modifiedAt: (path) => {
      const share = shareAt(path)
      const asset = share === undefined ? undefined : getAt(world().assets, share.asset)
      return share !== undefined && asset !== undefined ? getAt(asset.files, path.slice(share.at.length) || '/')?.at : own.get(path)?.at
    },
  }
}

/** `nfs:server/path` stands at `/path`; where two servers share one path, the first by name. */
const nfsShares =
  (simulation: Simulation): Shares =>
  () => {
    const seen = new Set<string>()
    return entriesOf(simulation.state().cluster.world.assets)
      .map(([asset]) => asset)
      .filter((asset) => asset.startsWith('nfs:'))
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .flatMap((asset) => {
        const slash = asset.indexOf('/')
        const at = slash < 0 ? '' : pathFrom('/', asset.slice(slash))
        if (at === '' || at === '/' || seen.has(at)) return []
        seen.add(at)
        return [{ at, asset }]
      })
  }

const nodeShares =
  (simulation: Simulation, node: string): Shares =>
  () =>
    entriesOf(simulation.state().cluster.world.assets)
      .map(([asset]) => asset)
      .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
      .flatMap((asset) => {
        const prefix = [`host:${node}`, `local:${node}`].find((candidate) => asset.startsWith(`${candidate}/`))
        const at = prefix === undefined ? '/' : pathFrom('/', asset.slice(prefix.length))
        return at === '/' ? [] : [{ at, asset }]
      })

interface HostParts {
  readonly simulation: Simulation
  readonly view: ClusterView
  readonly node: string | undefined
  readonly files: MachineFiles
  readonly programs: Readonly<Record<string, Program>>
  readonly hostname: string
}

const host = ({ view, node, files, programs: extra, hostname }: HostParts): Machine => {
  const tools = {
    place: { view, node, podUid: undefined },
    settings: () => resolverSettingsOf(files.read('/etc/resolv.conf') ?? '', files.read('/etc/hosts') ?? ''),
    library: 'glibc' as const,
  }
  const address = (): string | undefined => (node === undefined ? undefined : machineOf(view.world(), node)?.address)
  const programs: ReadonlyMap<string, Program> = new Map(
    Object.entries({
      ...textPrograms,
      ...filePrograms,
      awk,
      sed,
      ...systemPrograms({
        hostname: () => hostname,
        fullName: () => hostname,
        address,
        processes: () => [{ pid: 1, command: '/sbin/init' }],
        mounts: () => [{ source: '/dev/vda1', at: '/', type: 'ext4', options: 'rw,relatime', sizeKb: 104_857_600, usedKb: 8_388_608 }],
        kill: (pid) => (pid === 1 ? 'Operation not permitted' : 'No such process'),
        kernel: kernelRelease,
        user: 'root',
      }),
      ...networkPrograms(tools),
      ...dnsPrograms(tools, { kind: 'bind' }),
      ...extra,
    }),
  )
  return {
    flavour: 'bash',
    files,
    now: view.now,
    environment: {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: homeFolder,
      USER: 'root',
      HOSTNAME: hostname,
      SHELL: '/bin/bash',
    },
    directory: homeFolder,
    user: 'root',
    hostname: () => hostname,
    program: (name) => programs.get(name),
    refusal: refusalOf,
    promptOf: (_flavour, directory) =>
      node === undefined ? '$ ' : `[root@${hostname} ${directory === homeFolder ? '~' : (directory.split('/').at(-1) ?? '')}]# `,
  }
}

const hostsText = (view: ClusterView): string =>
  `127.0.0.1\tlocalhost\n${valuesOf(view.world().machines)
    .map(({ address, node }) => `${address}\t${node}\n`)
    .join('')}`

export interface WorkstationParts {
  readonly simulation: Simulation
  readonly view: ClusterView
  readonly files: ConsoleFiles
  readonly kubectl: Program
}

export const workstation = ({ simulation, view, files: given, kubectl }: WorkstationParts): Machine => {
  const generated = (): Readonly<Record<string, string>> => ({ '/etc/hosts': hostsText(view), '/etc/hostname': 'console\n' })
  const files = hostFiles({ simulation, shares: nfsShares(simulation), given, generated })
  return host({ simulation, view, node: undefined, files, programs: { kubectl, ssh: ssh(simulation, view) }, hostname: 'console' })
}

const nodeMachine = (simulation: Simulation, view: ClusterView, node: string): Machine => {
  const { dnsAddress } = view.world().settings
  const generated = (): Readonly<Record<string, string>> => ({
    '/etc/hosts': hostsText(view),
    '/etc/hostname': `${node}\n`,
    '/etc/os-release': `# cluster DNS: ${dnsAddress}\nNAME="Debian GNU/Linux"\n`,
  })
  return host({
    simulation,
    view,
    node,
    files: hostFiles({ simulation, shares: nodeShares(simulation, node), given: undefined, generated }),
    programs: {},
    hostname: node,
  })
}

const sshPatienceMs = 131_000

/** `ssh NODE [command]`: what the node's own folders hold, and the network as it sees it. */
const ssh = (simulation: Simulation, view: ClusterView): Program => {
  const machines = new Map<string, Machine>()
  return function* (call) {
    const words = call.args.filter((word, index) => !word.startsWith('-') && !['-o', '-i', '-p', '-l'].includes(call.args[index - 1] ?? ''))
    const [target = '', ...command] = words
    const name = target.replace(/^.*@/, '')
    const found = valuesOf(view.world().machines).find(({ node, address }) => node === name || address === name)
    if (found === undefined) {
      call.streams.stderr(`ssh: Could not resolve hostname ${name}: Name or service not known\n`)
      return 255
    }
    if (found.power === 'off' || found.network === 'partitioned') {
      yield { kind: 'sleep', ms: sshPatienceMs }
      call.streams.stderr(`ssh: connect to host ${name} port 22: ${found.power === 'off' ? 'No route to host' : 'Connection timed out'}\n`)
      return 255
    }
    const machine = machines.get(found.node) ?? nodeMachine(simulation, view, found.node)
    machines.set(found.node, machine)
    const shell = machine.program('bash')
    if (shell === undefined) return 255
    return yield* shell({
      ...call,
      name: 'bash',
      args: command.length === 0 ? [] : ['-c', command.join(' ')],
      machine,
      files: machine.files,
      directory: machine.directory,
      environment: machine.environment,
    })
  }
}
