/**
 * Starts from objects of a real cluster, as `kubectl get … -o yaml` prints them: uids, owners and statuses stay, and what runs according to
 * its status runs in the simulated world too, so that the controllers go on from there instead of starting over.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { Container, ContainerStateTerminated, ContainerStatus, Node, Pod } from '../api/generated/types.js'
import type { KubernetesObject, UnstoredObject } from '../api/object.js'
import { isNamespaced } from '../api/resources.js'
import { isAttached, machineOf } from '../cluster/world.js'
import type { MountedVolume, WorldEvent } from '../cluster/world-events.js'
import { mountPointsOf, volumesOf } from '../controllers/kubelet/pod-volumes.js'
import { simTimeOf, timestampOf, type SimTime } from '../kernel/sim-time.js'
import { diskOf } from '../resources/persistent-volume/queries.js'
import type { Simulation } from './simulation.js'

export interface ImportRefusal {
  /** Position in the list that was given. */
  readonly index: number
  readonly status: ApiStatus
}

/** What others refer to comes first. */
const order: readonly string[] = [
  'Namespace',
  'StorageClass',
  'PriorityClass',
  'Node',
  'PersistentVolume',
  'PersistentVolumeClaim',
  'Service',
]
const rankOf = (kind: string): number => {
  const rank = order.indexOf(kind)
  return rank < 0 ? (kind === 'Pod' ? order.length + 1 : order.length) : rank
}

/** What was told, and what renews itself: not part of what a cluster is. */
const ignoredKinds: ReadonlySet<string> = new Set(['Event', 'Lease'])

const actor = 'import'

interface WithStatus extends UnstoredObject {
  readonly status?: unknown
}

/** Without what belongs to the other cluster's store. */
const asNew = (object: WithStatus): WithStatus => {
  const { resourceVersion: _version, managedFields: _managed, selfLink: _link, ...metadata } = object.metadata ?? {}
  return {
    ...object,
    metadata: isNamespaced(object.kind) && metadata.namespace === undefined ? { ...metadata, namespace: 'default' } : metadata,
  }
}

const isTimestamp = (value: unknown): value is string => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(value)

const timesIn = (value: unknown): readonly SimTime[] =>
  isTimestamp(value) ? [simTimeOf(value) ?? 0] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(timesIn) : []

const movedBy = (value: unknown, ms: number): unknown => {
  if (isTimestamp(value)) return timestampOf((simTimeOf(value) ?? 0) + ms)
  if (Array.isArray(value)) return value.map((item) => movedBy(item, ms))
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]: [string, unknown]) => [key, movedBy(item, ms)]))
    : value
}

/** Times are told in whole seconds. */
const toldMs = 1_000

/** The other cluster's clock becomes ours: the newest moment that its objects tell of is just over, and all ages stay. */
const onOurClock = (objects: readonly WithStatus[], now: SimTime): readonly WithStatus[] => {
  const times = objects.flatMap(({ metadata, status }) => [...timesIn(metadata?.creationTimestamp), ...timesIn(status)])
  if (times.length === 0) return objects
  const ms = now - toldMs - times.reduce((latest, time) => Math.max(latest, time))
  return objects.map(({ metadata, status, ...rest }): WithStatus => ({
    ...rest,
    // Taints say since when they are there.
    ...(rest.kind === 'Node' && 'spec' in rest ? { spec: movedBy(rest.spec, ms) } : undefined),
    // Texts become texts of the same form.
    ...(metadata === undefined
      ? undefined
      : {
          metadata: {
            ...metadata,
            ...(metadata.creationTimestamp === undefined
              ? undefined
              : { creationTimestamp: movedBy(metadata.creationTimestamp, ms) as string }),
            ...(metadata.deletionTimestamp === undefined
              ? undefined
              : { deletionTimestamp: movedBy(metadata.deletionTimestamp, ms) as string }),
          },
        }),
    ...(status === undefined ? undefined : { status: movedBy(status, ms) }),
  }))
}

const keepStatus = (simulation: Simulation, object: WithStatus, stored: KubernetesObject): ApiStatus | undefined => {
  if (object.status === undefined) return undefined
  const withStatus: UnstoredObject = { ...(stored as UnstoredObject), ...({ status: object.status } as object) }
  const written = simulation.submit({ kind: 'ReplaceObject', object: withStatus, subresource: 'status' }, actor)
  // Kinds without a status subresource carry their status in the object itself.
  return E.isLeft(written) && written.left.reason !== 'NotFound' && written.left.reason !== 'MethodNotAllowed' ? written.left : undefined
}

