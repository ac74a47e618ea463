/**
 * What is physically so, beside the API objects, and it may disagree with them: machines, sandboxes and processes, images, bytes in
 * storage, attached disks, and behaviours in force. Plain data; `reduceWorld` is the only thing that makes a new one.
 */
import type { Behaviour, BehaviourKind, MountedVolume, MountPoint, ProbeSort, WorldEvent } from './world-events.js'
import type { Json, JsonObject } from '../kernel/json.js'
import { emptyMap, entriesOf, fromEntries, getAt, keysOf, type PersistentMap } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'

/** Asks for a physical fact: faults, the console, kubelets and other machines do. */
export interface WorldCommand {
  readonly kind: 'ActOnWorld'
  readonly event: WorldEvent
}

export const actOnWorld = (event: WorldEvent): WorldCommand => ({ kind: 'ActOnWorld', event })

/** Which kubelet the machines run: the real one's rules, or the small one of the recordings (`conform` only). */
export type KubeletProfile = 'kubelet' | 'recorded'

/** What the program in an image does. Patterns match the whole image reference; the first entry that matches counts. */
export interface ImageBehaviour {
  readonly images: string
  readonly sizeBytes?: number
  readonly pullMs?: number
  /** Why it cannot be pulled. */
  readonly unpullable?: string
  /** From the start of the process until it answers. */
  readonly answersAfterMs?: number
  /** From SIGTERM to the end of the process. */
  readonly stopMs?: number
  /** How it ends on SIGTERM; 'ignores' waits for SIGKILL, as a shell or `sleep` does as process 1. Default 0. */
  readonly onTerminate?: number | 'ignores'
  /** Ends by itself. */
  readonly exits?: { readonly afterMs: number; readonly exitCode: number }
  /** Open ports beyond those that the container declares. */
  readonly listens?: readonly number[]
  /** Serves the files below this folder over HTTP, and these fixed answers first. */
  readonly http?: {
    readonly documentRoot?: string
    readonly routes?: { readonly [path: string]: { readonly status: number; readonly body: string } }
    readonly server?: string
  }
  /** The image layer: files by absolute path. */
  readonly files?: { readonly [path: string]: string }
  readonly environment?: { readonly [name: string]: string }
  readonly workingDirectory?: string
}

/** Lowest and highest, both possible; drawn for each container. */
export interface MsRange {
  readonly min: number
  readonly max: number
}

export interface WorldSettings {
  readonly profile: KubeletProfile
  readonly latencies: {
    /** For an image that is not on the node, unless its behaviour says otherwise. */
    readonly imagePullMs: number
    readonly sandboxMs: number
    readonly containerStartMs: MsRange
    /** From SIGTERM to the end. */
    readonly containerStopMs: MsRange
    /** From the end of the last container to the removal of the object (unmounting and cleaning). */
    readonly podCleanUpMs: number
    readonly attachMs: number
    readonly detachMs: number
    readonly provisionMs: number
  }
  readonly images: readonly ImageBehaviour[]
  /** False: every image is on every node from the start (unless it is unpullable). */
  readonly imagesMustBePulled: boolean
  /**
   * `shared`: one ascending row of addresses for the whole cluster, as in the recordings. `perNode`: each node has a /24 of the network,
   * in the order in which machines were added.
   */
  readonly podAddresses: { readonly kind: 'shared' | 'perNode'; readonly first: string }
  readonly heartbeatMs: number
  readonly clusterDomain: string
  readonly dnsAddress: string
}

/** The small kubelet's world: `conformance/README.md`, "The recorded cluster". */
export const recordedSettings: WorldSettings = {
  profile: 'recorded',
  latencies: {
    imagePullMs: 0,
    sandboxMs: 0,
    containerStartMs: { min: 300, max: 300 },
    containerStopMs: { min: 200, max: 200 },
    podCleanUpMs: 10,
    attachMs: 0,
    detachMs: 0,
    provisionMs: 24,
  },
  images: [{ images: '*:*no-such*', unpullable: 'not found' }],
  imagesMustBePulled: false,
  podAddresses: { kind: 'shared', first: '10.244.0.3' },
  heartbeatMs: 1_000,
  clusterDomain: 'cluster.local',
  dnsAddress: '10.96.0.10',
}

export type Power = 'on' | 'off'

