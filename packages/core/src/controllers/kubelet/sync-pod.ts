/**
 * The real kubelet's work on one Pod: volumes, sandbox, images, init containers, containers, probes, restarts, and its end. What is under
 * way stands in the world; a plan that finds nothing due asks for nothing but its next wake.
 */
// Follows SyncPod in pkg/kubelet/kubelet.go and pkg/kubelet/kuberuntime/kuberuntime_manager.go.
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Container, Pod } from '../../api/generated/types.js'
import {
  containerOf,
  imageBehaviourOf,
  kubeletReachesApi,
  machineOf,
  podBehaviour,
  processesOf,
  pullMsOf,
  pullRefusalOf,
  type ContainerProcess,
  type Machine,
  type MsRange,
  type PodProcesses,
  type World,
} from '../../cluster/world.js'
import type { PlannedExit, WorldEvent } from '../../cluster/world-events.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { hasAt } from '../../kernel/persistent-map.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { PlanContext, PlanOutcome, Waiting } from '../controller.js'
import { remove } from '../requests.js'
import type { Steps } from '../steps.js'
import { preStopMsOf, programOf } from './container-program.js'
import { configurationErrorOf } from './environment.js'
import { reportDisksInUse } from './node-plan.js'
import { nextPodAddress } from './pod-addresses.js'
import { conditionOf, writePodStatus } from './pod-conditions.js'
import { act, tell, type Told } from './pod-events.js'
import { podStatusOf, shownAsEndedMs } from './pod-status.js'
import { mountPointsOf, volumesOf, type VolumeTrouble } from './pod-volumes.js'
import { countAnswer, hasStarted, outcomeOf, probesDue } from './probes.js'
import { isSidecar, mustRestart, restartAt } from './restarts.js'

/** What one run of the plan has come to. The world is the one in which all its facts so far are true. */
interface Progress {
  readonly world: World
  readonly pod: Pod
  readonly error: ApiStatus | undefined
  /** The earliest time at which something is due. */
  readonly wakeAt: SimTime | undefined
  readonly waitingFor: readonly Waiting[]
  /** What the kubelet remembers of its tries to mount; null: nothing any more. */
  readonly mounting: Mounting | null
}

/** When it will complain again, how often it did, and when the summary is due. */
interface Mounting {
  readonly tries: number
  readonly nextAt: SimTime
  readonly summaryAt: SimTime
}

interface Scene {
  /** The Pod as it was when the plan began: what people have been shown. */
  readonly shown: Pod
  readonly context: PlanContext
  readonly machine: Machine
  readonly now: SimTime
  /** Without the API nothing is written and nothing is told; processes are still looked after. */
  readonly online: boolean
}

export function* syncPod(context: PlanContext, pod: Pod, machine: Machine): Steps<PlanOutcome> {
  const scene: Scene = { shown: pod, context, machine, now: context.now, online: kubeletReachesApi(machine) }
  const begin: Progress = { world: context.world, pod, error: undefined, wakeAt: undefined, waitingFor: [], mounting: null }
  const isTerminal = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed'
  // A kubelet that is cut off has not seen a deletion that came since; one that had begun goes on.
  const isDeleted = pod.metadata.deletionTimestamp !== undefined && (scene.online || terminationOf(begin) !== undefined)
  const end = isDeleted || isTerminal
  const progress = end ? yield* endPod(scene, begin, isTerminal) : yield* runPod(scene, begin)
  return outcomeOfProgress(progress, context)
}

const outcomeOfProgress = ({ error, wakeAt, waitingFor, mounting }: Progress, { now, memory }: PlanContext): PlanOutcome => ({
  ...(waitingFor.length === 0 ? undefined : { waitingFor }),
  ...(error === undefined ? undefined : { error }),
  ...(wakeAt === undefined ? undefined : { requeueAfterMs: Math.max(1, wakeAt - now) }),
  ...(mounting === null ? (memory === undefined ? undefined : { memory: null }) : { memory: { ...mounting } }),
})

const terminationOf = ({ world, pod }: Progress): PodProcesses['termination'] => processesOf(world, pod.metadata.uid)?.termination
const processesIn = ({ world, pod }: Progress): PodProcesses | undefined => processesOf(world, pod.metadata.uid)
const namesOf = (pod: Pod): { readonly namespace: string; readonly name: string } => ({
  namespace: pod.metadata.namespace ?? '',
  name: pod.metadata.name,
})

/** Look again then, at the latest. */
const wakeBy = (progress: Progress, at: SimTime | undefined): Progress =>
  at === undefined || (progress.wakeAt !== undefined && progress.wakeAt <= at) ? progress : { ...progress, wakeAt: at }
const waitFor = (progress: Progress, waiting: Waiting): Progress => ({ ...progress, waitingFor: [...progress.waitingFor, waiting] })

function* happen(scene: Scene, progress: Progress, event: WorldEvent): Steps<Progress> {
  return { ...progress, world: yield* act(progress.world, event, scene.now) }
}

function* say(scene: Scene, { pod }: Progress, told: Told): Steps<void> {
  if (scene.online) yield* tell(pod, told)
}

