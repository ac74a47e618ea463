/** The conditions that kubelets write, in their order, and how a status is written so that nobody else's condition is lost. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Pod, PodCondition, PodStatus } from '../../api/generated/types.js'
import { podConditionOf } from '../../api/pod-condition.js'
import { conditionOf as conditionNow } from '../../resources/pod/queries.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { getLive, replace } from '../requests.js'
import { semanticallyEqual } from '../semantic-equality.js'
import type { Steps } from '../steps.js'

const ownTypes: ReadonlySet<string> = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady', 'PodScheduled'])

/** Conditions of others: DisruptionTarget, readiness gates. They come first. */
export const foreignConditions = (pod: Pod): readonly PodCondition[] =>
  (pod.status.conditions ?? []).filter(({ type }) => !ownTypes.has(type))

export interface ConditionValue {
  readonly type: string
  readonly isTrue: boolean
  readonly reason?: string
  readonly message?: string
}

/** The condition as it is written now: its transition time stays unless its status flips, and the whole object stays when nothing changed. */
export const conditionOf = (pod: Pod, { type, isTrue, reason, message }: ConditionValue, now: SimTime): PodCondition =>
  conditionAs(pod, type, isTrue, reason, message, now)

export const conditionAs = (
  pod: Pod,
  type: string,
  isTrue: boolean,
  reason: string | undefined,
  message: string | undefined,
  now: SimTime,
): PodCondition => {
  const status = isTrue ? 'True' : 'False'
  const before = conditionNow(pod, type)
  const since = before?.status === status ? before.lastTransitionTime : undefined
  const { generation } = pod.metadata
  if (
    before !== undefined &&
    since !== undefined &&
    before.reason === reason &&
    before.message === message &&
    before.observedGeneration === generation
  )
    return before
  return podConditionOf({
    type,
    status,
    lastTransitionTime: since ?? timestampOf(now),
    message,
    observedGeneration: generation,
    reason,
  })
}

/** Writes a Pod's status, unless it is there already. A cache that lags behind is no obstacle: the write is repeated on the newest object, with its foreign conditions. */
// Follows syncPod and mergePodStatus in pkg/kubelet/status/status_manager.go.
export function* writePodStatus(pod: Pod, status: PodStatus): Steps<E.Either<ApiStatus, Pod>> {
  if (semanticallyEqual(pod.status, status)) return E.right(pod)
  const sent: Pod = { ...pod, status }
  const answer = yield* replace<'Pod'>(sent, 'status')
  if (E.isRight(answer) || answer.left.reason !== 'Conflict') return answer
  const live = yield* getLive('Pod', pod.metadata.namespace ?? '', pod.metadata.name)
  if (E.isLeft(live) || live.right.metadata.uid !== pod.metadata.uid) return E.isLeft(live) ? live : answer
  const own = (status.conditions ?? []).filter(({ type }) => ownTypes.has(type))
  const merged: PodStatus = { ...status, conditions: [...foreignConditions(live.right), ...own] }
  if (semanticallyEqual(live.right.status, merged)) return live
  const again: Pod = { ...live.right, status: merged }
  return yield* replace<'Pod'>(again, 'status')
}
