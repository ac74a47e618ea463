/** One physical fact into the next world. Total; an impossible fact (a process that ends twice) is our own bug and asserts. */
import type { WorldEvent } from './world-events.js'
import {
  layerOf,
  matchesPattern,
  targetOf,
  type Asset,
  type ContainerProcess,
  type FileEntry,
  type FinishedProcess,
  type Machine,
  type PodProcesses,
  type World,
} from './world.js'
import { assert, unreachable } from '../kernel/assert.js'
import { emptyMap, forEachEntry, getAt, keysOf, removeAt, setAt, type PersistentMap } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'

/** Crash loop back-off. Follows client-go/util/flowcontrol/backoff.go with the kubelet's 10 s and 300 s (pkg/kubelet/kubelet.go). */
const backOffFirstMs = 10_000
export const backOffMaxMs = 300_000

interface Step {
  readonly before: World
  readonly event: WorldEvent
  readonly at: SimTime
  readonly after: World
}
let last: Step | undefined

/** (The last answer is kept: a plan that has just acted asks for the world that the engine has just made of it.) */
export const reduceWorld = (world: World, event: WorldEvent, at: SimTime): World => {
  if (last !== undefined && last.before === world && last.event === event && last.at === at) return last.after
  const after = worldAfter(world, event, at)
  last = { before: world, event, at, after }
  return after
}