function* writeStatus(scene: Scene, progress: Progress, isEnding: boolean): Steps<Progress> {
  if (!scene.online) return progress
  const { pod } = progress
  const status = podStatusOf({ pod, processes: processesIn(progress), machine: scene.machine, now: scene.now, isEnding })
  const answer = yield* writePodStatus(pod, status)
  if (E.isRight(answer)) return { ...progress, pod: answer.right }
  return answer.left.reason === 'NotFound' ? progress : { ...progress, error: answer.left }
}

// ---------------------------------------------------------------- a Pod that is to run

function* runPod(scene: Scene, begin: Progress): Steps<Progress> {
  const evicting = podBehaviour(begin.world, 'EvictionDue', namesOf(begin.pod))
  if (evicting !== undefined && scene.online) return yield* evict(scene, begin)
  const ended = yield* exitByThemselves(scene, begin)
  // The first sight is told at once, and what has ended before it is started again.
  const isNews = begin.pod.status.startTime === undefined || (processesIn(ended)?.containers ?? []).some(({ state }) => state === 'exited')
  const seen = isNews ? yield* writeStatus(scene, ended, false) : ended
  if (seen.pod.status.phase === 'Succeeded' || seen.pod.status.phase === 'Failed') return yield* endPod(scene, seen, true)
  const withSandbox = yield* ensureSandbox(scene, seen)
  const sandbox = processesIn(withSandbox)?.sandbox
  if (sandbox === undefined || !sandbox.alive) return withSandbox
  const started = yield* advanceContainers(scene, withSandbox)
  const probed = yield* probeContainers(scene, started)
  // A container that a probe killed is started again at once.
  const restarted = probed.world === started.world ? probed : yield* advanceContainers(scene, probed)
  const written = yield* writeStatus(scene, restarted, false)
  const { phase } = written.pod.status
  return phase === 'Succeeded' || phase === 'Failed' ? yield* endPod(scene, written, true) : written
}

const everyContainer = (pod: Pod): readonly { readonly container: Container; readonly isInit: boolean }[] => [
  ...(pod.spec.initContainers ?? []).map((container) => ({ container, isInit: true })),
  ...pod.spec.containers.map((container) => ({ container, isInit: false })),
]

/** Processes whose time is over: those that end by themselves, and those that crash. */
function* exitByThemselves(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  for (const { container, isInit } of everyContainer(begin.pod)) {
    const process = containerOf(processesIn(progress), container.name)
    if (process?.state !== 'running' || process.startedAt === undefined) continue
    const program = programOf(progress.world, progress.pod, container, isInit)
    if (program.exitsAfterMs === undefined) continue
    const exitsAt = process.startedAt + program.exitsAfterMs
    if (exitsAt > scene.now) progress = wakeBy(progress, exitsAt)
    else
      progress = yield* happen(scene, progress, {
        kind: 'ContainerExited',
        podUid: progress.pod.metadata.uid,
        container: container.name,
        exitCode: program.exitCode,
        reason: program.reason,
      })
  }
  return progress
}

const mountSummaryMs = 123_000
const mountRetryMs = 500
const mountRetryMaxMs = 122_000

function* ensureSandbox(scene: Scene, begin: Progress): Steps<Progress> {
  const { now, machine, context } = scene
  const processes = processesIn(begin)
  if (processes?.sandbox !== undefined && processes.sandbox.alive) return begin
  // Processes that were lost with their sandbox are not begun again where nothing may be restarted.
  if (processes?.sandbox !== undefined && begin.pod.spec.restartPolicy === 'Never' && processes.containers.length > 0) return begin
  // A kubelet that is cut off cannot read claims, but what it had begun goes on with what is mounted.
  if (!scene.online && processes === undefined) return begin
  const { pod, world } = begin
  const { mounted, trouble, facts } = volumesOf(context.reader, world, pod, machine.node)
  let progress = begin
  if (trouble.length > 0) {
    if (processes === undefined)
      progress = yield* happen(scene, progress, { kind: 'VolumesAwaited', podUid: pod.metadata.uid, ...namesOf(pod), node: machine.node })
    for (const { kind, on, volume } of trouble)
      progress = waitFor(progress, { kind, on, because: `volume ${volume} cannot be mounted yet` })
    return yield* tellMountTrouble(scene, progress, trouble)
  }
  for (const fact of facts) progress = yield* happen(scene, progress, fact)
  if (processes?.sandbox !== undefined)
    yield* say(scene, progress, { reason: 'SandboxChanged', message: 'Pod sandbox changed, it will be killed and re-created.' })
  const { restartPolicy } = pod.spec
  const isHost = pod.spec.hostNetwork === true
  progress = yield* happen(scene, progress, {
    kind: 'SandboxCreated',
    podUid: pod.metadata.uid,
    ...namesOf(pod),
    node: machine.node,
    address: isHost ? machine.address : nextPodAddress(progress.world, machine.node),
    readyAt: now + world.settings.latencies.sandboxMs,
    ...(restartPolicy === undefined ? undefined : { restartPolicy }),
    ...(mounted.length === 0 ? undefined : { volumes: mounted }),
    ...(isHost ? { hostNetwork: true } : undefined),
  })
  if (mounted.some(({ asset }) => asset.startsWith('disk:')))
    yield* reportDisksInUse(context.reader, progress.world, machine.node, scene.online)
  return progress
}

