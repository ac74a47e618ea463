/** The subresources of Pods that are verbs: binding and eviction. */
import * as E from 'fp-ts/lib/Either.js'
import { conflict, type ApiStatus } from '../api/api-status.js'
import type { Pod, PodCondition, PodDisruptionBudget } from '../api/generated/types.js'
import { podConditionOf } from '../api/pod-condition.js'
import { afterEviction, evictionVerdict } from '../resources/pod-disruption-budget/queries.js'
import { topologyLabelsOf } from '../api/admission/topology-labels.js'
import type { DecideContext } from '../kernel/decider.js'
import { appended, extended } from '../kernel/extended.js'
import { timestampOf } from '../kernel/sim-time.js'
import type { DeleteOptions } from './api-commands.js'
import type { Decision } from './decide-create.js'
import { decideDelete } from './decide-delete.js'
import { findTarget } from './decide-update.js'
import { asStored, changesOf } from './decide-write.js'
import type { ClusterEvent } from './events.js'
import { reduce } from './reduce.js'
import { readerOf, type ClusterState } from './state.js'

interface Binding {
  readonly namespace: string
  readonly name: string
  readonly uid: string
  readonly nodeName: string
}

const withCondition = (conditions: readonly PodCondition[] | undefined, condition: PodCondition): readonly PodCondition[] => {
  const list = conditions ?? []
  return list.some((other) => other.type === condition.type)
    ? list.map((other) => (other.type === condition.type ? condition : other))
    : appended(list, condition)
}

const withoutNomination = (status: Pod['status']): Pod['status'] => {
  if (status.nominatedNodeName === undefined) return status
  const { nominatedNodeName: _, ...rest } = status
  return rest
}

/** Follows BindingREST.assignPod and setPodNodeAndMetadata in pkg/registry/core/pod/storage/storage.go. */
export const decideBind = (binding: Binding, state: ClusterState, context: DecideContext): E.Either<ApiStatus, Decision> => {
  const found = findTarget({ kind: 'Pod', namespace: binding.namespace, name: binding.name }, state)
  if (E.isLeft(found)) return found
  const pod = found.right as Pod
  const refuse = (why: string): E.Either<ApiStatus, Decision> => E.left(conflict('pods/binding', binding.name, why))
  if (pod.metadata.uid !== binding.uid)
    return E.left(
      conflict(
        'pods/binding',
        binding.name,
        `Precondition failed: UID in precondition: ${binding.uid}, UID in object meta: ${pod.metadata.uid}`,
      ),
    )
  if (pod.metadata.deletionTimestamp !== undefined) return refuse(`pod ${binding.name} is being deleted, cannot be assigned to a host`)
  if ((pod.spec.nodeName ?? '') !== '') return refuse(`pod ${binding.name} is already assigned to node "${pod.spec.nodeName ?? ''}"`)
  const scheduled = pod.status.conditions?.find((condition) => condition.type === 'PodScheduled')
  const condition = podConditionOf({
    type: 'PodScheduled',
    status: 'True',
    lastTransitionTime:
      scheduled?.status === 'True' && scheduled.lastTransitionTime !== undefined ? scheduled.lastTransitionTime : timestampOf(context.now),
  })
  const topology = topologyLabelsOf(readerOf(state).get('Node', '', binding.nodeName))
  const { metadata } = pod
  const after = asStored({
    ...pod,
    metadata: topology === undefined ? metadata : { ...metadata, labels: { ...metadata.labels, ...topology } },
    spec: extended(pod.spec, { nodeName: binding.nodeName }),
    status: extended(withoutNomination(pod.status), { conditions: withCondition(pod.status.conditions, condition) }),
  })
  return E.right({ events: changesOf(pod, after, state.revision + 1, state), object: after })
}

const disrupted = (pod: Pod, context: DecideContext): Pod => ({
  ...pod,
  status: {
    ...pod.status,
    conditions: withCondition(
      pod.status.conditions,
      podConditionOf({
        type: 'DisruptionTarget',
        status: 'True',
        lastTransitionTime: timestampOf(context.now),
        message: 'Eviction API: evicting',
        observedGeneration: pod.metadata.generation,
        reason: 'EvictionByEvictionAPI',
      }),
    ),
  },
})

/** Follows EvictionREST.Create in pkg/registry/core/pod/storage/eviction.go: the budget, then the condition, then the deletion: a write each. */
export const decideEvict = (
  target: { readonly namespace: string; readonly name: string },
  options: DeleteOptions,
  state: ClusterState,
  context: DecideContext,
): E.Either<ApiStatus, Decision> => {
  const ref = { kind: 'Pod', namespace: target.namespace, name: target.name }
  const found = findTarget(ref, state)
  if (E.isLeft(found)) return found
  const pod = found.right as Pod
  const budgets: readonly PodDisruptionBudget[] = readerOf(state).list('PodDisruptionBudget', target.namespace)
  const verdict = evictionVerdict(budgets, pod)
  if (E.isLeft(verdict)) return verdict
  const events: ClusterEvent[] = []
  let current = state
  const record = (more: readonly ClusterEvent[]): void => {
    for (const event of more) {
      current = reduce(current, event, context.now)
      events.push(event)
    }
  }
  const budget = verdict.right
  if (budget !== undefined) {
    record(changesOf(budget, asStored(afterEviction(budget, pod.metadata.name, context.now)), current.revision + 1, current))
  }
  if (pod.metadata.deletionTimestamp === undefined) record(changesOf(pod, disrupted(pod, context), current.revision + 1, current))
  const deletion = decideDelete(ref, options, current, context)
  if (E.isLeft(deletion)) return deletion
  return E.right({ events: [...events, ...deletion.right.events], object: deletion.right.object })
}
