/** Pods that the kubelet itself ends: evicted for memory, or past their deadline. */
import * as E from 'fp-ts/lib/Either.js'
import type { Pod } from '../../api/generated/types.js'
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'
import type { Steps } from '../steps.js'
import { conditionOf, writePodStatus } from './pod-conditions.js'
import { podStatusOf } from './pod-status.js'
import { processesIn, happen, say, type Progress, type Scene } from './progress.js'
import { endPod } from './end-pod.js'

// Follows pkg/kubelet/active_deadline.go.
export const deadlineOf = ({ spec, status }: Pod): SimTime | undefined => {
  const since = status.startTime === undefined ? undefined : simTimeOf(status.startTime)
  return spec.activeDeadlineSeconds === undefined || since === undefined ? undefined : since + spec.activeDeadlineSeconds * 1_000
}

export function* failForDeadline(scene: Scene, begin: Progress): Steps<Progress> {
  const message = 'Pod was active on the node longer than the specified deadline'
  yield* say(scene, begin, { reason: 'DeadlineExceeded', message })
  const { pod } = begin
  const late: Pod = { ...pod, status: { ...pod.status, phase: 'Failed', reason: 'DeadlineExceeded', message } }
  return yield* fail(scene, begin, late)
}

/** Writes the last phase and then ends the Pod. */
function* fail(scene: Scene, progress: Progress, failed: Pod): Steps<Progress> {
  const status = podStatusOf({ pod: failed, processes: processesIn(progress), machine: scene.machine, now: scene.now, isEnding: true })
  const answer = yield* writePodStatus(progress.pod, status)
  if (E.isLeft(answer)) return { ...progress, error: answer.left }
  return yield* endPod(scene, { ...progress, pod: answer.right }, true)
}

const evictionMessage = 'The node was low on resource: memory. '

// Follows evictPod in pkg/kubelet/eviction/eviction_manager.go.
export function* evict(scene: Scene, begin: Progress): Steps<Progress> {
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
  return yield* fail(scene, progress, evicted)
}
