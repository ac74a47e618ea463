/**
 * Probes of running containers. A probe that keeps succeeding needs no wake: its ticks are computed from the start of the container, and
 * only when something could make it fail is it looked at again. Facts are recorded when what is known changes.
 */
// Differs from Kubernetes: an exec probe runs no program; `cat`, `test` and `ls` are answered from the container's files, all others succeed.
// Follows doProbe in pkg/kubelet/prober/worker.go and UpdatePodStatus in pkg/kubelet/prober/prober_manager.go.
import type { Container, Pod, Probe } from '../../api/generated/types.js'
import type { Reader } from '../../cluster/reader.js'
import { imageBehaviourOf, podBehaviour, type ContainerProcess, type PodProcesses, type World } from '../../cluster/world.js'
import type { ProbeSort } from '../../cluster/world-events.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { programOf } from './container-program.js'
import { fileSystemOf } from './file-system.js'

const probeOf = (container: Container, sort: ProbeSort): Probe | undefined =>
  sort === 'readiness' ? container.readinessProbe : sort === 'liveness' ? container.livenessProbe : container.startupProbe

/** The startup probe has succeeded, or there is none. */
export const hasStarted = (container: Container, process: ContainerProcess | undefined): boolean =>
  process?.state === 'running' && (container.startupProbe === undefined || process.probes.startup?.verdict === true)

/** Ready as far as probes say: before the first verdict a readiness probe counts as failed. */
export const isReady = (container: Container, process: ContainerProcess | undefined): boolean =>
  hasStarted(container, process) && (container.readinessProbe === undefined || process?.probes.readiness?.verdict === true)

export interface ProbeOutcome {
  readonly succeeded: boolean
  readonly output: string
}

export interface ProbeScene {
  readonly world: World
  readonly reader: Reader
  readonly pod: Pod
  readonly processes: PodProcesses
  readonly now: SimTime
}

/** A little late is still the tick it was due at (kubelets share their time with other Pods). */
const toleranceMs = 50

const periodMsOf = (probe: Probe): number => (probe.periodSeconds ?? 10) * 1_000

export interface ProbeDue {
  readonly sort: ProbeSort
  readonly probe: Probe
  /** Now, or when to look again; undefined: not before something else happens. */
  readonly dueAt: SimTime | undefined
}

/** Which probes of the container run, and when each is next due. */
export const probesDue = (scene: ProbeScene, container: Container, process: ContainerProcess, isStopping: boolean): readonly ProbeDue[] => {
  if (process.state !== 'running' || process.startedAt === undefined) return []
  const started = hasStarted(container, process)
  const sorts: readonly ProbeSort[] = started ? ['liveness', 'readiness'] : ['startup']
  return sorts.flatMap((sort) => {
    const probe = probeOf(container, sort)
    if (probe === undefined || (isStopping && sort !== 'readiness')) return []
    return [{ sort, probe, dueAt: dueAtOf(scene, container, process, sort, probe) }]
  })
}

const dueAtOf = (
  scene: ProbeScene,
  container: Container,
  process: ContainerProcess,
  sort: ProbeSort,
  probe: Probe,
): SimTime | undefined => {
  const { now } = scene
  const startedAt = process.startedAt ?? now
  const period = periodMsOf(probe)
  const first = Math.ceil(((probe.initialDelaySeconds ?? 0) * 1_000) / period)
  const tick = Math.floor((now - startedAt) / period)
  const tickAt = (number: number): SimTime => startedAt + number * period
  if (tick < first) return tickAt(first)
  const known = process.probes[sort]
  if (known === undefined) return now
  const knownTick = Math.floor((known.at - startedAt) / period)
  const steady = known.succeeded && known.verdict && known.inARow >= (probe.successThreshold ?? 1)
  const onTick = now - tickAt(tick) <= toleranceMs && knownTick < tick
  // What was answered last is not known any more, only that it was the same: it is asked on its ticks.
  if (isSettledFailure(known, probe)) return onTick ? now : tickAt(tick + 1)
  if (!steady) return knownTick < tick ? now : tickAt(tick + 1)
  const { succeeded } = outcomeOf(scene, container, process, sort, probe)
  if (!succeeded) return onTick ? now : tickAt(tick + 1)
  return dependsOnFiles(scene, container, probe) ? tickAt(tick + 1) : undefined
}

/** One failure more changes nothing. */
const isSettledFailure = ({ succeeded, verdict, inARow }: ProbeVerdict, probe: Probe): boolean =>
  !succeeded && !verdict && inARow >= (probe.failureThreshold ?? 3)

/** Does this answer change what is known? The same failure once more, for ever, is told to people as an Event and is no fact. */
export const isNews = (process: ContainerProcess, sort: ProbeSort, probe: Probe, succeeded: boolean): boolean => {
  const known = process.probes[sort]
  return known === undefined || succeeded || !isSettledFailure(known, probe)
}

/** The tick after this moment. */
export const nextTickAt = (process: ContainerProcess, probe: Probe, now: SimTime): SimTime => {
  const startedAt = process.startedAt ?? now
  const period = periodMsOf(probe)
  return startedAt + (Math.floor((now - startedAt) / period) + 1) * period
}

const dependsOnFiles = ({ world }: ProbeScene, container: Container, probe: Probe): boolean =>
  probe.exec !== undefined ||
  (probe.httpGet !== undefined && imageBehaviourOf(world, container.image ?? '')?.http?.documentRoot !== undefined)

