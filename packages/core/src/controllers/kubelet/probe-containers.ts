/** Asks the probes that are due, says what they answered, and stops what they found dead. */
import type { Container } from '../../api/generated/types.js'
import { containerOf } from '../../cluster/world.js'
import type { ProbeSort } from '../../cluster/world-events.js'
import type { Steps } from '../steps.js'
import { programOf } from './container-program.js'
import { countAnswer, isNews, nextTickAt, outcomeOf, probesDue } from './probes.js'
import { isSidecar } from './restarts.js'
import { processesIn, wakeBy, happen, say, everyContainer, type Progress, type Scene } from './progress.js'

export function* probeContainers(scene: Scene, begin: Progress): Steps<Progress> {
  let progress = begin
  for (const { container, isInit } of everyContainer(begin.pod)) {
    if (container.readinessProbe === undefined && container.livenessProbe === undefined && container.startupProbe === undefined) continue
    if (isInit && !isSidecar(container)) continue
    // A startup probe that succeeds sets the others going: hence a second look at those that have not been asked.
    const asked = new Set<ProbeSort>()
    for (let round = 0; round < 2; round += 1) progress = yield* probeContainer(scene, progress, container, isInit, asked)
  }
  return progress
}

function* probeContainer(scene: Scene, begin: Progress, container: Container, isInit: boolean, asked: Set<ProbeSort>): Steps<Progress> {
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
    if (dueAt === undefined || asked.has(sort)) continue
    if (dueAt > now) {
      progress = wakeBy(progress, dueAt)
      continue
    }
    asked.add(sort)
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
    if (!isNews(process, sort, probe, outcome.succeeded)) {
      progress = wakeBy(progress, nextTickAt(process, probe, now))
      continue
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
