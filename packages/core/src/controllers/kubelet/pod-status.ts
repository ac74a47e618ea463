/** A Pod's status as the real kubelet writes it, as a function of what runs on its machine. */
import type { Container, ContainerState, ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/generated/types.js'
import { containerOf, type ContainerProcess, type FinishedProcess, type Machine, type PodProcesses } from '../../cluster/world.js'
import { extended } from '../../kernel/extended.js'
import type { Mutable } from '../../kernel/mutable.js'
import { rememberedText } from '../../kernel/remembered-text.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { conditionAs, foreignConditions } from './pod-conditions.js'
import { hasStarted, isReady } from './probes.js'
import { isSidecar, mustRestart, restartAt } from './restarts.js'

/** For this long a container that ended shows how, before it shows what it waits for. */
export const shownAsEndedMs = 1_000

export interface StatusScene {
  readonly pod: Pod
  readonly processes: PodProcesses | undefined
  readonly machine: Machine
  readonly now: SimTime
  /** The Pod is being deleted, evicted or has run its course: nothing is started any more. */
  readonly isEnding: boolean
}

export const podStatusOf = (scene: StatusScene): PodStatus => {
  const { pod, processes, machine, now } = scene
  const { sandbox } = processes ?? {}
  const containerStatuses = pod.spec.containers.map((container) => containerStatusOf(scene, container, false))
  const initContainerStatuses = (pod.spec.initContainers ?? []).map((container) => containerStatusOf(scene, container, true))
  const phase = phaseOf(scene, containerStatuses, initContainerStatuses)
  const { generation } = pod.metadata
  const isUp = sandbox !== undefined && sandbox.alive && sandbox.readyAt <= now
  const address = isUp ? sandbox.address : pod.status.podIP
  const { message: _message, reason: _reason, ...before } = pod.status
  const isOver = pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded'
  const status: Mutable<PodStatus> = before
  if (isOver && pod.status.message !== undefined) status.message = pod.status.message
  if (isOver && pod.status.reason !== undefined) status.reason = pod.status.reason
  status.phase = phase
  status.conditions = conditionsOf(scene, phase, { containerStatuses, initContainerStatuses, isUp: isUp && !allStopped(scene, phase) })
  status.containerStatuses = containerStatuses
  status.hostIP = machine.address
  status.hostIPs = [{ ip: machine.address }]
  if (initContainerStatuses.length > 0) status.initContainerStatuses = initContainerStatuses
  if (generation !== undefined) status.observedGeneration = generation
  if (address !== undefined) {
    status.podIP = address
    status.podIPs = [{ ip: address }]
  }
  status.startTime = pod.status.startTime ?? timestampOf(now)
  return status
}

const allStopped = ({ isEnding, processes }: StatusScene, phase: string): boolean =>
  phase === 'Succeeded' || phase === 'Failed' || (isEnding && (processes?.containers ?? []).every(({ state }) => state !== 'running'))

const containerIdOf = (podUid: string, name: string, attempt: number): string => `containerd://${hexOf(`${podUid}/${name}/${attempt}`)}`

/** 64 hexadecimal digits that look like a container's id and depend on the text alone. */
const hexOf = rememberedText((text): string => {
  let digits = ''
  let hash = 0x811c9dc5
  for (let round = 0; round < 8; round += 1) {
    for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) + round
    digits += (hash >>> 0).toString(16).padStart(8, '0')
  }
  return digits
})

const imageIdOf = rememberedText((image): string => {
  const at = image.lastIndexOf('@')
  const slash = image.lastIndexOf('/')
  const colon = image.lastIndexOf(':')
  const repository = at >= 0 ? image.slice(0, at) : colon > slash ? image.slice(0, colon) : image
  const first = repository.split('/')[0] ?? ''
  const full = !repository.includes('/')
    ? `docker.io/library/${repository}`
    : /[.:]|^localhost$/.test(first)
      ? repository
      : `docker.io/${repository}`
  return at >= 0 ? `${full}${image.slice(at)}` : `${full}@sha256:${hexOf(image)}`
})