export interface Machine {
  readonly node: string
  readonly address: string
  /** 0, 1, 2 … in the order in which machines were added. */
  readonly index: number
  readonly labels: { readonly [key: string]: string }
  readonly capacity: { readonly [resource: string]: string }
  readonly power: Power
  readonly kubelet: 'running' | 'hung'
  readonly network: 'connected' | 'partitioned'
  /** Counts the starts of its kubelet: a new one registers the Node again if it is gone. */
  readonly boots: number
  /** Heartbeats come every `heartbeatMs` from here on … */
  readonly heartbeatsFrom: SimTime
  /** … until here. */
  readonly heartbeatsLost: SimTime | undefined
  /** Uids of the Pods that have something on the machine. */
  readonly pods: PersistentMap<true>
  readonly images: PersistentMap<true>
  /** The number of the last Pod address given out (`perNode`). */
  readonly lastAddress: number
}

export interface ProbeState {
  readonly succeeded: boolean
  readonly inARow: number
  /** What the kubelet believes: changes only when a threshold is reached. */
  readonly verdict: boolean
  readonly at: SimTime
}

export interface FinishedProcess {
  readonly startedAt: SimTime | undefined
  readonly finishedAt: SimTime
  readonly exitCode: number
  readonly reason: string
  readonly message?: string
  /** Which process of the container it was. */
  readonly attempt: number
}

/** One container of a Pod and its present process. */
export interface ContainerProcess {
  readonly name: string
  readonly image: string
  readonly state: 'waiting' | 'pulling' | 'creating' | 'running' | 'exited'
  /** 0 for the first process, one more for each that follows: the restart count. */
  readonly attempt: number
  /** How many processes have ended. */
  readonly exits: number
  /** Of a process that is being created. */
  readonly startsAt: SimTime | undefined
  readonly startedAt: SimTime | undefined
  /** Of a process that was told to stop. */
  readonly exitsAt: SimTime | undefined
  readonly exitsWith: number | undefined
  /** How the present process ended. */
  readonly finished: FinishedProcess | undefined
  /** How the one before ended. */
  readonly lastFinished: FinishedProcess | undefined
  /** Crash loop back-off: the present delay and when it was last raised. */
  readonly backOff: { readonly delayMs: number; readonly at: SimTime } | undefined
  readonly pull: ImagePull | undefined
  readonly refused: { readonly reason: string; readonly message: string; readonly at: SimTime } | undefined
  readonly probes: { readonly [sort in ProbeSort]?: ProbeState }
  readonly mounts: readonly MountPoint[]
}

export interface ImagePull {
  readonly startedAt: SimTime
  readonly endsAt: SimTime
  readonly failedAt?: SimTime
  readonly message?: string
  /** Delay until the next attempt, counted from the failure. */
  readonly backOffMs?: number
}

/** What exists of one Pod on the machine it was bound to. Lives on when the object is gone. */
export interface PodProcesses {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly seenAt: SimTime
  readonly sandbox: Sandbox | undefined
  /** Sandboxes so far. */
  readonly sandboxes: number
  readonly restartPolicy: string
  readonly volumes: readonly MountedVolume[]
  readonly containers: readonly ContainerProcess[]
  readonly termination: { readonly since: SimTime; readonly killAt: SimTime } | undefined
}

export interface Sandbox {
  readonly address: string
  readonly createdAt: SimTime
  readonly readyAt: SimTime
  /** False when the machine lost power since: it must be made anew. */
  readonly alive: boolean
  readonly hostNetwork: boolean
}

/** A file with its content, a directory that was made, or the mark of a file that was removed from an image layer. */
export type FileEntry =
  | { readonly kind: 'file'; readonly content: string; readonly at: SimTime }
  | { readonly kind: 'directory' | 'removed'; readonly at: SimTime }

export interface Asset {
  readonly capacityBytes?: number
  readonly files: PersistentMap<FileEntry>
}

/** A behaviour in force; `exempt` marks a name inside a wider pattern for which it was cleared. The later of two that match counts. */
export interface StandingBehaviour {
  readonly behaviour: Behaviour
  readonly exempt: boolean
}

export interface World {
  readonly settings: WorldSettings
  readonly machines: PersistentMap<Machine>
  /** By Pod uid. */
  readonly pods: PersistentMap<PodProcesses>
  /** Address → Pod uid, of sandboxes that are alive. */
  readonly addresses: PersistentMap<string>
  readonly assets: PersistentMap<Asset>
  /** Volume → the nodes it is attached to. */
  readonly attachments: PersistentMap<readonly string[]>
  readonly behaviours: readonly StandingBehaviour[]
  /** The number of the last Pod address given out (`shared`). */
  readonly lastAddress: number
  readonly machinesAdded: number
}

export const initialWorld = (settings: WorldSettings): World => ({
  settings,
  machines: emptyMap(),
  pods: emptyMap(),
  addresses: emptyMap(),
  assets: emptyMap(),
  attachments: emptyMap(),
  behaviours: [],
  lastAddress: 0,
  machinesAdded: 0,
})

