/** Deletes Pods that do not tolerate a NoExecute taint of their node, or not for so long. A key is a Pod. Follows pkg/controller/tainteviction/taint_eviction.go. */
import type { Pod, Taint } from '../../api/generated/types.js'
import { splitKey } from '../../api/object.js'
import { isJsonObject, type Json } from '../../kernel/json.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { tolerates } from '../../resources/node/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { conditionPatch } from '../pod-condition-patch.js'
import type { Steps } from '../steps.js'

export const isEvicting = ({ effect }: Taint): boolean => effect === 'NoExecute'

/** A timer that runs, or has run out. */
interface Memory {
  readonly uid: string
  readonly startedAt: SimTime
  readonly fireAt: SimTime
  readonly fired: boolean
}

const memoryOf = (json: Json | undefined, uid: string): Memory | undefined => {
  if (!isJsonObject(json) || json['uid'] !== uid) return undefined
  const { startedAt, fireAt, fired } = json
  return typeof startedAt === 'number' && typeof fireAt === 'number' ? { uid, startedAt, fireAt, fired: fired === true } : undefined
}

/** How long the Pod bears all these taints: 'forever', milliseconds, or undefined when it does not bear one at all. Follows GetMatchingTolerations and getMinTolerationTime. */
export const toleratedFor = (pod: Pod, taints: readonly Taint[]): 'forever' | number | undefined => {
  const tolerations = pod.spec.tolerations ?? []
  let least: number | undefined
  for (const taint of taints) {
    const matching = tolerations.find((toleration) => tolerates(toleration, taint))
    if (matching === undefined) return undefined
    if (matching.tolerationSeconds === undefined) continue
    const seconds = Math.max(0, matching.tolerationSeconds)
    if (least === undefined || seconds < least) least = seconds
  }
  return least === undefined ? 'forever' : least * 1_000
}

/** These Events point at the Pod by name only. */
function* tell(pod: Pod, message: string): Steps<void> {
  const { namespace = '', name } = pod.metadata
  yield {
    kind: 'RecordEvent',
    about: { involved: { apiVersion: 'v1', kind: 'Pod', namespace, name, uid: '' } },
    type: 'Normal',
    reason: 'TaintManagerEviction',
    message,
  }
}

const pathOf = (pod: Pod): string => `${pod.metadata.namespace ?? ''}/${pod.metadata.name}`

function* cancel(pod: Pod, timer: Memory | undefined): Steps<void> {
  if (timer !== undefined && !timer.fired) yield* tell(pod, `Cancelling deletion of Pod ${pathOf(pod)}`)
}

/** Follows deletePodHandler and addConditionAndDeletePod. */
function* evict(pod: Pod, now: SimTime): Plan {
  const { namespace = '', name, uid } = pod.metadata
  yield* tell(pod, `Marking for deletion Pod ${pathOf(pod)}`)
  const target = { kind: 'Pod', namespace, name }
  yield {
    kind: 'PatchObject',
    target,
    patchType: 'strategic',
    patch: conditionPatch(pod, {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'DeletionByTaintManager',
      message: 'Taint manager: deleting due to NoExecute taint',
      lastTransitionTime: timestampOf(now),
      observedGeneration: pod.metadata.generation ?? 1,
    }),
    subresource: 'status',
  }
  yield { kind: 'DeleteObject', target, options: {} }
  return { memory: { uid, startedAt: now, fireAt: now, fired: true } }
}

/** Follows processPodOnNode. */
export function* planTaintEviction({ key, reader, now, memory }: PlanContext): Plan {
  const { namespace, name } = splitKey(key)
  const pod = reader.get('Pod', namespace, name)
  const nodeName = pod?.spec.nodeName ?? ''
  if (pod === undefined || nodeName === '') return { memory: null }
  const timer = memoryOf(memory, pod.metadata.uid)
  const taints = (reader.get('Node', '', nodeName)?.spec.taints ?? []).filter(isEvicting)
  const bears = taints.length === 0 ? 'forever' : toleratedFor(pod, taints)
  if (bears === 'forever') {
    yield* cancel(pod, timer)
    return { memory: null }
  }
  if (timer?.fired === true) return {}
  if (bears === undefined) {
    yield* cancel(pod, timer)
    return yield* evict(pod, now)
  }
  const startedAt = timer?.startedAt ?? now
  const fireAt = startedAt + bears
  if (fireAt <= now) return yield* evict(pod, now)
  return {
    memory: { uid: pod.metadata.uid, startedAt, fireAt, fired: false },
    requeueAfterMs: fireAt - now,
    waitingFor: [{ kind: 'EvictionDue', on: name, because: `${taints.map((taint) => taint.key).join(', ')} is tolerated until then` }],
  }
}
