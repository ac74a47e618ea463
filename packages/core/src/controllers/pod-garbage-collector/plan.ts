/**
 * Removes Pods that nobody else will remove: those of nodes that are gone, those that were deleted before they had a node, those that hang on
 * a node declared out of service, and ended ones when there are too many. Follows pkg/controller/podgc/gc_controller.go.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Node, Pod, PodCondition } from '../../api/generated/types.js'
import { refOf, splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import type { Json } from '../../kernel/json.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { isNodeReady, outOfServiceTaint } from '../../resources/node/queries.js'
import { isTerminal, isTerminating } from '../../resources/pod/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { getLive, remove } from '../requests.js'
import { aggregateErrors, refusalOf, type Steps } from '../steps.js'

const tickMs = 20_000
const quarantineMs = 40_000
/** Follows the default of --terminated-pod-gc-threshold in pkg/controller/podgc/config/v1alpha1/defaults.go. */
const terminatedPodsMax = 12_500

export const terminatedKey = 'terminated'
export const nodeKeyOf = (nodeName: string): string => `node:${nodeName}`
export const podKeyOf = ({ metadata: { namespace = '', name } }: Pod): string => `pod:${namespace}/${name}`

/**
 * Differs from Kubernetes: there every Pod is looked at every 20 s; here a Pod or node that may concern the collector is looked at with the next
 * multiple of 20 s.
 */
export function* planPodGarbageCollection(context: PlanContext): Plan {
  const { key } = context
  if (key.startsWith('node:')) return yield* collectFromNode(context, key.slice('node:'.length))
  const dueAt = dueAtOf(context, 0)
  if (context.now < dueAt) return { memory: dueAt, requeueAfterMs: dueAt - context.now }
  const error = key === terminatedKey ? yield* collectTerminated(context) : yield* collectPod(context, key.slice('pod:'.length))
  return { memory: null, ...(error === undefined ? undefined : { error }) }
}

/** The tick after the key was woken, and so much later. It is remembered, for other events may wake the key before. */
const dueAtOf = ({ memory, now }: PlanContext, laterMs: number): SimTime =>
  typeof memory === 'number' ? memory : Math.ceil(now / tickMs) * tickMs + laterMs

// Follows gcOrphaned and discoverDeletedNodes: a node must be missing for a while, and for the API too.
function* collectFromNode(context: PlanContext, nodeName: string): Plan {
  const { reader, now } = context
  const forget: { readonly memory: Json } = { memory: null }
  if (reader.get('Node', '', nodeName) !== undefined || reader.podsOnNode(nodeName).length === 0) return forget
  const dueAt = dueAtOf(context, quarantineMs)
  if (now < dueAt) return { memory: dueAt, requeueAfterMs: dueAt - now }
  const live = yield* getLive('Node', '', nodeName)
  if (E.isRight(live)) return forget
  if (live.left.reason !== 'NotFound') return { ...forget, error: live.left }
  const condition: PodCondition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason: 'DeletionByPodGC',
    message: 'PodGC: node no longer exists',
  }
  const errors: (ApiStatus | undefined)[] = []
  for (const pod of reader.podsOnNode(nodeName)) errors.push(yield* markFailedAndDelete(pod, now, condition))
  const error = aggregateErrors(errors)
  return { ...forget, ...(error === undefined ? undefined : { error }) }
}

/** The Pod is on its way out, and there is nobody to finish it: it never had a node, or its node was declared out of service. */
// Follows gcUnscheduledTerminating and gcTerminating.
export const isStranded = (pod: Pod, reader: Reader): boolean => {
  if (!isTerminating(pod)) return false
  const { nodeName = '' } = pod.spec
  if (nodeName === '') return true
  const node = reader.get('Node', '', nodeName)
  return node !== undefined && isOutOfService(node)
}

export const isOutOfService = (node: Node): boolean =>
  !isNodeReady(node) && (node.spec.taints ?? []).some(({ key }) => key === outOfServiceTaint)

function* collectPod({ reader, now }: PlanContext, podKey: string): Steps<ApiStatus | undefined> {
  const { namespace, name } = splitKey(podKey)
  const pod = reader.get('Pod', namespace, name)
  return pod === undefined || !isStranded(pod, reader) ? undefined : yield* markFailedAndDelete(pod, now)
}

// Follows gcTerminated: evicted Pods first, then the oldest.
function* collectTerminated({ reader, now }: PlanContext): Steps<ApiStatus | undefined> {
  const ended = reader.list('Pod').filter(isTerminal)
  if (ended.length <= terminatedPodsMax) return undefined
  const rank = ({ status, metadata }: Pod): string =>
    `${status.phase === 'Failed' && status.reason === 'Evicted' ? 0 : 1} ${metadata.creationTimestamp} ${metadata.name}`
  const ranked = ended
    .map((pod) => ({ pod, rank: rank(pod) }))
    .sort((one, other) => (one.rank < other.rank ? -1 : one.rank > other.rank ? 1 : 0))
  const errors: (ApiStatus | undefined)[] = []
  for (const { pod } of ranked.slice(0, ended.length - terminatedPodsMax)) errors.push(yield* markFailedAndDelete(pod, now))
  return aggregateErrors(errors)
}

// Follows markFailedAndDeletePodWithCondition: no kubelet is left to say that it has ended.
function* markFailedAndDelete(pod: Pod, now: SimTime, condition?: PodCondition): Steps<ApiStatus | undefined> {
  if (!isTerminal(pod)) {
    const { generation } = pod.metadata
    const { type = '', status = '', reason = '', message = '' } = condition ?? {}
    const conditions: Json = [
      {
        type,
        status,
        reason,
        message,
        lastProbeTime: null,
        lastTransitionTime: timestampOf(now),
        ...(generation === undefined ? undefined : { observedGeneration: generation }),
      },
    ]
    const patch: Json = {
      metadata: { uid: pod.metadata.uid },
      status: { phase: 'Failed', ...(condition === undefined ? undefined : { conditions }) },
    }
    const refused = refusalOf(yield { kind: 'PatchObject', target: refOf(pod), patchType: 'strategic', patch, subresource: 'status' })
    if (refused !== undefined) return refused.reason === 'NotFound' ? undefined : refused
  }
  const refused = refusalOf(yield* remove(pod, { gracePeriodSeconds: 0 }))
  return refused?.reason === 'NotFound' ? undefined : refused
}
