/** The row of a Pod: what `kubectl get pods` says of it. */
// Follows printPod in pkg/printers/internalversion/printers.go.
import { simTimeOf } from '../../kernel/sim-time.js'
import type { ContainerStatus, ContainerStateTerminated, Pod } from '../generated/types.js'
import { createdAgo, type RowOf } from './cells.js'
import { humanDuration } from './human-duration.js'

export const podRow: RowOf<Pod> = (pod, now) => {
  const { reason, ready, total, restarts, lastRestartAt } = summaryOf(pod)
  const restartsText =
    restarts !== 0 && lastRestartAt !== undefined ? `${restarts} (${humanDuration(now - lastRestartAt)} ago)` : `${restarts}`
  return [
    pod.metadata.name,
    `${ready}/${total}`,
    reason,
    restartsText,
    createdAgo(pod, now),
    orNone(pod.status.podIPs?.[0]?.ip),
    orNone(pod.spec.nodeName),
    orNone(pod.status.nominatedNodeName),
    readinessGatesOf(pod),
  ]
}

const orNone = (text: string | undefined): string => (text === undefined || text === '' ? '<none>' : text)

interface Summary {
  readonly reason: string
  readonly ready: number
  readonly total: number
  readonly restarts: number
  readonly lastRestartAt: number | undefined
}

const hasTrueCondition = (pod: Pod, type: string): boolean =>
  pod.status.conditions?.some((condition) => condition.type === type && condition.status === 'True') === true

const summaryOf = (pod: Pod): Summary => {
  const initContainers = pod.spec.initContainers ?? []
  const sidecars = new Set(initContainers.filter((container) => container.restartPolicy === 'Always').map((container) => container.name))
  const initialization = initializationOf(pod, sidecars)
  const gated =
    pod.status.conditions?.some((condition) => condition.type === 'PodScheduled' && condition.reason === 'SchedulingGated') === true
  const start = gated
    ? 'SchedulingGated'
    : pod.status.reason !== undefined && pod.status.reason !== ''
      ? pod.status.reason
      : (pod.status.phase ?? '')

  const initializing = initialization.reason !== undefined && !hasTrueCondition(pod, 'Initialized')
  const main = initializing ? undefined : mainContainersOf(pod, initialization.reason ?? start)
  const counted = initializing ? initialization.all : [...initialization.sidecars, ...(pod.status.containerStatuses ?? [])]
  return {
    reason: deletionReasonOf(pod) ?? main?.reason ?? initialization.reason ?? start,
    ready: initialization.readySidecars + (main?.ready ?? 0),
    total: pod.spec.containers.length + sidecars.size,
    restarts: counted.reduce((sum, status) => sum + status.restartCount, 0),
    lastRestartAt: latestEndOf(counted),
  }
}

/** A terminating Pod says so, unless it has ended; on a node that is lost nobody knows. */
const deletionReasonOf = (pod: Pod): string | undefined => {
  if (pod.metadata.deletionTimestamp === undefined) return undefined
  if (pod.status.reason === 'NodeLost') return 'Unknown'
  return pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed' ? undefined : 'Terminating'
}

interface Initialization {
  /** What holds the Pod up; undefined when all init containers have done their part. */
  readonly reason: string | undefined
  readonly readySidecars: number
  /** The statuses walked through. */
  readonly all: readonly ContainerStatus[]
  readonly sidecars: readonly ContainerStatus[]
}

const initializationOf = (pod: Pod, sidecarNames: ReadonlySet<string>): Initialization => {
  const all: ContainerStatus[] = []
  let readySidecars = 0
  let reason: string | undefined
  for (const [index, status] of (pod.status.initContainerStatuses ?? []).entries()) {
    all.push(status)
    const { terminated, waiting } = status.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecarNames.has(status.name) && status.started === true) {
      if (status.ready) readySidecars++
      continue
    }
    if (terminated !== undefined) reason = `Init:${endText(terminated)}`
    else if (waiting?.reason !== undefined && waiting.reason !== '' && waiting.reason !== 'PodInitializing')
      reason = `Init:${waiting.reason}`
    else reason = `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
    break
  }
  return { reason, readySidecars, all, sidecars: all.filter((status) => sidecarNames.has(status.name)) }
}

/** Walks from the last container to the first, so that the first one's reason remains. */
const mainContainersOf = (pod: Pod, start: string): { readonly reason: string; readonly ready: number } => {
  let reason = start
  let ready = 0
  for (const status of [...(pod.status.containerStatuses ?? [])].reverse()) {
    const { running, terminated, waiting } = status.state ?? {}
    if (waiting?.reason !== undefined && waiting.reason !== '') reason = waiting.reason
    else if (terminated !== undefined) reason = endText(terminated)
    else if (status.ready && running !== undefined) ready++
  }
  if (reason === 'Completed' && ready > 0) reason = hasTrueCondition(pod, 'Ready') ? 'Running' : 'NotReady'
  return { reason, ready }
}

const endText = (terminated: ContainerStateTerminated): string => {
  if (terminated.reason !== undefined && terminated.reason !== '') return terminated.reason
  return terminated.signal !== undefined && terminated.signal !== 0 ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

const latestEndOf = (statuses: readonly ContainerStatus[]): number | undefined => {
  const ends = statuses.flatMap((status) => {
    const at = status.lastState?.terminated?.finishedAt
    const time = at === undefined ? undefined : simTimeOf(at)
    return time === undefined ? [] : [time]
  })
  return ends.length === 0 ? undefined : Math.max(...ends)
}

const readinessGatesOf = (pod: Pod): string => {
  const gates = pod.spec.readinessGates ?? []
  return gates.length === 0 ? '<none>' : `${gates.filter((gate) => hasTrueCondition(pod, gate.conditionType)).length}/${gates.length}`
}