const worldAfter = (world: World, event: WorldEvent, at: SimTime): World => {
  switch (event.kind) {
    case 'MachineAdded':
      assert(getAt(world.machines, event.node) === undefined, () => `machine ${event.node} was added twice`)
      return {
        ...world,
        machinesAdded: world.machinesAdded + 1,
        machines: setAt(world.machines, event.node, {
          node: event.node,
          address: event.address,
          index: world.machinesAdded,
          labels: event.labels ?? {},
          capacity: event.capacity ?? {},
          power: 'on',
          kubelet: 'running',
          network: 'connected',
          boots: 1,
          heartbeatsFrom: at,
          heartbeatsLost: undefined,
          pods: emptyMap(),
          images: emptyMap(),
          lastAddress: 0,
        }),
      }
    case 'MachineRemoved':
      return removeMachine(world, event.node)
    case 'NodeCrashed':
      return withMachine(loseProcesses(world, event.node, at), event.node, (machine) => silent({ ...machine, power: 'off' }, at))
    case 'NodeRestarted':
      return withMachine(loseProcesses(world, event.node, at), event.node, (machine) =>
        heard({ ...machine, power: 'on', kubelet: 'running', boots: machine.boots + 1 }, at, true),
      )
    case 'NodePartitioned':
      return withMachine(world, event.node, (machine) => silent({ ...machine, network: 'partitioned' }, at))
    case 'NodeReconnected':
      return withMachine(world, event.node, (machine) => heard({ ...machine, network: 'connected' }, at, false))
    case 'KubeletHung':
      return withMachine(world, event.node, (machine) => silent({ ...machine, kubelet: 'hung' }, at))
    case 'KubeletResumed':
      return withMachine(world, event.node, (machine) => heard({ ...machine, kubelet: 'running' }, at, false))
    case 'VolumesAwaited':
      return getAt(world.pods, event.podUid) === undefined ? addPod(world, newPod(event, at)) : world
    case 'SandboxCreated':
      return createSandbox(world, event, at)
    case 'SandboxRemoved':
      return removePod(world, event.podUid)
    case 'ImagePullStarted':
      return withContainer(world, event.podUid, event.container, (container) => ({
        ...container,
        image: event.image,
        state: container.state === 'exited' ? 'exited' : 'pulling',
        pull: { ...container.pull, startedAt: at, endsAt: event.endsAt },
      }))
    case 'ImagePulled':
      return withMachine(world, event.node, (machine) => ({ ...machine, images: setAt(machine.images, event.image, true) }))
    case 'ImagePullFailed':
      return withContainer(world, event.podUid, event.container, (container) => ({
        ...container,
        image: event.image,
        state: container.state === 'exited' ? 'exited' : 'waiting',
        pull: {
          startedAt: container.pull?.startedAt ?? at,
          endsAt: at,
          failedAt: at,
          message: event.message,
          backOffMs: Math.min(backOffMaxMs, container.pull?.backOffMs === undefined ? backOffFirstMs : container.pull.backOffMs * 2),
        },
      }))
    case 'ContainerCreated':
      return createContainer(world, event, at)
    case 'ContainerStarted':
      return withContainer(world, event.podUid, event.container, (container) => {
        assert(container.state !== 'running', () => `container ${event.container} of ${event.podUid} started twice`)
        return { ...container, state: 'running', startedAt: at, startsAt: undefined }
      })
    case 'ContainerFound':
      return withContainer(world, event.podUid, event.container, (container) => foundContainer(container, event, at))
    case 'ContainerExited':
      return withContainer(world, event.podUid, event.container, (container) => {
        assert(container.state !== 'exited', () => `container ${event.container} of ${event.podUid} exited twice`)
        return exited(container, at, event.exitCode, event.reason, event.message)
      })
    case 'ContainerRefused':
      return withContainer(world, event.podUid, event.container, (container) => ({
        ...container,
        refused: { reason: event.reason, message: event.message, at },
      }))
    case 'TerminationStarted':
      return withPod(world, event.podUid, (processes) => ({
        ...processes,
        termination: { since: processes.termination?.since ?? at, killAt: event.killAt },
        containers: processes.containers.map((container) => {
          const exit = event.exits.find((candidate) => candidate.container === container.name)
          return exit === undefined ? container : { ...container, exitsAt: exit.exitsAt, exitsWith: exit.exitCode }
        }),
      }))
    case 'ProbeAnswered':
      return withContainer(world, event.podUid, event.container, (container) => ({
        ...container,
        probes: { ...container.probes, [event.probe]: { succeeded: event.succeeded, inARow: event.inARow, verdict: event.verdict, at } },
      }))
    case 'AssetCreated':
      return getAt(world.assets, event.asset) !== undefined
        ? world
        : {
            ...world,
            assets: setAt(world.assets, event.asset, {
              files: emptyMap(),
              ...(event.capacityBytes === undefined ? undefined : { capacityBytes: event.capacityBytes }),
            }),
          }
    case 'AssetGrown': {
      const asset = getAt(world.assets, event.asset)
      return asset === undefined
        ? world
        : { ...world, assets: setAt(world.assets, event.asset, { ...asset, capacityBytes: event.capacityBytes }) }
    }
    case 'AssetDeleted':
      return { ...world, assets: removeAt(world.assets, event.asset) }
    case 'FileWritten':
      return withFiles(world, event.asset, (files) => setAt(files, event.path, { kind: 'file', content: event.content, at }))
    case 'DirectoryCreated':
      return withFiles(world, event.asset, (files) => setAt(files, event.path, { kind: 'directory', at }))
    case 'FileRemoved':
      return withFiles(world, event.asset, (files) => withoutFile(files, event.path, event.asset.startsWith('layer:'), at))
    case 'VolumeAttached': {
      const nodes = getAt(world.attachments, event.volume) ?? []
      return nodes.includes(event.node) ? world : { ...world, attachments: setAt(world.attachments, event.volume, [...nodes, event.node]) }
    }
    case 'VolumeDetached': {
      const nodes = (getAt(world.attachments, event.volume) ?? []).filter((node) => node !== event.node)
      return {
        ...world,
        attachments: nodes.length === 0 ? removeAt(world.attachments, event.volume) : setAt(world.attachments, event.volume, nodes),
      }
    }
    case 'BehaviourSet':
      return {
        ...world,
        behaviours: [
          ...world.behaviours.filter(({ behaviour }) => !isSameBehaviour(behaviour, event.behaviour)),
          { behaviour: event.behaviour, exempt: false },
        ],
      }
    case 'BehaviourCleared':
      return clearBehaviour(world, event.behaviour, event.target)
    default:
      return unreachable(event)
  }
}

const withMachine = (world: World, node: string, change: (machine: Machine) => Machine): World => {
  const machine = getAt(world.machines, node)
  assert(machine !== undefined, () => `there is no machine ${node}`)
  return worldWith(world, setAt(world.machines, node, change(machine)), world.pods, world.addresses, world.assets)
}

/** All fields are listed, here and where processes change: copying by spreading costs several times as much, and every second fact is one of these. */
const worldWith = (
  world: World,
  machines: World['machines'],
  pods: World['pods'],
  addresses: World['addresses'],
  assets: World['assets'],
): World => ({
  settings: world.settings,
  machines,
  pods,
  addresses,
  assets,
  attachments: world.attachments,
  behaviours: world.behaviours,
  lastAddress: world.lastAddress,
  machinesAdded: world.machinesAdded,
})

