/**
 * The real kubelet's work on one Pod: volumes, sandbox, images, init containers, containers, probes, restarts, and its end. What is under
 * way stands in the world; a plan that finds nothing due asks for nothing but its next wake.
 */
// Follows SyncPod in pkg/kubelet/kubelet.go and pkg/kubelet/kuberuntime/kuberuntime_manager.go.
// Differs from Kubernetes: the kubelet notices at once what happens to a process, and acts when a back-off is over instead of at its next sync.
import type { Pod } from '../../api/generated/types.js'
import { kubeletReachesApi, podBehaviour, processesOf, type Machine, type PodProcesses } from '../../cluster/world.js'
import type { PlanContext, PlanOutcome } from '../controller.js'
import type { Steps } from '../steps.js'
import { processesIn, namesOf, wakeBy, writeStatus, type Progress, type Scene } from './progress.js'
import { ensureSandbox } from './sandbox.js'
import { advanceContainers, exitByThemselves, killChanged } from './start-containers.js'
import { probeContainers } from './probe-containers.js'
import { deadlineOf, failForDeadline, evict } from './fail-pod.js'
import { endPod } from './end-pod.js'

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

const outcomeOfProgress = ({ error, wakeAt, waitingFor, mounting }: Progress, { now, memory }: PlanContext): PlanOutcome => {
  const outcome: { -readonly [Field in keyof PlanOutcome]: PlanOutcome[Field] } = {}
  if (waitingFor.length > 0) outcome.waitingFor = waitingFor
  if (error !== undefined) outcome.error = error
  if (wakeAt !== undefined) outcome.requeueAfterMs = Math.max(1, wakeAt - now)
  if (mounting !== null) outcome.memory = { ...mounting }
  else if (memory !== undefined) outcome.memory = null
  return outcome
}

const terminationOf = ({ world, pod }: Progress): PodProcesses['termination'] => processesOf(world, pod.metadata.uid)?.termination

function* runPod(scene: Scene, begin: Progress): Steps<Progress> {
  const evicting = podBehaviour(begin.world, 'EvictionDue', namesOf(begin.pod))
  if (evicting !== undefined && scene.online) return yield* evict(scene, begin)
  const deadline = deadlineOf(begin.pod)
  if (deadline !== undefined && deadline <= scene.now && scene.online) return yield* failForDeadline(scene, begin)
  const changed = yield* killChanged(scene, wakeBy(begin, deadline))
  const ended = yield* exitByThemselves(scene, changed)
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