export const machineOf = (world: World, node: string): Machine | undefined => getAt(world.machines, node)
export const processesOf = (world: World, podUid: string): PodProcesses | undefined => getAt(world.pods, podUid)
export const containerOf = (processes: PodProcesses | undefined, name: string): ContainerProcess | undefined =>
  processes?.containers.find((container) => container.name === name)

/** Processes run and the kubelet looks after them. */
export const kubeletWorks = (machine: Machine): boolean => machine.power === 'on' && machine.kubelet === 'running'
/** The kubelet can talk to the API server. */
export const kubeletReachesApi = (machine: Machine): boolean => kubeletWorks(machine) && machine.network === 'connected'
/** Packets from other machines arrive at the machine's Pods. */
export const machineIsReachable = (machine: Machine): boolean => machine.power === 'on' && machine.network === 'connected'

/**
 * When the control plane last heard from the node's kubelet: the renewals of its Lease, as a function of the facts instead of as writes.
 * Undefined for a machine that never reported.
 */
export const lastHeartbeatOf = (world: World, node: string, now: SimTime): SimTime | undefined => {
  const machine = getAt(world.machines, node)
  if (machine === undefined) return undefined
  const until = machine.heartbeatsLost ?? now
  const { heartbeatMs } = world.settings
  return machine.heartbeatsFrom + Math.max(0, Math.floor((until - machine.heartbeatsFrom) / heartbeatMs)) * heartbeatMs
}

/** Whose process answers at the address, if any. */
export const podAtAddress = (world: World, address: string): PodProcesses | undefined => {
  const uid = getAt(world.addresses, address)
  return uid === undefined ? undefined : getAt(world.pods, uid)
}

export const attachedNodesOf = (world: World, volume: string): readonly string[] => getAt(world.attachments, volume) ?? []
export const isAttached = (world: World, volume: string, node: string): boolean => attachedNodesOf(world, volume).includes(node)

/** Attachable volumes (`disk:`) that Pods on the machine have mounted, sorted: what the kubelet reports as volumesInUse. */
export const disksInUseOn = (world: World, node: string): readonly string[] => {
  const machine = getAt(world.machines, node)
  if (machine === undefined) return []
  const disks = new Set<string>()
  for (const uid of keysOf(machine.pods)) {
    for (const { asset } of getAt(world.pods, uid)?.volumes ?? []) if (asset.startsWith('disk:')) disks.add(asset.slice('disk:'.length))
  }
  return [...disks].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
}

/** The writable layer of a container's present process. */
export const layerOf = (podUid: string, container: string, attempt: number): string => `layer:${podUid}/${container}/${attempt}`

/** Shell patterns with `*` and `?`, as in path.Match (without brackets). */
export const matchesPattern = (pattern: string, text: string): boolean => {
  let patternAt = 0
  let textAt = 0
  let star = -1
  let resumeAt = 0
  while (textAt < text.length) {
    const wanted = pattern[patternAt]
    if (wanted === '*') {
      star = patternAt
      patternAt += 1
      resumeAt = textAt
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[textAt])) {
      patternAt += 1
      textAt += 1
    } else if (star >= 0) {
      patternAt = star + 1
      resumeAt += 1
      textAt = resumeAt
    } else return false
  }
  while (pattern[patternAt] === '*') patternAt += 1
  return patternAt === pattern.length
}

/** The pattern a behaviour was set with. */
export const targetOf = (behaviour: Behaviour): string =>
  'pods' in behaviour
    ? behaviour.pods
    : 'images' in behaviour
      ? behaviour.images
      : 'volumes' in behaviour
        ? behaviour.volumes
        : behaviour.provisioners

const findBehaviour = <K extends BehaviourKind>(
  world: World,
  kind: K,
  matches: (behaviour: Extract<Behaviour, { kind: K }>) => boolean,
): Extract<Behaviour, { kind: K }> | undefined => {
  for (let index = world.behaviours.length - 1; index >= 0; index -= 1) {
    const standing = world.behaviours[index]
    if (standing === undefined || standing.behaviour.kind !== kind) continue
    // The tag says which member of the union it is.
    const behaviour = standing.behaviour as Extract<Behaviour, { kind: K }>
    if (matches(behaviour)) return standing.exempt ? undefined : behaviour
  }
  return undefined
}

export type PodBehaviourKind = Extract<Behaviour, { pods: string }>['kind']

const podMatches = (pattern: string, namespace: string, name: string): boolean =>
  pattern.includes('/') ? matchesPattern(pattern, `${namespace}/${name}`) : matchesPattern(pattern, name)

