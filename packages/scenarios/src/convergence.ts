/**
 * What a cluster is still on its way to. At rest means, exactly: for `quietMs` of simulated time no object was written (Events, Leases and
 * the routine reports of Nodes aside), and no object stands between two states (see `unsettledObjects`).
 */
import { controllerRefOf, type Kinds, type Pod, type Reader, type Simulation, type WatchNotification } from '@statefold/core'

export interface Unsettled {
  /** `StatefulSet default/web` */
  readonly object: string
  readonly because: string
}

const nameOf = (object: { readonly kind: string; readonly metadata: { readonly name: string; readonly namespace?: string } }): string =>
  `${object.kind} ${object.metadata.namespace === undefined || object.metadata.namespace === '' ? '' : `${object.metadata.namespace}/`}${object.metadata.name}`

const isTrue = (pod: Pod, type: string): boolean =>
  pod.status.conditions?.some((entry) => entry.type === type && entry.status === 'True') === true

export const podIsReady = (pod: Pod): boolean => isTrue(pod, 'Ready')

const podIsOver = (pod: Pod): boolean => pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'

/** Why a Pod is not ready, in its own words. */
const podTrouble = (pod: Pod): string => {
  const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
  const waiting = statuses.find(({ state }) => state?.waiting?.reason !== undefined && state.waiting.reason !== 'PodInitializing')
  if (waiting?.state?.waiting !== undefined) {
    const { reason, message } = waiting.state.waiting
    return `container ${waiting.name}: ${reason ?? 'waiting'}${message === undefined || message === '' ? '' : ` (${message})`}`
  }
  const scheduled = pod.status.conditions?.find(({ type }) => type === 'PodScheduled')
  if (scheduled?.status === 'False') return `cannot be scheduled: ${scheduled.message ?? scheduled.reason ?? ''}`
  const unready = statuses.find(({ ready }) => !ready)
  return unready === undefined ? `phase ${pod.status.phase ?? 'Pending'}` : `container ${unready.name} is not ready`
}

type Answer = string | undefined

const setWaits = ({ spec, status, metadata }: Kinds['StatefulSet']): Answer => {
  const replicas = spec.replicas ?? 1
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 'its newest spec has not been looked at'
  if ((status.replicas ?? 0) !== replicas) return `${status.replicas ?? 0} of ${replicas} replicas exist`
  if ((status.readyReplicas ?? 0) < replicas) return `${status.readyReplicas ?? 0} of ${replicas} replicas are ready`
  if (spec.updateStrategy?.type !== 'OnDelete') {
    const wanted = Math.max(0, replicas - (spec.updateStrategy?.rollingUpdate?.partition ?? 0))
    const updated = status.currentRevision === status.updateRevision ? replicas : (status.updatedReplicas ?? 0)
    if (updated < wanted) return `${updated} of ${wanted} replicas are updated`
  }
  return (status.availableReplicas ?? 0) < replicas ? `${status.availableReplicas ?? 0} of ${replicas} replicas are available` : undefined
}

const deploymentWaits = ({ spec, status, metadata }: Kinds['Deployment']): Answer => {
  const replicas = spec.replicas ?? 1
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 'its newest spec has not been looked at'
  if (spec.paused !== true && (status.updatedReplicas ?? 0) < replicas)
    return `${status.updatedReplicas ?? 0} of ${replicas} replicas are updated`
  if ((status.replicas ?? 0) > replicas) return `${(status.replicas ?? 0) - replicas} old replicas are still there`
  return (status.availableReplicas ?? 0) < replicas ? `${status.availableReplicas ?? 0} of ${replicas} replicas are available` : undefined
}

const replicasWait = ({ spec, status }: Kinds['ReplicaSet'] | Kinds['ReplicationController']): Answer => {
  const replicas = spec.replicas ?? 1
  if ((status.replicas ?? 0) !== replicas) return `${status.replicas ?? 0} of ${replicas} replicas exist`
  return (status.readyReplicas ?? 0) < replicas ? `${status.readyReplicas ?? 0} of ${replicas} replicas are ready` : undefined
}

const daemonWaits = ({ spec, status, metadata }: Kinds['DaemonSet']): Answer => {
  const wanted = status.desiredNumberScheduled ?? 0
  if ((status.observedGeneration ?? 0) < (metadata.generation ?? 0)) return 'its newest spec has not been looked at'
  if (spec.updateStrategy?.type !== 'OnDelete' && (status.updatedNumberScheduled ?? 0) < wanted)
    return `${status.updatedNumberScheduled ?? 0} of ${wanted} Pods are updated`
  return (status.numberReady ?? 0) < wanted ? `${status.numberReady ?? 0} of ${wanted} Pods are ready` : undefined
}