/** Says at once what is wrong and repeats it with doubling delays; every two minutes and three seconds there is a summary. */
// Follows the back-off of operations in pkg/util/goroutinemap/exponentialbackoff and podAttachAndMountTimeout in pkg/kubelet/volumemanager.
function* tellMountTrouble(scene: Scene, begin: Progress, trouble: readonly VolumeTrouble[]): Steps<Progress> {
  const { now, context } = scene
  let mounting = mountingOf(context.memory) ?? { tries: 0, nextAt: now, summaryAt: now + mountSummaryMs }
  const told = trouble.filter(({ message }) => message !== undefined)
  if (now >= mounting.nextAt) {
    for (const { message = '' } of told) yield* say(scene, begin, { type: 'Warning', reason: 'FailedMount', message })
    const delay = Math.min(mountRetryMaxMs, mountRetryMs * 2 ** Math.min(mounting.tries, 8))
    mounting = { ...mounting, tries: mounting.tries + 1, nextAt: now + delay }
  }
  if (now >= mounting.summaryAt) {
    const names = trouble.map(({ volume }) => volume).join(' ')
    yield* say(scene, begin, {
      type: 'Warning',
      reason: 'FailedMount',
      message: `Unable to attach or mount volumes: unmounted volumes=[${names}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded`,
    })
    mounting = { ...mounting, summaryAt: now + mountSummaryMs }
  }
  return wakeBy({ ...begin, mounting }, Math.min(mounting.nextAt, mounting.summaryAt))
}

const mountingOf = (memory: Json | undefined): Mounting | undefined => {
  if (!isJsonObject(memory)) return undefined
  const { tries, nextAt, summaryAt } = memory as { readonly [key: string]: Json }
  return typeof tries === 'number' && typeof nextAt === 'number' && typeof summaryAt === 'number' ? { tries, nextAt, summaryAt } : undefined
}

/** Init containers one after another, then all main ones at once. */
// Follows computePodActions and computeInitContainerActions in pkg/kubelet/kuberuntime.
function* advanceContainers(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  const { pod } = begin
  const mainHaveBegun = pod.spec.containers.some(({ name }) => {
    const process = containerOf(processesIn(progress), name)
    return process !== undefined && process.attempt + process.exits > 0 ? true : process?.startedAt !== undefined
  })
  const isFreshSandbox = sandboxIsNewer(progress)
  for (const container of pod.spec.initContainers ?? []) {
    const before = containerOf(processesIn(progress), container.name)
    if (isSidecar(container)) {
      progress = yield* advance(scene, progress, container, true)
      if (!hasStarted(container, containerOf(processesIn(progress), container.name)) && !mainHaveBegun) return progress
      continue
    }
    if (mainHaveBegun && !isFreshSandbox) continue
    const done = before?.state === 'exited' && before.finished?.exitCode === 0 && !endedInOldSandbox(progress, before)
    if (done) continue
    if (before?.state === 'exited' && before.finished !== undefined && before.finished.exitCode !== 0 && pod.spec.restartPolicy === 'Never')
      return progress
    progress = yield* advance(scene, progress, container, true)
    const after = containerOf(processesIn(progress), container.name)
    if (after?.state !== 'exited' || after.finished?.exitCode !== 0 || endedInOldSandbox(progress, after)) return progress
  }
  for (const container of pod.spec.containers) progress = yield* advance(scene, progress, container, false)
  return progress
}

/** The sandbox was made anew and the init containers have yet to run in it. */
const sandboxIsNewer = (progress: Progress): boolean => (processesIn(progress)?.sandboxes ?? 0) > 1
const endedInOldSandbox = (progress: Progress, process: ContainerProcess): boolean => {
  const processes = processesIn(progress)
  return (processes?.sandboxes ?? 0) > 1 && (process.finished?.finishedAt ?? 0) <= (processes?.sandbox?.createdAt ?? 0)
}

/** One container as far as it gets now. */
function* advance(scene: Scene, begin: Progress, container: Container, isInit: boolean): Steps<Progress> {
  const { now } = scene
  let progress = begin
  // Each round is one step of its way; the last one finds nothing due.
  for (let round = 0; round < 8; round += 1) {
    const process = containerOf(processesIn(progress), container.name)
    const before = progress.world
    switch (process?.state) {
      case undefined:
      case 'waiting':
        progress = yield* prepare(scene, progress, container, isInit, process)
        break
      case 'pulling':
        if ((process.pull?.endsAt ?? now) > now) return wakeBy(progress, process.pull?.endsAt)
        progress = yield* finishPull(scene, progress, container, isInit, process)
        break
      case 'creating':
        progress = yield* startContainer(scene, progress, container, isInit, process)
        break
      case 'running':
        progress = yield* exitAtOnce(scene, progress, container, isInit)
        break
      case 'exited':
        progress = yield* restart(scene, progress, container, isInit, process)
        break
    }
    if (progress.world === before) return progress
  }
  return progress
}

const drawMs = (scene: Scene, stream: string, key: string, { min, max }: MsRange): number =>
  min + scene.context.choose({ stream: `kubelet/${stream}`, key }, max - min + 1)