/** The behaviour of that kind in force for a Pod (and, if given, for one of its containers). */
export const podBehaviour = <K extends PodBehaviourKind>(
  world: World,
  kind: K,
  pod: { readonly namespace: string; readonly name: string },
  container?: string,
  where?: (behaviour: Extract<Behaviour, { kind: K }>) => boolean,
): Extract<Behaviour, { kind: K }> | undefined =>
  world.behaviours.length === 0
    ? undefined
    : findBehaviour(
        world,
        kind,
        (behaviour) =>
          podMatches(targetOf(behaviour), pod.namespace, pod.name) &&
          (container === undefined ||
            !('container' in behaviour) ||
            behaviour.container === undefined ||
            behaviour.container === container) &&
          (where === undefined || where(behaviour)),
      )

/** `names`: all by which the thing is known, such as a volume's name and its handle. */
export const storageBehaviour = <K extends 'ProvisionerFailing' | 'ProvisionerDelayed' | 'AttachStuck' | 'DetachStuck'>(
  world: World,
  kind: K,
  names: readonly string[],
  node?: string,
): Extract<Behaviour, { kind: K }> | undefined =>
  world.behaviours.length === 0
    ? undefined
    : findBehaviour(
        world,
        kind,
        (behaviour) =>
          names.some((name) => matchesPattern(targetOf(behaviour), name)) &&
          (node === undefined || !('node' in behaviour) || behaviour.node === undefined || behaviour.node === node),
      )

/** What is known of the program in an image. */
export const imageBehaviourOf = (world: World, image: string): ImageBehaviour | undefined =>
  world.settings.images.find(({ images }) => matchesPattern(images, image))

/** Why the image cannot be pulled, or undefined. */
export const pullRefusalOf = (world: World, image: string): string | undefined => {
  const behaviour = findBehaviour(world, 'ImageUnpullable', ({ images }) => matchesPattern(images, image))
  return behaviour === undefined ? imageBehaviourOf(world, image)?.unpullable : (behaviour.message ?? 'not found')
}

export const pullMsOf = (world: World, image: string): number =>
  (imageBehaviourOf(world, image)?.pullMs ?? world.settings.latencies.imagePullMs) +
  (findBehaviour(world, 'ImagePullDelayed', ({ images }) => matchesPattern(images, image))?.byMs ?? 0)

const recordOf = <V>(map: PersistentMap<V>, encode: (value: V) => Json): JsonObject =>
  Object.fromEntries(entriesOf(map).map(([key, value]) => [key, encode(value)]))
const mapOf = <V>(record: JsonObject, decode: (value: Json) => V): PersistentMap<V> =>
  fromEntries(Object.entries(record).flatMap(([key, value]) => (value === undefined ? [] : [[key, decode(value)] as const])))

/** The world as JSON, for snapshots and hashes; `worldOfJson` is its inverse. Fields are written as they are, maps as records in the order of their keys. */
export const jsonOfWorld = (world: World): JsonObject => ({
  // The casts say: these are plain data without functions (their types are interfaces, which TypeScript does not take for JSON).
  ...(world as unknown as JsonObject),
  machines: recordOf(world.machines, (machine) => ({
    ...(machine as unknown as JsonObject),
    pods: recordOf(machine.pods, () => true),
    images: recordOf(machine.images, () => true),
  })),
  pods: recordOf(world.pods, (processes) => processes as unknown as Json),
  addresses: recordOf(world.addresses, (uid) => uid),
  assets: recordOf(world.assets, (asset) => ({
    ...(asset as unknown as JsonObject),
    files: recordOf(asset.files, (entry) => entry as unknown as Json),
  })),
  attachments: recordOf(world.attachments, (nodes) => nodes),
})

/** Only for what `jsonOfWorld` wrote: a snapshot is checked by its digest, not by its shape. Absent fields come back as absent. */
export const worldOfJson = (json: JsonObject): World => {
  const fieldOf = (record: JsonObject, name: string): JsonObject => (record[name] ?? {}) as JsonObject
  return {
    ...(json as unknown as World),
    machines: mapOf(fieldOf(json, 'machines'), (machine) => ({
      ...(machine as unknown as Machine),
      pods: mapOf(fieldOf(machine as JsonObject, 'pods'), () => true as const),
      images: mapOf(fieldOf(machine as JsonObject, 'images'), () => true as const),
    })),
    pods: mapOf(fieldOf(json, 'pods'), (processes) => processes as unknown as PodProcesses),
    addresses: mapOf(fieldOf(json, 'addresses'), (uid) => uid as string),
    assets: mapOf(fieldOf(json, 'assets'), (asset) => ({
      ...(asset as unknown as Asset),
      files: mapOf(fieldOf(asset as JsonObject, 'files'), (entry) => entry as unknown as FileEntry),
    })),
    attachments: mapOf(fieldOf(json, 'attachments'), (nodes) => nodes as readonly string[]),
  }
}
