/**
 * The small kubelet of the recordings, with all its simplifications: no probes, no pulls, no retries, no init containers, one write for a
 * start and one for an end. What it does is described in the conformance README under "The small kubelet"; used by `conform` only.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../api/generated/types.js'
import {
  containerOf,
  podBehaviour,
  processesOf,
  pullRefusalOf,
  type ContainerProcess,
  type Machine,
  type PodProcesses,
  type World,
} from '../../cluster/world.js'
import { reduceWorld } from '../../cluster/reduce-world.js'
import type { WorldEvent } from '../../cluster/world-events.js'
import { extended } from '../../kernel/extended.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import type { PlanContext, PlanOutcome, Waiting } from '../controller.js'
import { remove } from '../requests.js'
import type { Steps } from '../steps.js'
import { nextPodAddress } from './pod-addresses.js'
import { conditionAs, conditionOf, writePodStatus } from './pod-conditions.js'
import { act, tell, telling } from './pod-events.js'

type Stage = 'new' | 'creating' | 'pull' | 'running' | 'backoff' | 'done'

export function* planRecordedPod(context: PlanContext, pod: Pod, machine: Machine): Steps<PlanOutcome> {
  const scene: Scene = { context, machine, processes: processesOf(context.world, pod.metadata.uid) }
  const isTerminal = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
  if (pod.metadata.deletionTimestamp !== undefined) return yield* stop(scene, pod, isTerminal)
  if (isTerminal) return {}
  if (behaviourOf(scene, pod, 'EvictionDue') !== undefined) return yield* evict(scene, pod)
  switch (stageOf(pod, scene.processes)) {
    case 'new':
      return yield* create(scene, pod)
    case 'creating':
      return yield* start(scene, pod)
    case 'running':
      return yield* watchOver(scene, pod)
    case 'backoff':
      return behaviourOf(scene, pod, 'Crashing') === undefined ? yield* release(scene, pod) : waits('Crashing', pod)
    case 'pull':
      return waits('ImagePullBackOff', pod)
    case 'done':
      return {}
  }
}

type SandboxCreated = Extract<WorldEvent, { readonly kind: 'SandboxCreated' }>

interface Scene {
  readonly context: PlanContext
  readonly machine: Machine
  readonly processes: PodProcesses | undefined
}

const stageOf = (pod: Pod, processes: PodProcesses | undefined): Stage => {
  const first = containerOf(processes, pod.spec.containers[0]?.name ?? '')
  if (processes?.sandbox === undefined) return 'new'
  if (first === undefined) return 'creating'
  if (first.state === 'running') return 'running'
  if (first.state === 'exited') return 'backoff'
  return first.pull === undefined ? 'creating' : 'pull'
}

const behaviourOf = ({ context }: Scene, pod: Pod, kind: 'StartHeld' | 'Crashing' | 'StopHeld' | 'EvictionDue'): object | undefined =>
  podBehaviour(context.world, kind, nameOf(pod))
const nameOf = (pod: Pod): { readonly namespace: string; readonly name: string } => ({
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name,
})
const isUnready = ({ context }: Scene, pod: Pod): boolean =>
  podBehaviour(context.world, 'ProbeFailing', nameOf(pod), undefined, ({ probe = 'readiness' }) => probe === 'readiness') !== undefined

const waits = (kind: string, pod: Pod): PlanOutcome => {
  const waiting: Waiting = { kind, on: `Pod/${pod.metadata.namespace ?? ''}/${pod.metadata.name}`, because: `${kind} is in force for it` }
  return { waitingFor: [waiting] }
}

const retryMs = 30

/** Writes, or looks again a little later, as the recordings' kubelet does. */
function* write(pod: Pod, status: PodStatus, next: PlanOutcome): Steps<PlanOutcome> {
  const answer = yield* writePodStatus(pod, status)
  return E.isRight(answer) || answer.left.reason === 'NotFound' ? next : { requeueAfterMs: retryMs }
}