const withPods = (world: World, pods: World['pods']): World => worldWith(world, world.machines, pods, world.addresses, world.assets)

const withContainers = (processes: PodProcesses, containers: PodProcesses['containers']): PodProcesses => ({
  uid: processes.uid,
  namespace: processes.namespace,
  name: processes.name,
  node: processes.node,
  seenAt: processes.seenAt,
  sandbox: processes.sandbox,
  sandboxes: processes.sandboxes,
  restartPolicy: processes.restartPolicy,
  volumes: processes.volumes,
  containers,
  termination: processes.termination,
})

const withPod = (world: World, podUid: string, change: (processes: PodProcesses) => PodProcesses): World => {
  const processes = getAt(world.pods, podUid)
  assert(processes !== undefined, () => `there is nothing of Pod ${podUid} on any machine`)
  return withPods(world, setAt(world.pods, podUid, change(processes)))
}

const newContainer = (name: string): ContainerProcess => ({
  name,
  image: '',
  state: 'waiting',
  attempt: 0,
  exits: 0,
  startsAt: undefined,
  startedAt: undefined,
  exitsAt: undefined,
  exitsWith: undefined,
  finished: undefined,
  lastFinished: undefined,
  backOff: undefined,
  pull: undefined,
  refused: undefined,
  probes: {},
  mounts: [],
})

const withContainer = (world: World, podUid: string, name: string, change: (container: ContainerProcess) => ContainerProcess): World =>
  withPod(world, podUid, (processes) => {
    const position = processes.containers.findIndex((container) => container.name === name)
    return withContainers(
      processes,
      position < 0
        ? [...processes.containers, change(newContainer(name))]
        : processes.containers.map((container, index) => (index === position ? change(container) : container)),
    )
  })

/** The kubelet is not heard any more from now on (if it was). */
const silent = (machine: Machine, at: SimTime): Machine =>
  machine.heartbeatsLost === undefined ? { ...machine, heartbeatsLost: at } : machine

const heard = (machine: Machine, at: SimTime, restarted: boolean): Machine => {
  if (machine.power === 'off' || machine.kubelet === 'hung' || machine.network === 'partitioned') return machine
  return machine.heartbeatsLost === undefined && !restarted ? machine : { ...machine, heartbeatsFrom: at, heartbeatsLost: undefined }
}

const foundContainer = (
  container: ContainerProcess,
  { image, attempt, startedAt, finished, lastFinished, backOffMs, isReady, mounts }: Extract<WorldEvent, { kind: 'ContainerFound' }>,
  at: SimTime,
): ContainerProcess => {
  const answered = { succeeded: true, inARow: 1, verdict: true, at }
  const ended = (end: typeof finished): FinishedProcess | undefined => (end === undefined ? undefined : { startedAt: undefined, ...end })
  return {
    ...container,
    image,
    state: finished === undefined ? 'running' : 'exited',
    attempt,
    exits: finished === undefined ? attempt : attempt + 1,
    startedAt: finished === undefined ? (startedAt ?? at) : finished.startedAt,
    finished: ended(finished),
    lastFinished: ended(lastFinished),
    backOff: backOffMs === undefined ? undefined : { delayMs: backOffMs, at: finished?.startedAt ?? finished?.finishedAt ?? at },
    probes: isReady === true ? { startup: answered, readiness: answered } : {},
    mounts: mounts ?? [],
  }
}

const exited = (container: ContainerProcess, at: SimTime, exitCode: number, reason: string, message?: string): ContainerProcess => {
  const finished: FinishedProcess = {
    startedAt: container.startedAt,
    finishedAt: at,
    exitCode,
    reason,
    attempt: container.attempt,
    ...(message === undefined ? undefined : { message }),
  }
  return {
    ...container,
    state: 'exited',
    exits: container.exits + 1,
    finished,
    startsAt: undefined,
    exitsAt: undefined,
    exitsWith: undefined,
    probes: {},
  }
}