const jobWaits = ({ spec, status }: Kinds['Job']): Answer =>
  spec.suspend === true ||
  status.conditions?.some(({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True') === true
    ? undefined
    : `${status.succeeded ?? 0} of ${spec.completions ?? 1} completions`

const podWaits = (pod: Pod): Answer => (podIsOver(pod) || podIsReady(pod) ? undefined : podTrouble(pod))

/** A claim whose class waits for a consumer is at rest as long as no Pod uses it. */
const claimWaits = (claim: Kinds['PersistentVolumeClaim'], reader: Reader): Answer => {
  if (claim.status.phase === 'Bound') return undefined
  if (claim.status.phase === 'Lost') return 'its volume is lost'
  const storageClass = claim.spec.storageClassName === undefined ? undefined : reader.get('StorageClass', '', claim.spec.storageClassName)
  const waits = storageClass?.volumeBindingMode === 'WaitForFirstConsumer'
  if (waits && reader.podsWithClaim(claim.metadata.namespace ?? '', claim.metadata.name).length === 0) return undefined
  return `not bound${claim.spec.storageClassName === undefined ? '' : ` (storage class ${claim.spec.storageClassName})`}`
}

/** Everything that stands between two states, workloads first. */
export const unsettledObjects = (reader: Reader): readonly Unsettled[] => {
  const found: Unsettled[] = []
  const look = <K extends keyof Kinds>(kind: K, waits: (object: Kinds[K]) => Answer): void => {
    for (const object of reader.list(kind)) {
      const because = object.metadata.deletionTimestamp === undefined ? waits(object) : terminatingWords(object.metadata.finalizers)
      if (because !== undefined) found.push({ object: nameOf(object), because })
    }
  }
  look('StatefulSet', setWaits)
  look('Deployment', deploymentWaits)
  look('DaemonSet', daemonWaits)
  look('Job', jobWaits)
  look('ReplicationController', replicasWait)
  // A ReplicaSet of a Deployment is spoken of by the Deployment.
  look('ReplicaSet', (set) => (controllerRefOf(set) === undefined ? replicasWait(set) : undefined))
  look('Pod', podWaits)
  look('PersistentVolumeClaim', (claim) => claimWaits(claim, reader))
  look('PersistentVolume', () => undefined)
  look('Namespace', () => undefined)
  return found
}

const terminatingWords = (finalizers: readonly string[] | undefined): string =>
  finalizers === undefined || finalizers.length === 0 ? 'terminating' : `terminating, held by ${finalizers.join(', ')}`

const routineKinds: ReadonlySet<string> = new Set(['Event', 'Lease'])

/** A write that means something is going on. */
const isTelling = ({ type, object, old }: WatchNotification): boolean => {
  if (routineKinds.has(object.kind)) return false
  if (object.kind !== 'Node' || type !== 'MODIFIED' || old === undefined) return true
  const readiness = (node: Kinds['Node']): string => (node.status.conditions ?? []).map((entry) => `${entry.type}=${entry.status}`).join()
  // The kind says which of the types it is.
  const [now, before] = [object as Kinds['Node'], old as Kinds['Node']]
  return now.spec !== before.spec || readiness(now) !== readiness(before)
}

export const quietDefaultMs = 30_000

export interface QuietWatch {
  readonly lastWriteAt: () => number
}

/** Remembers when something was last written. */
export const watchQuiet = (simulation: Simulation): QuietWatch => {
  let last = simulation.now()
  simulation.changes$.subscribe((notification) => {
    if (isTelling(notification)) last = simulation.now()
  })
  return { lastWriteAt: () => last }
}

/** Lets time pass until nothing has been written for `quietMs` (and, with `whole`, nothing is between two states), or until `deadline`. */
export const settle = (
  simulation: Simulation,
  quiet: QuietWatch,
  { quietMs, deadline, whole }: { readonly quietMs: number; readonly deadline: number; readonly whole: boolean },
): boolean => {
  for (;;) {
    const quietSince = Math.max(quiet.lastWriteAt(), 0)
    if (simulation.now() >= quietSince + quietMs && (!whole || unsettledObjects(simulation.reader()).length === 0)) return true
    if (simulation.now() >= deadline) return false
    const target = quietSince + quietMs > simulation.now() ? quietSince + quietMs : simulation.now() + quietMs
    simulation.runUntil(Math.min(deadline, target))
  }
}