const install = (simulation: Simulation, node: Node): void => {
  const address = node.status.addresses?.find(({ type }) => type === 'InternalIP')?.address
  if (address === undefined || machineOf(simulation.state().cluster.world, node.metadata.name) !== undefined) return
  const { capacity } = node.status
  const event: WorldEvent = {
    kind: 'MachineAdded',
    node: node.metadata.name,
    address,
    labels: node.metadata.labels ?? {},
    ...(capacity === undefined ? undefined : { capacity }),
  }
  simulation.submit({ kind: 'ActOnWorld', event }, actor)
}

/** Nobody has heard of the node's kubelet for long: its machine is cut off, and what ran on it may run still. */
const cutOffSilent = (simulation: Simulation, node: Node): void => {
  const ready = node.status.conditions?.find(({ type }) => type === 'Ready')
  if (ready?.status !== 'Unknown' || machineOf(simulation.state().cluster.world, node.metadata.name) === undefined) return
  simulation.submit({ kind: 'ActOnWorld', event: { kind: 'NodePartitioned', node: node.metadata.name } }, actor)
}

/** Disks of Pods that have a node are attached there. */
const attachDisks = (simulation: Simulation, pod: Pod): void => {
  const { nodeName = '', volumes = [] } = pod.spec
  for (const { persistentVolumeClaim } of volumes) {
    if (persistentVolumeClaim === undefined) continue
    const claim = simulation.reader().get('PersistentVolumeClaim', pod.metadata.namespace ?? '', persistentVolumeClaim.claimName)
    const volume = simulation.reader().get('PersistentVolume', '', claim?.spec.volumeName ?? '')
    const disk = volume === undefined ? undefined : diskOf(volume)
    if (disk !== undefined && !isAttached(simulation.state().cluster.world, disk, nodeName))
      simulation.submit({ kind: 'ActOnWorld', event: { kind: 'VolumeAttached', volume: disk, node: nodeName } }, actor)
  }
}

type FoundContainer = Extract<WorldEvent, { kind: 'ContainerFound' }>

const endOf = (ended: ContainerStateTerminated | undefined, attempt: number): NonNullable<FoundContainer['finished']> | undefined => {
  if (ended === undefined) return undefined
  const startedAt = simTimeOf(ended.startedAt ?? '')
  return {
    finishedAt: simTimeOf(ended.finishedAt ?? '') ?? startedAt ?? 0,
    exitCode: ended.exitCode,
    reason: ended.reason ?? (ended.exitCode === 0 ? 'Completed' : 'Error'),
    attempt,
    ...(startedAt === undefined ? undefined : { startedAt }),
    ...(ended.message === undefined ? undefined : { message: ended.message }),
  }
}

/** `back-off 1m20s restarting failed container=…` */
const backOffOf = (message = ''): number | undefined => {
  const match = /^back-off (?:(\d+)m)?(?:(\d+)s)? restarting/.exec(message)
  return match === null ? undefined : (Number(match[1] ?? '0') * 60 + Number(match[2] ?? '0')) * 1_000
}

/** Undefined: it has not got so far, and is begun anew. */
const foundContainer = (pod: Pod, container: Container, status: ContainerStatus | undefined, mounted: readonly MountedVolume[]) => {
  const { running, terminated, waiting } = status?.state ?? {}
  if (status === undefined) return undefined
  const attempt = status.restartCount
  const finished =
    running === undefined ? endOf(terminated ?? (waiting === undefined ? undefined : status.lastState?.terminated), attempt) : undefined
  if (running === undefined && finished === undefined) return undefined
  const startedAt = simTimeOf(running?.startedAt ?? '')
  const lastFinished =
    finished === undefined || terminated !== undefined ? endOf(status.lastState?.terminated, Math.max(0, attempt - 1)) : undefined
  const backOffMs = backOffOf(waiting?.message)
  const mounts = mountPointsOf(container, mounted)
  const found: FoundContainer = {
    kind: 'ContainerFound',
    podUid: pod.metadata.uid,
    container: container.name,
    image: container.image ?? '',
    attempt,
    ...(startedAt === undefined ? undefined : { startedAt }),
    ...(finished === undefined ? undefined : { finished }),
    ...(lastFinished === undefined ? undefined : { lastFinished }),
    ...(backOffMs === undefined ? undefined : { backOffMs }),
    ...(status.ready ? { isReady: true } : undefined),
    ...(mounts.length === 0 ? undefined : { mounts }),
  }
  return found
}

