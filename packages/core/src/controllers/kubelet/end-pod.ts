/** The end of a Pod: preStop hooks, SIGTERM, SIGKILL, the last status, cleaning, and the removal of its object. */
import * as E from 'fp-ts/lib/Either.js'
import type { Container, Pod } from '../../api/generated/types.js'
import { podBehaviour, type ContainerProcess } from '../../cluster/world.js'
import type { PlannedExit } from '../../cluster/world-events.js'
import type { SimTime } from '../../kernel/sim-time.js'
import { remove } from '../requests.js'
import type { Steps } from '../steps.js'
import { preStopMsOf, programOf } from './container-program.js'
import { reportDisksInUse } from './disks-in-use.js'
import { isSidecar } from './restarts.js'
import {
  processesIn,
  namesOf,
  wakeBy,
  waitFor,
  happen,
  say,
  writeStatus,
  everyContainer,
  drawMs,
  objectPathOf,
  type Progress,
  type Scene,
} from './progress.js'

// Follows SyncTerminatingPod and SyncTerminatedPod in pkg/kubelet/kubelet.go, killContainer in pkg/kubelet/kuberuntime/kuberuntime_container.go.
export function* endPod(scene: Scene, begin: Progress, isTerminal: boolean): Steps<Progress> {
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