export interface ProbeVerdict {
  readonly succeeded: boolean
  readonly inARow: number
  readonly verdict: boolean
}

/** What is known after one more answer. */
export const countAnswer = (process: ContainerProcess, sort: ProbeSort, probe: Probe, succeeded: boolean): ProbeVerdict => {
  const known = process.probes[sort]
  const inARow = known !== undefined && known.succeeded === succeeded ? known.inARow + 1 : 1
  const threshold = succeeded ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)
  // Before the first verdict: readiness failed, liveness succeeded, startup unknown (which counts as not yet).
  const before = known?.verdict ?? sort === 'liveness'
  return { succeeded, inARow, verdict: inARow >= threshold ? succeeded : before }
}

const passed: ProbeOutcome = { succeeded: true, output: '' }
const fails = (output: string): ProbeOutcome => ({ succeeded: false, output })

/** What the app answers to the probe now. */
export const outcomeOf = (
  scene: ProbeScene,
  container: Container,
  process: ContainerProcess,
  sort: ProbeSort,
  probe: Probe,
): ProbeOutcome => {
  const { world, pod, processes, now } = scene
  const name = { namespace: pod.metadata.namespace ?? '', name: pod.metadata.name }
  const failing = podBehaviour(world, 'ProbeFailing', name, container.name, (behaviour) => (behaviour.probe ?? 'readiness') === sort)
  const address = probe.httpGet?.host ?? processes.sandbox?.address ?? ''
  if (failing !== undefined) return fails(failing.output ?? defaultFailure(probe, container, address))
  const isWarm = now - (process.startedAt ?? now) >= programOf(world, pod, container, false).answersAfterMs
  if (!isWarm && probe.exec === undefined) return fails(refusedConnection(probe, container, address))
  if (!isWarm) return fails('')
  if (probe.exec !== undefined) return execOutcome(scene, container, probe.exec.command ?? [])
  if (probe.httpGet !== undefined) return httpOutcome(scene, container, probe.httpGet.path ?? '/')
  return passed
}

const portOf = (probe: Probe, container: Container): string => {
  const port = probe.httpGet?.port ?? probe.tcpSocket?.port ?? probe.grpc?.port ?? ''
  const named = container.ports?.find((candidate) => candidate.name === port)
  return String(named?.containerPort ?? port)
}

const refusedConnection = (probe: Probe, container: Container, address: string): string => {
  const target = `${address}:${portOf(probe, container)}`
  const refused = `dial tcp ${target}: connect: connection refused`
  return probe.httpGet === undefined
    ? refused
    : `Get "${(probe.httpGet.scheme ?? 'HTTP').toLowerCase()}://${target}${probe.httpGet.path ?? '/'}": ${refused}`
}

const defaultFailure = (probe: Probe, container: Container, address: string): string =>
  probe.httpGet !== undefined
    ? 'HTTP probe failed with statuscode: 500'
    : probe.exec !== undefined
      ? ''
      : refusedConnection(probe, container, address)

// Follows DoHTTPProbe in pkg/probe/http/http.go: any status from 200 to 399 is a success.
const httpOutcome = ({ world, reader, pod }: ProbeScene, container: Container, path: string): ProbeOutcome => {
  const http = imageBehaviourOf(world, container.image ?? '')?.http
  const plainPath = path.split('?')[0] ?? '/'
  const route = http?.routes?.[plainPath]
  if (route !== undefined)
    return route.status >= 200 && route.status < 400 ? passed : fails(`HTTP probe failed with statuscode: ${route.status}`)
  if (http?.documentRoot === undefined) return passed
  const files = fileSystemOf(world, reader, pod.metadata.uid, container.name, pod)
  const isFolder = plainPath.endsWith('/')
  const file = `${http.documentRoot}${plainPath}${isFolder ? 'index.html' : ''}`
  if (files === undefined || files.read(file) !== undefined) return passed
  return fails(
    `HTTP probe failed with statuscode: ${isFolder && files.list(`${http.documentRoot}${plainPath.slice(0, -1)}`) !== undefined ? 403 : 404}`,
  )
}

/** The commands that probes use to look at files are answered from the container's files; all others succeed. */
const execOutcome = ({ world, reader, pod }: ProbeScene, container: Container, command: readonly string[]): ProbeOutcome => {
  const words = /^(\/bin\/)?(ba|a|da)?sh$/.test(command[0] ?? '') && command[1] === '-c' ? (command[2] ?? '').trim().split(/\s+/) : command
  const [program = '', ...rest] = words
  if (program === 'false' || (program === 'exit' && rest[0] !== '0')) return fails('')
  if (!['cat', 'test', '[', 'ls'].includes(program) || words.some((word) => /[|&;$<>]/.test(word))) return passed
  const path = [...rest].reverse().find((word) => word.startsWith('/'))
  const files = fileSystemOf(world, reader, pod.metadata.uid, container.name, pod)
  if (path === undefined || files === undefined) return passed
  const isThere = files.read(path) !== undefined || (program !== 'cat' && files.list(path) !== undefined)
  if (isThere) return passed
  return fails(program === 'cat' || program === 'ls' ? `${program}: can't open '${path}': No such file or directory\n` : '')
}
