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
import type { Simulation } from './simulation.js'

export interface ImportRefusal {
  /** Position in the list that was given. */
  readonly index: number
  readonly status: ApiStatus
}

/** What others refer to comes first. */
const order: readonly string[] = ['Namespace', 'StorageClass', 'PriorityClass', 'Node', 'PersistentVolume', 'PersistentVolumeClaim', 'Service']
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
  const { resourceVersion: _version, managedFields: _managed, selfLink: _link, creationTimestamp: _created, ...metadata } = object.metadata ?? {}
  return { ...object, metadata: isNamespaced(object.kind) && metadata.namespace === undefined ? { ...metadata, namespace: 'default' } : metadata }
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
    act({ kind: 'ContainerStarted', podUid, container: container.name })
    if (status.ready)
      for (const probe of ['startup', 'readiness'] as const)
        if (container[`${probe}Probe`] !== undefined)
          act({ kind: 'ProbeAnswered', podUid, container: container.name, probe, succeeded: true, inARow: 1, verdict: true })
  }
}

/** All at one instant, before any controller looks. What exists already (a namespace) is left as it is. */
export const importObjects = (simulation: Simulation, objects: readonly UnstoredObject[]): readonly ImportRefusal[] => {
  const refusals: ImportRefusal[] = []
  const inOrder = objects
    .map((object, index) => ({ object: asNew(object), index }))
    .filter(({ object }) => !ignoredKinds.has(object.kind))
    .sort((a, b) => rankOf(a.object.kind) - rankOf(b.object.kind) || a.index - b.index)
  for (const { object, index } of inOrder) {
    const created = simulation.submit({ kind: 'CreateObject', object }, actor)
    if (E.isLeft(created)) {
      if (created.left.reason !== 'AlreadyExists') refusals.push({ index, status: created.left })
      continue
    }
    const refused = keepStatus(simulation, object, created.right)
    if (refused !== undefined) refusals.push({ index, status: refused })
    if (object.kind === 'Node') {
      const node = simulation.reader().get('Node', '', created.right.metadata.name)
      if (node !== undefined) install(simulation, node)
    }
  }
  for (const { object } of inOrder) {
    if (object.kind !== 'Pod') continue
    const pod = simulation.reader().get('Pod', object.metadata?.namespace ?? 'default', object.metadata?.name ?? '')
    if (pod !== undefined) resume(simulation, pod)
  }
  return refusals
}