/** First sight: the sandbox gets its address at once, but the status does not say so yet. */
function* create({ context, machine }: Scene, pod: Pod): Steps<PlanOutcome> {
  const { now, world } = context
  const { containerStartMs } = world.settings.latencies
  const { restartPolicy } = pod.spec
  const sandbox: SandboxCreated = {
    kind: 'SandboxCreated',
    podUid: pod.metadata.uid,
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name,
    node: machine.node,
    address: nextPodAddress(world, machine.node),
    readyAt: now + containerStartMs.min,
  }
  yield { kind: 'ActOnWorld', event: restartPolicy === undefined ? sandbox : extended(sandbox, { restartPolicy }) }
  const status: PodStatus = extended(seen(pod), {
    startTime: timestampOf(now),
    hostIP: machine.address,
    hostIPs: [{ ip: machine.address }],
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      image,
      imageID: '',
      lastState: {},
      name,
      ready: false,
      restartCount: 0,
      started: false,
      state: { waiting: { reason: 'ContainerCreating' } },
    })),
    conditions: conditionsOf(pod, { ready: false, reason: 'ContainersNotReady', sandbox: false }, now),
  })
  return yield* write(pod, status, { requeueAfterMs: containerStartMs.min })
}

function* start(scene: Scene, pod: Pod): Steps<PlanOutcome> {
  const { context, processes } = scene
  const { now } = context
  if (behaviourOf(scene, pod, 'StartHeld') !== undefined) return waits('StartHeld', pod)
  const left = (processes?.sandbox?.readyAt ?? now) - now
  if (left > 0) return { requeueAfterMs: left }
  if (pod.spec.containers.some(({ image = '' }) => pullRefusalOf(context.world, image) !== undefined)) return yield* failPull(scene, pod)
  let { world } = context
  const { uid: podUid } = pod.metadata
  const container = firstName(pod)
  for (const { name, image = '' } of pod.spec.containers) {
    yield telling(pod, {
      reason: 'Pulled',
      message: `Container image "${image}" already present on machine and can be accessed by the pod`,
      container,
    })
    yield telling(pod, { reason: 'Created', message: 'Container created', container })
    yield telling(pod, { reason: 'Started', message: 'Container started', container })
    const created: WorldEvent = { kind: 'ContainerCreated', podUid, container: name, image, startsAt: now }
    yield { kind: 'ActOnWorld', event: created }
    world = reduceWorld(world, created, now)
    const begun: WorldEvent = { kind: 'ContainerStarted', podUid, container: name }
    yield { kind: 'ActOnWorld', event: begun }
    world = reduceWorld(world, begun, now)
  }
  const started: Scene = { ...scene, context: { ...context, world }, processes: processesOf(world, pod.metadata.uid) }
  if (behaviourOf(scene, pod, 'Crashing') !== undefined) return yield* crash(started, pod)
  return yield* write(pod, runningStatus(started, pod), { requeueAfterMs: 1 })
}

const firstName = (pod: Pod): string => pod.spec.containers[0]?.name ?? ''

