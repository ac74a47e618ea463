/** Processes of Pods whose objects are gone. */
import { kubeletReachesApi, machineOf, podBehaviour, type PodProcesses } from '../../cluster/world.js'
import type { SimTime } from '../../kernel/sim-time.js'
import type { PlanContext, PlanOutcome } from '../controller.js'
import type { Steps } from '../steps.js'
import { reportDisksInUse } from './disks-in-use.js'
import { act } from './pod-events.js'

/**
 * What is left on the machine of a Pod whose object is gone, such as one that was force-deleted: told to stop, killed after a second,
 * cleaned away. A kubelet that is cut off knows nothing of the deletion and lets it run.
 */
// Follows HandlePodRemoves in pkg/kubelet/kubelet.go; the grace period of one second is that of calculateEffectiveGracePeriod.
export function* endOrphan(context: PlanContext, processes: PodProcesses, heardOfDeletion: boolean): Steps<PlanOutcome> {
  const { now } = context
  const podUid = processes.uid
  let { world } = context
  const running = processes.containers.filter(({ state }) => state === 'running')
  if (processes.termination === undefined && running.length > 0) {
    if (heardOfDeletion) for (const { name } of running) yield* tellKilling(processes, name)
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

/** A kubelet hears of the deletion before it hears that the object is gone: even then it says what it does. */
function* tellKilling({ uid, namespace, name, node }: PodProcesses, container: string): Steps<void> {
  yield {
    kind: 'RecordEvent',
    about: { involved: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid, fieldPath: `spec.containers{${container}}` } },
    type: 'Normal',
    reason: 'Killing',
    message: `Stopping container ${container}`,
    component: 'kubelet',
    host: node,
  }
}

const orphanGraceMs = 1_000