/** A sync that failed is tried again after ten seconds, and a little. */
const refusedRetryMs = 12_000

function* prepare(
  scene: Scene,
  begin: Progress,
  container: Container,
  isInit: boolean,
  process: ContainerProcess | undefined,
): Steps<Progress> {
  const { now } = scene
  const { pod, world } = begin
  const { image = '' } = container
  const podUid = pod.metadata.uid
  const readyAt = processesIn(begin)?.sandbox?.readyAt ?? now
  if (process?.refused !== undefined) {
    const retryAt = process.refused.at + refusedRetryMs
    if (retryAt > now) return wakeBy(begin, retryAt)
  }
  const pull = process?.pull
  if (pull?.failedAt !== undefined) {
    const retryAt = pull.failedAt + (pull.backOffMs ?? 0)
    if (now >= pull.failedAt + shownAsEndedMs && isShownAs(scene.shown, container.name, 'ErrImagePull')) {
      yield* say(scene, begin, { reason: 'BackOff', message: `Back-off pulling image "${image}"`, container: container.name, isInit })
      yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff', container: container.name, isInit })
    }
    if (now < pull.failedAt + shownAsEndedMs) return wakeBy(begin, pull.failedAt + shownAsEndedMs)
    if (now < retryAt) return waitFor(wakeBy(begin, retryAt), { kind: 'ImagePullBackOff', on: image, because: pull.message ?? '' })
  }
  if (!/^[^\s:@]+(:[0-9]+)?[^\s]*$/.test(image) || /[A-Z]/.test(image.split('/').slice(-1)[0]?.split(/[:@]/)[0] ?? '')) {
    const message = `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`
    if (process?.refused?.reason === 'InvalidImageName') return wakeBy(begin, now + 300_000)
    yield* say(scene, begin, { type: 'Warning', reason: 'InspectFailed', message, container: container.name, isInit })
    yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: 'Error: InvalidImageName', container: container.name, isInit })
    const refused = yield* happen(scene, begin, {
      kind: 'ContainerRefused',
      podUid,
      container: container.name,
      reason: 'InvalidImageName',
      message,
    })
    return wakeBy(refused, now + refusedRetryMs)
  }
  const needsPull = pullIsNeeded(world, machineNow(scene, begin), container)
  if (needsPull === 'never') {
    const message = `Container image "${image}" is not present with pull policy of Never`
    yield* say(scene, begin, { type: 'Warning', reason: 'ErrImageNeverPull', message, container: container.name, isInit })
    yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: 'Error: ErrImageNeverPull', container: container.name, isInit })
    return yield* happen(scene, begin, {
      kind: 'ContainerRefused',
      podUid,
      container: container.name,
      reason: 'ErrImageNeverPull',
      message,
    })
  }
  if (needsPull === 'pull') return readyAt > now ? wakeBy(begin, readyAt) : yield* startPull(scene, begin, container, isInit)
  yield* say(scene, begin, { reason: 'Pulled', message: alreadyPresent(container), container: container.name, isInit })
  return yield* createContainer(scene, begin, container, Math.max(now, readyAt), process === undefined ? 0 : process.attempt)
}

function* startPull(scene: Scene, begin: Progress, container: Container, isInit: boolean): Steps<Progress> {
  const { pod, world } = begin
  const { image = '' } = container
  yield* say(scene, begin, { reason: 'Pulling', message: `Pulling image "${image}"`, container: container.name, isInit })
  // What is on the node already is only compared with the registry.
  const isThere = imageIsOn(world, machineNow(scene, begin), image)
  const pullMs = isThere ? Math.min(200, pullMsOf(world, image)) : pullMsOf(world, image)
  return yield* happen(scene, begin, {
    kind: 'ImagePullStarted',
    podUid: pod.metadata.uid,
    container: container.name,
    image,
    endsAt: scene.now + pullMs,
  })
}

const isShownAs = (pod: Pod, container: string, reason: string): boolean =>
  [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])].some(
    ({ name, state }) => name === container && state?.waiting?.reason === reason,
  )

const imageIsOn = (world: World, { images }: Machine, image: string): boolean => !world.settings.imagesMustBePulled || hasAt(images, image)

/** Follows EnsureImageExists in pkg/kubelet/images/image_manager.go: which way the image comes. */
const pullIsNeeded = (world: World, machine: Machine, { image = '', imagePullPolicy }: Container): 'present' | 'pull' | 'never' => {
  const isThere = imageIsOn(world, machine, image) && (world.settings.imagesMustBePulled || pullRefusalOf(world, image) === undefined)
  if (imagePullPolicy === 'Never') return isThere ? 'present' : 'never'
  if (imagePullPolicy === 'Always' && world.settings.imagesMustBePulled) return 'pull'
  return isThere ? 'present' : 'pull'
}

/** Go prints 1500 ms as `1.5s` and 80 ms as `80ms`. */
const goSeconds = (ms: number): string => (ms < 1_000 ? `${ms}ms` : `${ms / 1_000}s`)

