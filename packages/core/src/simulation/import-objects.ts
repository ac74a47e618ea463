/**
 * Starts from objects of a real cluster, as `kubectl get … -o yaml` prints them: uids, owners and statuses stay, and what runs according to
 * its status runs in the simulated world too, so that the controllers go on from there instead of starting over.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../api/api-status.js'
import type { Node, Pod } from '../api/generated/types.js'
import type { KubernetesObject, UnstoredObject } from '../api/object.js'
import { isNamespaced } from '../api/resources.js'
import { machineOf } from '../cluster/world.js'
import type { WorldEvent } from '../cluster/world-events.js'
import { mountPointsOf, volumesOf } from '../controllers/kubelet/pod-volumes.js'
import { simTimeOf, timestampOf, type SimTime } from '../kernel/sim-time.js'
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

/** The other cluster's clock becomes ours: the newest moment that its objects tell of is now, and all ages stay. */
const onOurClock = (objects: readonly WithStatus[], now: SimTime): readonly WithStatus[] => {
  const times = objects.flatMap(({ metadata, status }) => [...timesIn(metadata?.creationTimestamp), ...timesIn(status)])
  if (times.length === 0) return objects
  const ms = now - times.reduce((latest, time) => Math.max(latest, time))
  return objects.map(({ metadata, status, ...rest }): WithStatus => ({
    ...rest,
    // Texts become texts of the same form.
    ...(metadata === undefined
      ? undefined
      : {
          metadata: {
            ...metadata,
            ...(metadata.creationTimestamp === undefined
              ? undefined
              : { creationTimestamp: movedBy(metadata.creationTimestamp, ms) as string }),
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

/** The Pod's processes, as its status tells of them. */
const resume = (simulation: Simulation, pod: Pod): void => {
  const { nodeName } = pod.spec
  const address = pod.status.podIP
  const world = simulation.state().cluster.world
  if (nodeName === undefined || address === undefined || pod.status.phase !== 'Running' || machineOf(world, nodeName) === undefined) return
  const podUid = pod.metadata.uid
  const now = simulation.now()
  const act = (event: WorldEvent): void => {
    simulation.submit({ kind: 'ActOnWorld', event }, actor)
  }
  const { mounted, facts } = volumesOf(simulation.reader(), world, pod, nodeName)
  for (const fact of facts) act(fact)
  act({
    kind: 'SandboxCreated',
    podUid,
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    node: nodeName,
    address,
    readyAt: now,
    restartPolicy: pod.spec.restartPolicy ?? 'Always',
    volumes: mounted,
    ...(pod.spec.hostNetwork === true ? { hostNetwork: true } : undefined),
  })
  for (const container of pod.spec.containers) {
    const status = pod.status.containerStatuses?.find(({ name }) => name === container.name)
    if (status?.state?.running === undefined) continue
    const image = container.image ?? ''
    act({ kind: 'ImagePulled', node: nodeName, image })
    act({ kind: 'ContainerCreated', podUid, container: container.name, image, startsAt: now, mounts: mountPointsOf(container, mounted) })
    const startedAt = simTimeOf(status.state.running.startedAt ?? '')
    act({ kind: 'ContainerStarted', podUid, container: container.name, ...(startedAt === undefined ? undefined : { startedAt }) })
    if (status.ready)
      for (const probe of ['startup', 'readiness'] as const)
        if (container[`${probe}Probe`] !== undefined)
          act({ kind: 'ProbeAnswered', podUid, container: container.name, probe, succeeded: true, inARow: 1, verdict: true })
  }
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
  return refusals
}