// Follows convertToAPIContainerStatuses in pkg/kubelet/kubelet_pods.go.
const containerStatusOf = (scene: StatusScene, container: Container, isInit: boolean): ContainerStatus => {
  const { pod, processes } = scene
  const process = containerOf(processes, container.name)
  const { state, lastState } = statesOf(scene, container, process, isInit)
  const hasRun =
    process !== undefined && (process.startedAt !== undefined || process.finished !== undefined || process.lastFinished !== undefined)
  const current = process === undefined ? 0 : runAttempt(process)
  const known = hasRun ? writtenOf(pod, container, current, isInit) : undefined
  const isPlainInit = isInit && !isSidecar(container)
  const requests = container.resources?.requests
  // In the order in which the API server prints them.
  const written: Partial<Mutable<ContainerStatus>> = {}
  if (requests !== undefined) written.allocatedResources = requests
  if (hasRun) written.containerID = known?.containerID ?? containerIdOf(pod.metadata.uid, container.name, current)
  const status = extended(written, {
    image: known?.image ?? container.image ?? '',
    imageID: hasRun ? (known?.imageID ?? imageIdOf(container.image ?? '')) : '',
    lastState,
    name: container.name,
    ready: isPlainInit ? state.terminated?.exitCode === 0 : isReady(container, process),
  })
  const rest = { restartCount: current, started: hasStarted(container, process), state, ...volumeMountsOf(container) }
  return hasRun && container.resources !== undefined
    ? Object.assign(status, { resources: container.resources }, rest)
    : Object.assign(status, rest)
}

/** What the status says of the same process: in an imported Pod the runtime of the other cluster gave it its names. */
const writtenOf = ({ status }: Pod, { name }: Container, attempt: number, isInit: boolean): ContainerStatus | undefined => {
  const written = (isInit ? status.initContainerStatuses : status.containerStatuses)?.find((candidate) => candidate.name === name)
  return written?.containerID !== undefined && written.restartCount === attempt ? written : undefined
}

const volumeMountsOf = (container: Container): Pick<ContainerStatus, 'volumeMounts'> => {
  const mounts = container.volumeMounts ?? []
  if (mounts.length === 0) return {}
  return {
    volumeMounts: mounts.map(({ mountPath, name, readOnly }) => ({
      mountPath,
      name,
      ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : undefined),
    })),
  }
}

/** The attempt whose process was last seen: one that is still being created does not count yet. */
const runAttempt = (process: ContainerProcess): number =>
  process.state === 'creating' && process.lastFinished !== undefined ? process.lastFinished.attempt : process.attempt

const terminatedState = (pod: Pod, container: Container, finished: FinishedProcess): ContainerState => ({
  terminated: {
    containerID: containerIdOf(pod.metadata.uid, container.name, finished.attempt),
    exitCode: finished.exitCode,
    finishedAt: timestampOf(finished.finishedAt),
    ...(finished.message === undefined ? undefined : { message: finished.message }),
    reason: finished.reason,
    ...(finished.startedAt === undefined ? undefined : { startedAt: timestampOf(finished.startedAt) }),
  },
})