function* finishPull(scene: Scene, begin: Progress, container: Container, isInit: boolean, process: ContainerProcess): Steps<Progress> {
  const { now } = scene
  const { pod, world } = begin
  const { image = '' } = container
  const podUid = pod.metadata.uid
  const refusal = pullRefusalOf(world, image)
  if (refusal !== undefined) {
    const about = { container: container.name, isInit }
    yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: `Failed to pull image "${image}": ${refusal}`, ...about })
    yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull', ...about })
    const failed = yield* happen(scene, begin, { kind: 'ImagePullFailed', podUid, container: container.name, image, message: refusal })
    return wakeBy(failed, now + shownAsEndedMs)
  }
  const took = goSeconds(now - (process.pull?.startedAt ?? now))
  const size = imageBehaviourOf(world, image)?.sizeBytes ?? 50_000_000
  yield* say(scene, begin, {
    reason: 'Pulled',
    message: `Successfully pulled image "${image}" in ${took} (${took} including waiting). Image size: ${size} bytes.`,
    container: container.name,
    isInit,
  })
  const pulled = hasAt(machineNow(scene, begin).images, image)
    ? begin
    : yield* happen(scene, begin, { kind: 'ImagePulled', node: scene.machine.node, image })
  return yield* createContainer(scene, pulled, container, now, process.attempt)
}

const machineNow = (scene: Scene, { world }: Progress): Machine => machineOf(world, scene.machine.node) ?? scene.machine

function* createContainer(scene: Scene, begin: Progress, container: Container, from: SimTime, attempt: number): Steps<Progress> {
  const { pod, world } = begin
  const { image = '' } = container
  const mistake = configurationErrorOf(pod, container, scene.context.reader)
  const podUid = pod.metadata.uid
  if (mistake !== undefined) {
    if (!isShownAs(scene.shown, container.name, 'CreateContainerConfigError'))
      yield* say(scene, begin, { type: 'Warning', reason: 'Failed', message: `Error: ${mistake}`, container: container.name })
    const refused = yield* happen(scene, begin, {
      kind: 'ContainerRefused',
      podUid,
      container: container.name,
      reason: 'CreateContainerConfigError',
      message: mistake,
    })
    return wakeBy(refused, scene.now + refusedRetryMs)
  }
  const mounts = mountPointsOf(container, processesIn(begin)?.volumes ?? [])
  const delay = podBehaviour(world, 'StartDelayed', namesOf(pod), container.name)?.byMs ?? 0
  const takes = drawMs(scene, 'container-start', `${podUid}/${container.name}#${attempt}`, world.settings.latencies.containerStartMs)
  return yield* happen(scene, begin, {
    kind: 'ContainerCreated',
    podUid,
    container: container.name,
    image,
    startsAt: from + takes + delay,
    ...(mounts.length === 0 ? undefined : { mounts }),
  })
}

function* startContainer(scene: Scene, begin: Progress, container: Container, isInit: boolean, process: ContainerProcess): Steps<Progress> {
  const { now } = scene
  const { pod, world } = begin
  if (podBehaviour(world, 'StartHeld', namesOf(pod)) !== undefined)
    return waitFor(begin, { kind: 'StartHeld', on: objectPathOf(pod), because: `container ${container.name} is held back` })
  if ((process.startsAt ?? now) > now) return wakeBy(begin, process.startsAt)
  yield* say(scene, begin, { reason: 'Created', message: 'Container created', container: container.name, isInit })
  const started = yield* happen(scene, begin, { kind: 'ContainerStarted', podUid: pod.metadata.uid, container: container.name })
  yield* say(scene, started, { reason: 'Started', message: 'Container started', container: container.name, isInit })
  return started
}

const objectPathOf = (pod: Pod): string => `Pod/${pod.metadata.namespace ?? ''}/${pod.metadata.name}`

/** A process that has just started may have ended already. */
function* exitAtOnce(scene: Scene, begin: Progress, container: Container, isInit: boolean): Steps<Progress> {
  const process = containerOf(processesIn(begin), container.name)
  const program = programOf(begin.world, begin.pod, container, isInit)
  if (process?.startedAt === undefined || program.exitsAfterMs === undefined) return begin
  const exitsAt = process.startedAt + program.exitsAfterMs
  if (exitsAt > scene.now) return wakeBy(begin, exitsAt)
  return yield* happen(scene, begin, {
    kind: 'ContainerExited',
    podUid: begin.pod.metadata.uid,
    container: container.name,
    exitCode: program.exitCode,
    reason: program.reason,
  })
}

