/** Images, init containers, containers, restarts: each container as far as it gets now. */
import type { Container, Pod } from '../../api/generated/types.js'
import {
  containerOf,
  imageBehaviourOf,
  podBehaviour,
  pullMsOf,
  pullRefusalOf,
  type ContainerProcess,
  type Machine,
  type World,
} from '../../cluster/world.js'
import { hasAt } from '../../kernel/persistent-map.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { Waiting } from '../controller.js'
import type { Steps } from '../steps.js'
import { programOf } from './container-program.js'
import { configurationErrorOf } from './environment.js'
import { shownAsEndedMs } from './pod-status.js'
import { mountPointsOf } from './pod-volumes.js'
import { hasStarted } from './probes.js'
import { isSidecar, mustRestart, restartAt } from './restarts.js'
import {
  processesIn,
  namesOf,
  wakeBy,
  waitFor,
  happen,
  say,
  everyContainer,
  drawMs,
  machineNow,
  objectPathOf,
  type Progress,
  type Scene,
} from './progress.js'

/** Init containers one after another, then all main ones at once. */
// Follows computePodActions and computeInitContainerActions in pkg/kubelet/kuberuntime.
export function* advanceContainers(scene: Scene, begin: Progress): Steps<Progress> {
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

/** Processes whose time is over: those that end by themselves, and those that crash. */
export function* exitByThemselves(scene: Scene, begin: Progress): Steps<Progress> {
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

/** A container whose image was changed in the Pod's spec is stopped, and started again with the new one. */
// Follows the check for a changed container hash in computePodActions.
export function* killChanged(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  for (const { container, isInit } of everyContainer(begin.pod)) {
    const process = containerOf(processesIn(progress), container.name)
    if (process?.state !== 'running' || process.image === (container.image ?? '')) continue
    const message = `Container ${container.name} definition changed, will be restarted`
    yield* say(scene, progress, { reason: 'Killing', message, container: container.name, isInit })
    const exitCode = programOf(progress.world, progress.pod, container, isInit).terminatesWith ?? 137
    progress = yield* happen(scene, progress, {
      kind: 'ContainerExited',
      podUid: progress.pod.metadata.uid,
      container: container.name,
      exitCode,
      reason: exitCode === 0 ? 'Completed' : 'Error',
    })
  }
  return progress
}