/** Go prints 80 s as `1m20s`. */
const goDuration = (ms: number): string => {
  const seconds = Math.floor(ms / 1_000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

interface States {
  readonly state: ContainerState
  readonly lastState: ContainerState
}

const statesOf = (scene: StatusScene, container: Container, process: ContainerProcess | undefined, isInit: boolean): States => {
  const { pod, now, isEnding } = scene
  const last = process?.lastFinished
  const lastState = last === undefined ? {} : terminatedState(pod, container, last)
  if (process === undefined) return { state: isEnding ? neverStarted(scene) : waitingState(pod), lastState: {} }
  switch (process.state) {
    case 'running':
      return { state: { running: { startedAt: timestampOf(process.startedAt ?? now) } }, lastState }
    case 'exited': {
      const { finished } = process
      if (finished === undefined) return { state: waitingState(pod), lastState }
      const ended = terminatedState(pod, container, finished)
      if (isEnding) return { state: ended, lastState }
      if (process.pull?.failedAt !== undefined) return { state: pullState(process, now), lastState: ended }
      const due = restartAt(process)
      const isHeldBack = due > finished.finishedAt && now >= finished.finishedAt + shownAsEndedMs
      if (!isHeldBack || !mustRestart(pod, container, isInit, finished)) return { state: ended, lastState }
      const { name, namespace = '', uid } = pod.metadata
      const delay = goDuration(process.backOff?.delayMs ?? 0)
      const message = `back-off ${delay} restarting failed container=${container.name} pod=${name}_${namespace}(${uid})`
      return { state: { waiting: { message, reason: 'CrashLoopBackOff' } }, lastState: ended }
    }
    case 'creating':
      if (isEnding && last === undefined) return { state: neverStarted(scene), lastState: {} }
      // Until the new process runs, what was shown of the old one stays.
      return (
        shownWaiting(pod, container) ?? {
          state: last === undefined ? waitingState(pod) : terminatedState(pod, container, last),
          lastState: {},
        }
      )
    case 'waiting':
    case 'pulling': {
      if (isEnding) return { state: neverStarted(scene), lastState }
      if (process.refused !== undefined)
        return { state: { waiting: { message: process.refused.message, reason: process.refused.reason } }, lastState }
      if (process.state === 'pulling') return shownWaiting(pod, container) ?? { state: waitingState(pod), lastState }
      if (process.pull?.failedAt !== undefined) return { state: pullState(process, now), lastState }
      return { state: waitingState(pod), lastState }
    }
  }
}

/** The reason for waiting that people see stays until the container has got further. Follows reasonCache in pkg/kubelet/reason_cache.go. */
const shownWaiting = (pod: Pod, { name }: Container): States | undefined => {
  const shown = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].find(
    (status) => status.name === name,
  )
  const reason = shown?.state?.waiting?.reason
  const stays = reason === 'CrashLoopBackOff' || reason === 'ImagePullBackOff' || reason === 'ErrImagePull'
  return stays && shown?.state !== undefined ? { state: shown.state, lastState: shown.lastState ?? {} } : undefined
}

const pullState = (process: ContainerProcess, now: SimTime): ContainerState => {
  const { image, pull } = process
  const error = pull?.message ?? ''
  if (now < (pull?.failedAt ?? 0) + shownAsEndedMs) return { waiting: { message: error, reason: 'ErrImagePull' } }
  return { waiting: { message: `Back-off pulling image "${image}": ErrImagePull: ${error}`, reason: 'ImagePullBackOff' } }
}

const waitingState = (pod: Pod): ContainerState => ({
  waiting: { reason: (pod.spec.initContainers?.length ?? 0) > 0 ? 'PodInitializing' : 'ContainerCreating' },
})

/** A container that never ran is reported so only at the very end. */
// Follows TerminatePod in pkg/kubelet/status/status_manager.go.
const neverStarted = ({ pod, processes }: StatusScene): ContainerState =>
  (processes?.containers ?? []).some(({ state }) => state === 'running')
    ? waitingState(pod)
    : {
        terminated: {
          exitCode: 137,
          message: 'The container could not be located when the pod was terminated',
          reason: 'ContainerStatusUnknown',
        },
      }

type Phase = NonNullable<PodStatus['phase']>

// Follows getPhase in pkg/kubelet/kubelet_pods.go.
const phaseOf = (scene: StatusScene, containers: readonly ContainerStatus[], initContainers: readonly ContainerStatus[]): Phase => {
  const { pod, isEnding } = scene
  if (pod.status.phase === 'Failed' || pod.status.phase === 'Succeeded') return pod.status.phase
  const policy = pod.spec.restartPolicy ?? 'Always'
  let pendingInit = 0
  let failedInit = 0
  for (const [index, container] of (pod.spec.initContainers ?? []).entries()) {
    const status = initContainers[index]
    if (isSidecar(container)) {
      if (status?.started !== true && status?.state?.terminated === undefined) pendingInit += 1
      continue
    }
    const ended = status?.state?.terminated ?? (status?.state?.waiting === undefined ? undefined : status.lastState?.terminated)
    if (ended === undefined) pendingInit += 1
    else if (ended.exitCode !== 0) {
      pendingInit += 1
      failedInit += 1
    }
  }
  let waiting = 0
  let running = 0
  let stopped = 0
  let succeeded = 0
  for (const { state, lastState } of containers) {
    const ended = state?.terminated ?? (state?.waiting === undefined ? undefined : lastState?.terminated)
    if (state?.running !== undefined) running += 1
    else if (ended === undefined) waiting += 1
    else {
      stopped += 1
      if (ended.exitCode === 0) succeeded += 1
    }
  }
  if (failedInit > 0 && policy === 'Never') return 'Failed'
  if ((pendingInit > 0 && running + stopped === 0) || waiting > 0) return 'Pending'
  if (running > 0) return 'Running'
  if (stopped > 0) {
    if (isEnding)
      return succeeded === stopped && initContainers.every(({ state }) => (state?.terminated?.exitCode ?? 0) === 0) ? 'Succeeded' : 'Failed'
    if (policy === 'Always') return 'Running'
    if (succeeded === stopped) return 'Succeeded'
    return policy === 'Never' ? 'Failed' : 'Running'
  }
  return 'Pending'
}

interface Statuses {
  readonly containerStatuses: readonly ContainerStatus[]
  readonly initContainerStatuses: readonly ContainerStatus[]
  readonly isUp: boolean
}

const listed = (names: readonly string[]): string => `[${names.join(' ')}]`

// Follows GeneratePodReadyCondition and its neighbours in pkg/kubelet/status/generate.go.
const conditionsOf = (
  { pod, now }: StatusScene,
  phase: Phase,
  { containerStatuses, initContainerStatuses, isUp }: Statuses,
): readonly PodCondition[] => {
  const incomplete = (pod.spec.initContainers ?? []).filter((container, index) => {
    const status = initContainerStatuses[index]
    return isSidecar(container) ? status?.started !== true : status?.ready !== true
  })
  const begun = containerStatuses.some(
    ({ state, lastState }) =>
      state?.running !== undefined || state?.terminated?.startedAt !== undefined || lastState?.terminated !== undefined,
  )
  const initialized: Verdict =
    phase === 'Succeeded'
      ? { isTrue: true, reason: 'PodCompleted' }
      : incomplete.length === 0 || begun
        ? { isTrue: true }
        : {
            isTrue: false,
            message: `containers with incomplete status: ${listed(incomplete.map(({ name }) => name))}`,
            reason: 'ContainersNotInitialized',
          }
  const sidecars = (pod.spec.initContainers ?? []).flatMap((container, index) =>
    isSidecar(container) ? [initContainerStatuses[index]] : [],
  )
  const unready = [...sidecars, ...containerStatuses].flatMap((status) => (status === undefined || status.ready ? [] : [status.name]))
  const containersReady: Verdict =
    phase === 'Succeeded'
      ? { isTrue: false, reason: 'PodCompleted' }
      : phase === 'Failed'
        ? { isTrue: false, reason: 'PodFailed' }
        : unready.length === 0
          ? { isTrue: true }
          : { isTrue: false, message: `containers with unready status: ${listed(unready)}`, reason: 'ContainersNotReady' }
  const ready = containersReady.isTrue ? readinessGatesOf(pod) : containersReady
  return [
    ...foreignConditions(pod),
    conditionAs(pod, 'PodReadyToStartContainers', isUp, undefined, undefined, now),
    conditionAs(pod, 'Initialized', initialized.isTrue, initialized.reason, initialized.message, now),
    conditionAs(pod, 'Ready', ready.isTrue, ready.reason, ready.message, now),
    conditionAs(pod, 'ContainersReady', containersReady.isTrue, containersReady.reason, containersReady.message, now),
    conditionAs(pod, 'PodScheduled', true, undefined, undefined, now),
  ]
}

interface Verdict {
  readonly isTrue: boolean
  readonly reason?: string
  readonly message?: string
}

const readinessGatesOf = (pod: Pod): Verdict => {
  const messages = (pod.spec.readinessGates ?? []).flatMap(({ conditionType }) => {
    const condition = pod.status.conditions?.find(({ type }) => type === conditionType)
    if (condition === undefined) return [`corresponding condition of pod readiness gate "${conditionType}" does not exist.`]
    return condition.status === 'True' ? [] : [`the status of pod readiness gate "${conditionType}" is not "True", but ${condition.status}`]
  })
  return messages.length === 0 ? { isTrue: true } : { isTrue: false, message: messages.join(', '), reason: 'ReadinessGatesNotReady' }
}