function* restart(scene: Scene, begin: Progress, container: Container, isInit: boolean, process: ContainerProcess): Steps<Progress> {
  const { now, shown } = scene
  const { pod, world } = begin
  const { finished } = process
  if (finished === undefined) return begin
  const runsAgainInNewSandbox = isInit && endedInOldSandbox(begin, process)
  if (!runsAgainInNewSandbox && !mustRestart(pod, container, isInit, finished)) return begin
  const due = runsAgainInNewSandbox ? now : restartAt(process)
  if (due > now) {
    const shownAt = finished.finishedAt + shownAsEndedMs
    const { name, namespace = '', uid } = pod.metadata
    if (now >= shownAt && !isShownAs(shown, container.name, 'CrashLoopBackOff'))
      yield* say(scene, begin, {
        type: 'Warning',
        reason: 'BackOff',
        message: `Back-off restarting failed container ${container.name} in pod ${name}_${namespace}(${uid})`,
        container: container.name,
        isInit,
      })
    const waiting: Waiting = {
      kind: 'CrashLoopBackOff',
      on: objectPathOf(pod),
      because: `container ${container.name} ended with ${finished.exitCode}`,
    }
    return waitFor(wakeBy(begin, now < shownAt ? Math.min(shownAt, due) : due), waiting)
  }
  // The image is looked for again, as at the first start.
  if (pullIsNeeded(world, machineNow(scene, begin), container) !== 'pull') {
    yield* say(scene, begin, { reason: 'Pulled', message: alreadyPresent(container), container: container.name, isInit })
    const from = Math.max(now, processesIn(begin)?.sandbox?.readyAt ?? now)
    return yield* createContainer(scene, begin, container, from, process.attempt + 1)
  }
  const { pull } = process
  if (pull === undefined || (pull.failedAt !== undefined && now >= pull.failedAt + (pull.backOffMs ?? 0)))
    return yield* startPull(scene, begin, container, isInit)
  if (pull.failedAt !== undefined)
    return wakeBy(begin, now < pull.failedAt + shownAsEndedMs ? pull.failedAt + shownAsEndedMs : pull.failedAt + (pull.backOffMs ?? 0))
  if (pull.endsAt > now) return wakeBy(begin, pull.endsAt)
  return yield* finishPull(scene, begin, container, isInit, { ...process, attempt: process.attempt + 1 })
}

const alreadyPresent = ({ image = '' }: Container): string =>
  `Container image "${image}" already present on machine and can be accessed by the pod`

function* probeContainers(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  for (const { container, isInit } of everyContainer(begin.pod)) {
    if (container.readinessProbe === undefined && container.livenessProbe === undefined && container.startupProbe === undefined) continue
    if (isInit && !isSidecar(container)) continue
    // A startup probe that succeeds sets the others going: hence a second look.
    for (let round = 0; round < 2; round += 1) progress = yield* probeContainer(scene, progress, container, isInit)
  }
  return progress
}

function* probeContainer(scene: Scene, begin: Progress, container: Container, isInit: boolean): Steps<Progress> {
  const { now, context } = scene
  let progress = begin
  const sceneOf = (): Parameters<typeof probesDue>[0] | undefined => {
    const processes = processesIn(progress)
    return processes === undefined ? undefined : { world: progress.world, reader: context.reader, pod: progress.pod, processes, now }
  }
  const first = sceneOf()
  const process = containerOf(first?.processes, container.name)
  if (first === undefined || process === undefined) return progress
  for (const { sort, probe, dueAt } of probesDue(first, container, process, false)) {
    if (dueAt === undefined) continue
    if (dueAt > now) {
      progress = wakeBy(progress, dueAt)
      continue
    }
    const outcome = outcomeOf(first, container, process, sort, probe)
    const counted = countAnswer(process, sort, probe, outcome.succeeded)
    if (!outcome.succeeded) {
      const title = `${sort.slice(0, 1).toUpperCase()}${sort.slice(1)}`
      yield* say(scene, progress, {
        type: 'Warning',
        reason: 'Unhealthy',
        message: `${title} probe failed: ${outcome.output}`,
        container: container.name,
        isInit,
      })
    }
    progress = yield* happen(scene, progress, {
      kind: 'ProbeAnswered',
      podUid: progress.pod.metadata.uid,
      container: container.name,
      probe: sort,
      ...counted,
    })
    if (!outcome.succeeded && !counted.verdict && sort !== 'readiness' && counted.inARow >= (probe.failureThreshold ?? 3))
      return yield* killUnhealthy(scene, progress, container, isInit, sort)
    const next = sceneOf()
    const after = containerOf(next?.processes, container.name)
    if (next !== undefined && after !== undefined)
      for (const due of probesDue(next, container, after, false))
        if (due.sort === sort && due.dueAt !== undefined && due.dueAt > now) progress = wakeBy(progress, due.dueAt)
  }
  return progress
}

/** The process is told to stop, and the next one follows after the usual back-off. */
function* killUnhealthy(scene: Scene, begin: Progress, container: Container, isInit: boolean, sort: string): Steps<Progress> {
  const { pod, world } = begin
  yield* say(scene, begin, {
    reason: 'Killing',
    message: `Container ${container.name} failed ${sort} probe, will be restarted`,
    container: container.name,
    isInit,
  })
  const ends = programOf(world, pod, container, isInit).terminatesWith
  const exitCode = ends === undefined || (ends === 0 && pod.spec.restartPolicy === 'OnFailure') ? 137 : ends
  return yield* happen(scene, begin, {
    kind: 'ContainerExited',
    podUid: pod.metadata.uid,
    container: container.name,
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
  })
}

const evictionMessage = 'The node was low on resource: memory. '