function* failPull({ context, processes }: Scene, pod: Pod): Steps<PlanOutcome> {
  let { world } = context
  const statuses: ContainerStatus[] = []
  for (const [index, { name, image = '' }] of pod.spec.containers.entries()) {
    yield* tell(pod, { reason: 'Pulling', message: `Pulling image "${image}"`, container: firstName(pod) })
    yield* tell(pod, {
      type: 'Warning',
      reason: 'Failed',
      message: `Failed to pull image "${image}": not found`,
      container: firstName(pod),
    })
    world = yield* act(
      world,
      { kind: 'ImagePullFailed', podUid: pod.metadata.uid, container: name, image, message: 'not found' },
      context.now,
    )
    const before = pod.status.containerStatuses?.[index]
    if (before !== undefined)
      statuses.push({
        ...before,
        state: { waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: not found` } },
      })
  }
  const conditions = (pod.status.conditions ?? []).map((condition, index) =>
    index === 0 ? conditionOf(pod, { type: 'PodReadyToStartContainers', isTrue: true }, context.now) : condition,
  )
  return yield* write(pod, { ...pod.status, ...addressOf(processes), containerStatuses: statuses, conditions }, {})
}

function* watchOver(scene: Scene, pod: Pod): Steps<PlanOutcome> {
  const { context, processes } = scene
  const { world } = context
  const exiting = podBehaviour(world, 'Exiting', nameOf(pod))
  if (exiting !== undefined && pod.spec.restartPolicy !== 'Always') return yield* finish(scene, pod, exiting.exitCode)
  if (behaviourOf(scene, pod, 'Crashing') !== undefined) return yield* crash(scene, pod)
  const isReady = pod.status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
  const unready = isUnready(scene, pod)
  // The second half repeats a write that was lost.
  if (pod.status.phase === 'Running' ? isReady === unready : processes !== undefined) {
    if (unready && pod.status.phase === 'Running')
      yield* tell(pod, { type: 'Warning', reason: 'Unhealthy', message: 'Readiness probe failed: not ready', container: firstName(pod) })
    return yield* write(pod, runningStatus(scene, pod), {})
  }
  return {}
}

function* release(scene: Scene, pod: Pod): Steps<PlanOutcome> {
  const { context } = scene
  let { world } = context
  for (const { name, image = '' } of pod.spec.containers) {
    world = yield* act(
      world,
      { kind: 'ContainerCreated', podUid: pod.metadata.uid, container: name, image, startsAt: context.now },
      context.now,
    )
    world = yield* act(world, { kind: 'ContainerStarted', podUid: pod.metadata.uid, container: name }, context.now)
  }
  const running: Scene = { ...scene, context: { ...context, world }, processes: processesOf(world, pod.metadata.uid) }
  return yield* write(pod, runningStatus(running, pod), {})
}

function* exitAll({ context }: Scene, pod: Pod, exitCode: number, reason: string): Steps<World> {
  let { world } = context
  for (const container of processesOf(world, pod.metadata.uid)?.containers ?? []) {
    if (container.state === 'running')
      world = yield* act(
        world,
        { kind: 'ContainerExited', podUid: pod.metadata.uid, container: container.name, exitCode, reason },
        context.now,
      )
  }
  return world
}

function* crash(scene: Scene, pod: Pod): Steps<PlanOutcome> {
  const { now } = scene.context
  const { uid, name, namespace = '' } = pod.metadata
  yield* tell(pod, {
    type: 'Warning',
    reason: 'BackOff',
    message: `Back-off restarting failed container ${firstName(pod)} in pod ${name}_${namespace}(${uid})`,
    container: firstName(pod),
  })
  const world = yield* exitAll(scene, pod, 1, 'Error')
  const processes = processesOf(world, uid)
  const containerStatuses = (pod.status.containerStatuses ?? []).map((status): ContainerStatus => {
    const process = containerOf(processes, status.name)
    const containerID = containerIdOf(pod, status.name, process)
    return {
      ...status,
      ready: false,
      started: false,
      restartCount: restartsOf(process),
      imageID: `sha256:${status.image}`,
      containerID,
      lastState: { terminated: terminated(process, { exitCode: 1, reason: 'Error', containerID }, now) },
      state: {
        waiting: {
          reason: 'CrashLoopBackOff',
          message: `back-off 10s restarting failed container=${status.name} pod=${name}_${namespace}(${uid})`,
        },
      },
    }
  })
  return yield* write(
    pod,
    {
      ...pod.status,
      phase: 'Running',
      ...addressOf(processes),
      containerStatuses,
      conditions: conditionsOf(pod, { ready: false, reason: 'ContainersNotReady', sandbox: true }, now),
    },
    {},
  )
}

function* finish(scene: Scene, pod: Pod, exitCode: number): Steps<PlanOutcome> {
  const { now } = scene.context
  const failed = exitCode !== 0
  const reason = failed ? 'Error' : 'Completed'
  const containerStatuses = endedStatuses(scene.processes, pod, { exitCode, reason }, now)
  yield* exitAll(scene, pod, exitCode, reason)
  return yield* write(
    pod,
    {
      ...pod.status,
      phase: failed ? 'Failed' : 'Succeeded',
      containerStatuses,
      conditions: conditionsOf(pod, { ready: false, reason: failed ? 'PodFailed' : 'PodCompleted', sandbox: false }, now),
    },
    {},
  )
}

const evictionMessage = 'The node was low on resource: memory. '

function* evict(scene: Scene, pod: Pod): Steps<PlanOutcome> {
  const { context } = scene
  yield* act(context.world, { kind: 'BehaviourCleared', behaviour: 'EvictionDue', target: pod.metadata.name }, context.now)
  yield* tell(pod, { type: 'Warning', reason: 'Evicted', message: evictionMessage, container: firstName(pod) })
  const containerStatuses = endedStatuses(scene.processes, pod, { exitCode: 137, reason: 'Error' }, context.now)
  yield* exitAll(scene, pod, 137, 'Error')
  return yield* write(
    pod,
    {
      ...pod.status,
      phase: 'Failed',
      reason: 'Evicted',
      message: evictionMessage,
      containerStatuses,
      conditions: conditionsOf(pod, { ready: false, reason: 'PodFailed', sandbox: false }, context.now),
    },
    {},
  )
}

/** Deletion: told to stop, ended 200 ms later, removed 50 ms after that. */
function* stop(scene: Scene, pod: Pod, isTerminal: boolean): Steps<PlanOutcome> {
  const { context, processes } = scene
  const { now, world } = context
  const { containerStopMs, podCleanUpMs } = world.settings.latencies
  const stage = stageOf(pod, processes)
  if (processes === undefined && !isTerminal && pod.status.observedGeneration !== pod.metadata.generation)
    return yield* write(pod, observed(pod).status, { requeueAfterMs: containerStopMs.min + podCleanUpMs })
  if (processes !== undefined && processes.termination === undefined && !isTerminal) {
    if (stage === 'running' || stage === 'backoff') {
      for (const { name } of pod.spec.containers)
        yield* tell(pod, { reason: 'Killing', message: `Stopping container ${name}`, container: firstName(pod) })
    }
    const exits = processes.containers
      .filter(({ state }) => state === 'running')
      .map(({ name }) => ({ container: name, exitsAt: now + containerStopMs.min, exitCode: 0 }))
    yield* act(
      world,
      {
        kind: 'TerminationStarted',
        podUid: pod.metadata.uid,
        killAt: now + (pod.metadata.deletionGracePeriodSeconds ?? 30) * 1_000,
        exits,
      },
      now,
    )
    return yield* write(pod, observed(pod).status, { requeueAfterMs: containerStopMs.min })
  }
  if (behaviourOf(scene, pod, 'StopHeld') !== undefined) return waits('StopHeld', pod)
  const left = (processes?.termination?.since ?? now - containerStopMs.min) + containerStopMs.min - now
  if (left > 0 && !isTerminal) return { requeueAfterMs: left }
  if (processes !== undefined && !isTerminal) {
    const never = stage === 'creating' || stage === 'pull'
    const end = never ? { exitCode: 137, reason: 'ContainerStatusUnknown' } : { exitCode: 0, reason: 'Completed' }
    const containerStatuses = endedStatuses(processes, pod, end, now)
    yield* exitAll(scene, pod, 0, 'Completed')
    return yield* write(
      pod,
      {
        ...seen(pod),
        phase: never ? 'Failed' : 'Succeeded',
        containerStatuses,
        conditions: conditionsOf(pod, { ready: false, reason: never ? 'ContainersNotReady' : 'PodCompleted', sandbox: false }, now),
      },
      { requeueAfterMs: podCleanUpMs },
    )
  }
  const ended = Math.max(
    ...(processes?.containers ?? []).map(({ finished }) => finished?.finishedAt ?? 0),
    processes?.termination?.since ?? 0,
  )
  const cleaning = processes?.termination === undefined ? 0 : ended + podCleanUpMs - now
  if (cleaning > 0) return { requeueAfterMs: cleaning }
  if (processes !== undefined) yield* act(world, { kind: 'SandboxRemoved', podUid: pod.metadata.uid }, now)
  yield* remove(pod, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
  return {}
}

/** The status with its generation up to date, for who writes all its conditions anew. */
const seen = ({ metadata: { generation }, status }: Pod): PodStatus =>
  generation === undefined || status.observedGeneration === generation ? status : extended(status, { observedGeneration: generation })

/** The status with its generation, and that of its conditions, up to date. */
const observed = (pod: Pod): Pod => {
  const { generation } = pod.metadata
  if (generation === undefined) return pod
  const conditions = pod.status.conditions?.map((condition) => ({ ...condition, observedGeneration: generation }))
  return { ...pod, status: { ...pod.status, observedGeneration: generation, ...(conditions === undefined ? undefined : { conditions }) } }
}

interface ConditionsWanted {
  readonly ready: boolean
  readonly reason: 'ContainersNotReady' | 'PodCompleted' | 'PodFailed'
  readonly sandbox: boolean
}

/** The five, in order; anybody else's are dropped, as the recordings' kubelet does. */
const conditionsOf = (pod: Pod, { ready, reason, sandbox }: ConditionsWanted, now: SimTime): readonly PodCondition[] => {
  const why = ready ? undefined : reason
  const message =
    why === 'ContainersNotReady' ? `containers with unready status: [${pod.spec.containers.map(({ name }) => name).join(' ')}]` : undefined
  return [
    conditionAs(pod, 'PodReadyToStartContainers', sandbox, undefined, undefined, now),
    conditionAs(pod, 'Initialized', true, reason === 'PodCompleted' ? reason : undefined, undefined, now),
    conditionAs(pod, 'Ready', ready, why, message, now),
    conditionAs(pod, 'ContainersReady', ready, why, message, now),
    conditionAs(pod, 'PodScheduled', true, undefined, undefined, now),
  ]
}

const addressOf = (processes: PodProcesses | undefined): Pick<PodStatus, 'podIP' | 'podIPs'> => {
  const address = processes?.sandbox?.address
  return address === undefined ? {} : { podIP: address, podIPs: [{ ip: address }] }
}

/** A crash counts one, and so does the start that follows it. */
const restartsOf = (process: ContainerProcess | undefined): number => (process === undefined ? 0 : process.attempt + process.exits)
const containerIdOf = (pod: Pod, name: string, process: ContainerProcess | undefined): string =>
  `containerd://${pod.metadata.uid}-${name}-${restartsOf(process)}`

const runningStatus = (scene: Scene, pod: Pod): PodStatus => {
  const { context, processes } = scene
  const ready = !isUnready(scene, pod)
  return extended(seen(pod), {
    phase: 'Running',
    ...addressOf(processes),
    containerStatuses: (pod.status.containerStatuses ?? []).map((status) => {
      const process = containerOf(processes, status.name)
      return extended(status, {
        ready,
        started: true,
        restartCount: restartsOf(process),
        imageID: `sha256:${status.image}`,
        containerID: containerIdOf(pod, status.name, process),
        state: { running: { startedAt: timestampOf(process?.startedAt ?? context.now) } },
      })
    }),
    conditions: conditionsOf(pod, { ready, reason: 'ContainersNotReady', sandbox: true }, context.now),
  })
}

interface End {
  readonly exitCode: number
  readonly reason: string
  readonly containerID?: string
}

const terminated = (
  process: ContainerProcess | undefined,
  { exitCode, reason, containerID }: End,
  now: SimTime,
): NonNullable<NonNullable<ContainerStatus['state']>['terminated']> => {
  const startedAt = process?.startedAt
  return {
    ...(containerID === undefined ? undefined : { containerID }),
    exitCode,
    finishedAt: timestampOf(now),
    reason,
    ...(startedAt === undefined ? undefined : { startedAt: timestampOf(startedAt) }),
  }
}

const endedStatuses = (processes: PodProcesses | undefined, pod: Pod, end: End, now: SimTime): readonly ContainerStatus[] =>
  (pod.status.containerStatuses ?? []).map((status) => ({
    ...status,
    ready: false,
    started: false,
    state: {
      terminated: terminated(
        containerOf(processes, status.name),
        { ...end, ...(status.containerID === undefined ? undefined : { containerID: status.containerID }) },
        now,
      ),
    },
  }))