/** The Pod's processes, as its status tells of them. */
const resume = (simulation: Simulation, pod: Pod): void => {
  const { nodeName } = pod.spec
  const { podIP: address, phase } = pod.status
  if (nodeName === undefined || address === undefined || (phase !== 'Running' && phase !== 'Pending')) return
  if (machineOf(simulation.state().cluster.world, nodeName) === undefined) return
  const podUid = pod.metadata.uid
  const act = (event: WorldEvent): void => {
    simulation.submit({ kind: 'ActOnWorld', event }, actor)
  }
  attachDisks(simulation, pod)
  const { mounted, facts } = volumesOf(simulation.reader(), simulation.state().cluster.world, pod, nodeName)
  for (const fact of facts) act(fact)
  act({
    kind: 'SandboxCreated',
    podUid,
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    node: nodeName,
    address,
    readyAt: simulation.now(),
    restartPolicy: pod.spec.restartPolicy ?? 'Always',
    volumes: mounted,
    ...(pod.spec.hostNetwork === true ? { hostNetwork: true } : undefined),
  })
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  for (const container of [...(pod.spec.initContainers ?? []), ...pod.spec.containers]) {
    const found = foundContainer(
      pod,
      container,
      statuses.find(({ name }) => name === container.name),
      mounted,
    )
    if (found === undefined) continue
    act({ kind: 'ImagePulled', node: nodeName, image: found.image })
    act(found)
  }
}

/** What was being deleted goes on being deleted: finalizers hold it, and a Pod has what is left of its grace. */
const goOnDeleting = (simulation: Simulation, object: WithStatus): void => {
  const { name = '', namespace = '', deletionTimestamp, finalizers = [] } = object.metadata ?? {}
  if (deletionTimestamp === undefined || (object.kind !== 'Pod' && finalizers.length === 0)) return
  const left = Math.ceil(((simTimeOf(deletionTimestamp) ?? 0) - simulation.now()) / 1_000)
  simulation.submit(
    {
      kind: 'DeleteObject',
      target: { kind: object.kind, namespace: isNamespaced(object.kind) ? namespace : '', name },
      options: {
        ...(object.kind === 'Pod' ? { gracePeriodSeconds: Math.max(1, left) } : undefined),
        ...(finalizers.includes('foregroundDeletion')
          ? { propagationPolicy: 'Foreground' }
          : finalizers.includes('orphan')
            ? { propagationPolicy: 'Orphan' }
            : undefined),
      },
    },
    actor,
  )
}

/** All at one instant, before any controller looks. What exists already (a namespace) is left as it is. */
export const importObjects = (simulation: Simulation, objects: readonly UnstoredObject[]): readonly ImportRefusal[] => {
  const refusals: ImportRefusal[] = []
  const inOrder = onOurClock(objects, simulation.now())
    .map((object, index) => ({ object: asNew(object), index }))
    .filter(({ object }) => !ignoredKinds.has(object.kind))
    .sort((a, b) => rankOf(a.object.kind) - rankOf(b.object.kind) || a.index - b.index)
  for (const { object, index } of inOrder) {
    const { name = '', namespace = '' } = object.metadata ?? {}
    if (simulation.reader().getAny(object.kind, isNamespaced(object.kind) ? namespace : '', name) !== undefined) continue
    const created = simulation.submit({ kind: 'CreateObject', object }, actor)
    if (E.isLeft(created)) {
      refusals.push({ index, status: created.left })
      continue
    }
    const refused = keepStatus(simulation, object, created.right)
    if (refused !== undefined) refusals.push({ index, status: refused })
  }
  for (const node of simulation.reader().list('Node')) install(simulation, node)
  for (const { object } of inOrder) {
    if (object.kind !== 'Pod') continue
    const pod = simulation.reader().get('Pod', object.metadata?.namespace ?? 'default', object.metadata?.name ?? '')
    if (pod !== undefined) resume(simulation, pod)
  }
  for (const node of simulation.reader().list('Node')) cutOffSilent(simulation, node)
  for (const { object } of inOrder) goOnDeleting(simulation, object)
  return refusals
}