/** Power lost: sandboxes are dead and every process has ended without anybody seeing how. */
const loseProcesses = (world: World, node: string, at: SimTime): World => {
  const machine = getAt(world.machines, node)
  assert(machine !== undefined, () => `there is no machine ${node}`)
  let { pods, addresses } = world
  for (const uid of keysOf(machine.pods)) {
    const processes = getAt(pods, uid)
    if (processes === undefined) continue
    const { sandbox } = processes
    if (sandbox !== undefined && sandbox.alive && !sandbox.hostNetwork) addresses = removeAt(addresses, sandbox.address)
    pods = setAt(pods, uid, {
      ...processes,
      sandbox: sandbox === undefined ? undefined : { ...sandbox, alive: false },
      containers: processes.containers.map((container) =>
        container.state === 'running'
          ? exited(container, at, 255, 'Unknown')
          : container.state === 'creating' || container.state === 'pulling'
            ? { ...container, state: container.finished === undefined ? 'waiting' : 'exited', startsAt: undefined, pull: undefined }
            : container,
      ),
    })
  }
  return { ...world, pods, addresses }
}

const removeMachine = (world: World, node: string): World => {
  const machine = getAt(world.machines, node)
  if (machine === undefined) return world
  let next = world
  for (const uid of keysOf(machine.pods)) next = removePod(next, uid)
  let { attachments } = next
  forEachEntry(next.attachments, (volume, nodes) => {
    if (!nodes.includes(node)) return
    const rest = nodes.filter((other) => other !== node)
    attachments = rest.length === 0 ? removeAt(attachments, volume) : setAt(attachments, volume, rest)
  })
  return { ...next, attachments, machines: removeAt(next.machines, node) }
}

const newPod = (
  event: { readonly podUid: string; readonly namespace: string; readonly name: string; readonly node: string },
  at: SimTime,
): PodProcesses => ({
  uid: event.podUid,
  namespace: event.namespace,
  name: event.name,
  node: event.node,
  seenAt: at,
  sandbox: undefined,
  sandboxes: 0,
  restartPolicy: 'Always',
  volumes: [],
  containers: [],
  termination: undefined,
})

const addPod = (world: World, processes: PodProcesses): World =>
  withMachine(withPods(world, setAt(world.pods, processes.uid, processes)), processes.node, (machine) => ({
    ...machine,
    pods: setAt(machine.pods, processes.uid, true),
  }))

const createSandbox = (world: World, event: Extract<WorldEvent, { kind: 'SandboxCreated' }>, at: SimTime): World => {
  const before = getAt(world.pods, event.podUid)
  assert(
    before === undefined || before.sandbox === undefined || !before.sandbox.alive,
    () => `Pod ${event.podUid} has a living sandbox already`,
  )
  const known = before ?? newPod(event, at)
  const processes: PodProcesses = {
    uid: known.uid,
    namespace: known.namespace,
    name: known.name,
    node: known.node,
    seenAt: known.seenAt,
    sandbox: { address: event.address, createdAt: at, readyAt: event.readyAt, alive: true, hostNetwork: event.hostNetwork ?? false },
    sandboxes: known.sandboxes + 1,
    restartPolicy: event.restartPolicy ?? 'Always',
    volumes: event.volumes ?? [],
    containers: known.containers,
    termination: known.termination,
  }
  if (event.hostNetwork === true) return addPod(world, processes)
  const addresses = setAt(world.addresses, event.address, event.podUid)
  const next = addPod(worldWith(world, world.machines, world.pods, addresses, world.assets), processes)
  return withAddressesGiven(next, event.node, 1)
}

const withAddressesGiven = (world: World, node: string, count: number): World =>
  world.settings.podAddresses.kind === 'shared'
    ? { ...world, lastAddress: world.lastAddress + count }
    : withMachine(world, node, (machine) => ({ ...machine, lastAddress: machine.lastAddress + count }))

/**
 * The world after the processes of so many Pods have come and gone on a node (SandboxCreated … SandboxRemoved), if none of their files was written: addresses
 * were given out, that is all that is left of them. (In the network of the host nothing is left.)
 */
export const afterProcessesOfPods = (world: World, node: string, pods: number): World => withAddressesGiven(world, node, pods)

const removePod = (world: World, podUid: string): World => {
  const processes = getAt(world.pods, podUid)
  if (processes === undefined) return world
  let { assets } = world
  for (const { name, attempt } of processes.containers) assets = removeAt(assets, layerOf(podUid, name, attempt))
  for (const { asset } of processes.volumes) if (asset.startsWith('empty:')) assets = removeAt(assets, asset)
  const machine = getAt(world.machines, processes.node)
  const alive = processes.sandbox !== undefined && processes.sandbox.alive && !processes.sandbox.hostNetwork
  return {
    ...world,
    assets,
    pods: removeAt(world.pods, podUid),
    addresses: alive && processes.sandbox !== undefined ? removeAt(world.addresses, processes.sandbox.address) : world.addresses,
    machines:
      machine === undefined ? world.machines : setAt(world.machines, processes.node, { ...machine, pods: removeAt(machine.pods, podUid) }),
  }
}