// Follows evictPod in pkg/kubelet/eviction/eviction_manager.go.
function* evict(scene: Scene, begin: Progress): Steps<Progress> {
  const { now } = scene
  const { pod } = begin
  let progress = yield* happen(scene, begin, { kind: 'BehaviourCleared', behaviour: 'EvictionDue', target: pod.metadata.name })
  yield* say(scene, progress, { type: 'Warning', reason: 'Evicted', message: evictionMessage })
  for (const { name, state } of processesIn(progress)?.containers ?? [])
    if (state === 'running')
      progress = yield* happen(scene, progress, {
        kind: 'ContainerExited',
        podUid: pod.metadata.uid,
        container: name,
        exitCode: 137,
        reason: 'Error',
      })
  const target = conditionOf(pod, { type: 'DisruptionTarget', isTrue: true, reason: 'TerminationByKubelet', message: evictionMessage }, now)
  const conditions = [...(pod.status.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget'), target]
  const evicted: Pod = { ...pod, status: { ...pod.status, phase: 'Failed', reason: 'Evicted', message: evictionMessage, conditions } }
  const status = podStatusOf({ pod: evicted, processes: processesIn(progress), machine: scene.machine, now, isEnding: true })
  const answer = yield* writePodStatus(pod, status)
  if (E.isLeft(answer)) return { ...progress, error: answer.left }
  return yield* endPod(scene, { ...progress, pod: answer.right }, true)
}

// ---------------------------------------------------------------- a Pod that is to end

// Follows SyncTerminatingPod and SyncTerminatedPod in pkg/kubelet/kubelet.go, killContainer in pkg/kubelet/kuberuntime/kuberuntime_container.go.
function* endPod(scene: Scene, begin: Progress, isTerminal: boolean): Steps<Progress> {
  const { pod } = begin
  const isDeleted = pod.metadata.deletionTimestamp !== undefined
  if (processesIn(begin) === undefined) return isDeleted ? yield* removeObject(scene, begin) : begin
  const told = yield* stopContainers(scene, begin, isTerminal)
  const ended = yield* endStopped(scene, told)
  const processes = processesIn(ended)
  if (processes === undefined) return ended
  if (processes.containers.some(({ state }) => state === 'running')) return yield* writeStatus(scene, ended, false)
  const written = yield* writeStatus(scene, ended, true)
  if (written.error !== undefined) return written
  const lastEnd = Math.max(processes.termination?.since ?? 0, ...processes.containers.map(({ finished }) => finished?.finishedAt ?? 0))
  const cleanAt = lastEnd + written.world.settings.latencies.podCleanUpMs
  if (cleanAt > scene.now) return wakeBy(written, cleanAt)
  const cleaned = yield* happen(scene, written, { kind: 'SandboxRemoved', podUid: pod.metadata.uid })
  if (processes.volumes.some(({ asset }) => asset.startsWith('disk:')))
    yield* reportDisksInUse(scene.context.reader, cleaned.world, scene.machine.node, scene.online)
  return isDeleted ? yield* removeObject(scene, cleaned) : cleaned
}

function* removeObject(scene: Scene, progress: Progress): Steps<Progress> {
  const { pod } = progress
  // Asked for already: only finalizers hold the object.
  const isAsked = pod.metadata.deletionGracePeriodSeconds === 0 && (pod.metadata.finalizers?.length ?? 0) > 0
  if (!scene.online || isAsked) return progress
  const answer = yield* remove(pod, { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } })
  return E.isRight(answer) || answer.left.reason === 'NotFound' || answer.left.reason === 'Conflict'
    ? progress
    : { ...progress, error: answer.left }
}

const graceMsOf = ({ metadata, spec }: Pod): number =>
  Math.max(1, metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30) * 1_000

/** At least this much remains for SIGTERM after a preStop hook that took all of the grace period. */
const minimumGraceMs = 2_000

function* stopContainers(scene: Scene, begin: Progress, isTerminal: boolean): Steps<Progress> {
  const { now } = scene
  const { pod } = begin
  const processes = processesIn(begin)
  const running = (processes?.containers ?? []).filter(({ state }) => state === 'running')
  if (processes === undefined || (isTerminal && running.length === 0)) return begin
  const { termination } = processes
  const killAt = now + graceMsOf(pod)
  if (termination !== undefined) {
    // A second deletion may have shortened the grace period.
    if (killAt >= termination.killAt || running.length === 0) return begin
    const exits = running.map(({ name, exitsAt, exitsWith }) =>
      exitsAt !== undefined && exitsAt <= killAt
        ? { container: name, exitsAt, exitCode: exitsWith ?? 0 }
        : { container: name, exitsAt: killAt, exitCode: 137 },
    )
    return yield* happen(scene, begin, { kind: 'TerminationStarted', podUid: pod.metadata.uid, killAt, exits })
  }
  for (const { container, isInit } of everyContainer(pod))
    if (running.some(({ name }) => name === container.name))
      yield* say(scene, begin, { reason: 'Killing', message: `Stopping container ${container.name}`, container: container.name, isInit })
  const exits = plannedExits(scene, begin, running, killAt)
  return yield* happen(scene, begin, { kind: 'TerminationStarted', podUid: pod.metadata.uid, killAt, exits })
}

/** Main containers all at once; sidecars after them, the last one first. */
const plannedExits = (
  scene: Scene,
  { pod, world }: Progress,
  running: readonly ContainerProcess[],
  killAt: SimTime,
): readonly PlannedExit[] => {
  const { now } = scene
  const exitOf = (container: Container, isInit: boolean, from: SimTime): PlannedExit => {
    const program = programOf(world, pod, container, isInit)
    const hookMs = preStopMsOf(container)
    const attempt = running.find(({ name }) => name === container.name)?.attempt ?? 0
    const takes =
      program.stopMs ??
      drawMs(scene, 'container-stop', `${pod.metadata.uid}/${container.name}#${attempt}`, world.settings.latencies.containerStopMs)
    const lastAt = from + hookMs >= killAt - minimumGraceMs ? Math.min(from + hookMs, killAt) + minimumGraceMs : killAt
    const ends = program.terminatesWith === undefined ? undefined : from + hookMs + takes
    return ends === undefined || ends > lastAt
      ? { container: container.name, exitsAt: Math.max(now, lastAt), exitCode: 137 }
      : { container: container.name, exitsAt: ends, exitCode: program.terminatesWith ?? 137 }
  }
  const isUp = ({ name }: Container): boolean => running.some((process) => process.name === name)
  const main = pod.spec.containers.filter(isUp).map((container) => exitOf(container, false, now))
  const plain = (pod.spec.initContainers ?? [])
    .filter((container) => isUp(container) && !isSidecar(container))
    .map((container) => exitOf(container, true, now))
  const exits = [...main, ...plain]
  let from = Math.max(now, ...exits.map(({ exitsAt }) => exitsAt))
  for (const container of [...(pod.spec.initContainers ?? [])].reverse()) {
    if (!isUp(container) || !isSidecar(container)) continue
    const exit = exitOf(container, true, from)
    exits.push(exit)
    from = exit.exitsAt
  }
  return exits
}

/** Processes whose end has come. */
function* endStopped(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  const held = podBehaviour(begin.world, 'StopHeld', namesOf(begin.pod))
  for (const { name, state, exitsAt, exitsWith } of processesIn(begin)?.containers ?? []) {
    if (state !== 'running') continue
    if (held !== undefined)
      progress = waitFor(progress, { kind: 'StopHeld', on: objectPathOf(begin.pod), because: `container ${name} does not end` })
    else if (exitsAt !== undefined && exitsAt > scene.now) progress = wakeBy(progress, exitsAt)
    else {
      const exitCode = exitsWith ?? 137
      progress = yield* happen(scene, progress, {
        kind: 'ContainerExited',
        podUid: begin.pod.metadata.uid,
        container: name,
        exitCode,
        reason: exitCode === 0 ? 'Completed' : 'Error',
      })
    }
  }
  return progress
}

/**
 * What is left on the machine of a Pod whose object is gone, such as one that was force-deleted: told to stop, killed after a second,
 * cleaned away. A kubelet that is cut off knows nothing of the deletion and lets it run.
 */
// Follows HandlePodRemoves in pkg/kubelet/kubelet.go; the grace period of one second is that of calculateEffectiveGracePeriod.
export function* endOrphan(context: PlanContext, processes: PodProcesses): Steps<PlanOutcome> {
  const { now } = context
  const podUid = processes.uid
  let { world } = context
  const running = processes.containers.filter(({ state }) => state === 'running')
  if (processes.termination === undefined && running.length > 0) {
    const { min, max } = world.settings.latencies.containerStopMs
    const exits = running.map(({ name, attempt }) => {
      const takes = min + context.choose({ stream: 'kubelet/container-stop', key: `${podUid}/${name}#${attempt}` }, max - min + 1)
      return takes > orphanGraceMs
        ? { container: name, exitsAt: now + orphanGraceMs, exitCode: 137 }
        : { container: name, exitsAt: now + takes, exitCode: 0 }
    })
    world = yield* act(world, { kind: 'TerminationStarted', podUid, killAt: now + orphanGraceMs, exits }, now)
    return { requeueAfterMs: Math.max(1, Math.min(...exits.map(({ exitsAt }) => exitsAt)) - now) }
  }
  const killAt = Math.min(processes.termination?.killAt ?? now, (processes.termination?.since ?? now) + orphanGraceMs)
  const held = podBehaviour(world, 'StopHeld', processes) !== undefined
  let wakeAt: SimTime | undefined
  for (const { name, exitsAt = now, exitsWith = 137 } of running) {
    const endsAt = Math.min(exitsAt, Math.max(now, killAt))
    if (held)
      return {
        waitingFor: [{ kind: 'StopHeld', on: `Pod/${processes.namespace}/${processes.name}`, because: `container ${name} does not end` }],
      }
    if (endsAt > now) wakeAt = Math.min(wakeAt ?? endsAt, endsAt)
    else {
      const exitCode = exitsAt <= now ? exitsWith : 137
      world = yield* act(
        world,
        { kind: 'ContainerExited', podUid, container: name, exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' },
        now,
      )
    }
  }
  if (wakeAt !== undefined) return { requeueAfterMs: wakeAt - now }
  world = yield* act(world, { kind: 'SandboxRemoved', podUid }, now)
  const machine = machineOf(world, processes.node)
  if (machine !== undefined && processes.volumes.some(({ asset }) => asset.startsWith('disk:')))
    yield* reportDisksInUse(context.reader, world, processes.node, kubeletReachesApi(machine))
  return {}
}

const orphanGraceMs = 1_000