const createContainer = (world: World, event: Extract<WorldEvent, { kind: 'ContainerCreated' }>, at: SimTime): World => {
  const before = getAt(world.pods, event.podUid)?.containers.find((container) => container.name === event.container)
  const next = withContainer(world, event.podUid, event.container, (container) => {
    assert(container.state !== 'running', () => `container ${event.container} of ${event.podUid} is created while it runs`)
    return {
      name: container.name,
      image: event.image,
      state: 'creating',
      attempt: container.finished === undefined ? container.attempt : container.attempt + 1,
      exits: container.exits,
      startsAt: event.startsAt,
      startedAt: undefined,
      exitsAt: container.exitsAt,
      exitsWith: container.exitsWith,
      finished: undefined,
      lastFinished: container.finished ?? container.lastFinished,
      backOff: container.finished === undefined ? container.backOff : raisedBackOff(container, container.finished, at),
      pull: undefined,
      refused: undefined,
      probes: {},
      mounts: event.mounts ?? [],
    }
  })
  // A new process begins with the image's own files: the writable layer of the one before goes.
  return before === undefined || before.finished === undefined
    ? next
    : { ...next, assets: removeAt(next.assets, layerOf(event.podUid, event.container, before.attempt)) }
}

// Follows Backoff.Next and hasExpired in client-go/util/flowcontrol/backoff.go, as doBackOff in pkg/kubelet/kuberuntime uses them.
const raisedBackOff = (
  container: ContainerProcess,
  finished: FinishedProcess,
  at: SimTime,
): { readonly delayMs: number; readonly at: SimTime } => {
  const { backOff } = container
  const starts = backOff === undefined || finished.finishedAt - backOff.at > 2 * backOffMaxMs
  return { delayMs: starts ? backOffFirstMs : Math.min(backOffMaxMs, backOff.delayMs * 2), at }
}

const withFiles = (world: World, asset: string, change: (files: PersistentMap<FileEntry>) => PersistentMap<FileEntry>): World => {
  const before: Asset = getAt(world.assets, asset) ?? { files: emptyMap() }
  return { ...world, assets: setAt(world.assets, asset, { ...before, files: change(before.files) }) }
}

const withoutFile = (files: PersistentMap<FileEntry>, path: string, isLayer: boolean, at: SimTime): PersistentMap<FileEntry> => {
  let next = files
  forEachEntry(files, (other) => {
    if (other === path || other.startsWith(`${path}/`)) next = removeAt(next, other)
  })
  return isLayer ? setAt(next, path, { kind: 'removed', at }) : next
}

type Behaviour = World['behaviours'][number]['behaviour']

/** The same kind for the same target (and the same container, node or probe): the later replaces the earlier. */
const isSameBehaviour = (left: Behaviour, right: Behaviour): boolean =>
  left.kind === right.kind &&
  targetOf(left) === targetOf(right) &&
  ('container' in left ? left.container : undefined) === ('container' in right ? right.container : undefined) &&
  ('node' in left ? left.node : undefined) === ('node' in right ? right.node : undefined) &&
  ('probe' in left ? left.probe : undefined) === ('probe' in right ? right.probe : undefined)

const clearBehaviour = (world: World, kind: string, target: string): World => {
  const rest = world.behaviours.filter(({ behaviour, exempt }) => behaviour.kind !== kind || targetOf(behaviour) !== target || exempt)
  const wider = rest.filter(({ behaviour, exempt }) => !exempt && behaviour.kind === kind && matchesPattern(targetOf(behaviour), target))
  const exemptions = wider.map(({ behaviour }) => ({ behaviour: withTarget(behaviour, target), exempt: true }))
  return exemptions.length === 0 && rest.length === world.behaviours.length ? world : { ...world, behaviours: [...rest, ...exemptions] }
}

const withTarget = (behaviour: Behaviour, target: string): Behaviour =>
  'pods' in behaviour
    ? { ...behaviour, pods: target }
    : 'images' in behaviour
      ? { ...behaviour, images: target }
      : 'volumes' in behaviour
        ? { ...behaviour, volumes: target }
        : { ...behaviour, provisioners: target }
