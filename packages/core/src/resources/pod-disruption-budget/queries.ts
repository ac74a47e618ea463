/** What a PodDisruptionBudget says about a Pod, and whether the Pod may be evicted now. Changes nothing. */
import * as E from 'fp-ts/lib/Either.js'
import { forbidden, type ApiStatus } from '../../api/api-status.js'
import type { Condition, Pod, PodDisruptionBudget } from '../../api/generated/types.js'
import { selectorMatches } from '../../api/label-selector.js'
import { extended } from '../../kernel/extended.js'
import { timestampOf, type SimTime } from '../../kernel/sim-time.js'
import { isReady, isTerminal, isTerminating } from '../pod/queries.js'

const disruptedPodsMax = 2_000

/** The budget counts this Pod. `{}` selects every Pod of the namespace, no selector none. */
export const covers = (budget: PodDisruptionBudget, pod: Pod): boolean =>
  budget.metadata.namespace === pod.metadata.namespace &&
  budget.spec.selector !== undefined &&
  selectorMatches(budget.spec.selector, pod.metadata.labels)

const tooManyRequests = (cause: string, retryAfterSeconds?: number): ApiStatus => ({
  reason: 'TooManyRequests',
  code: 429,
  message: "Cannot evict pod as it would violate the pod's disruption budget.",
  details: {
    causes: [{ reason: 'DisruptionBudget', message: cause, field: '' }],
    ...(retryAfterSeconds === undefined ? undefined : { retryAfterSeconds }),
  },
})

/**
 * May the Pod be evicted? Right with the budget that the eviction is charged to, right with undefined when none is charged, left with the
 * refusal. Follows Create and checkAndDecrement in pkg/registry/core/pod/storage/eviction.go.
 */
export const evictionVerdict = (
  budgets: readonly PodDisruptionBudget[],
  pod: Pod,
): E.Either<ApiStatus, PodDisruptionBudget | undefined> => {
  if (isTerminal(pod) || isTerminating(pod) || pod.status.phase === 'Pending') return E.right(undefined)
  const [budget, ...others] = budgets.filter((candidate) => covers(candidate, pod))
  if (budget === undefined) return E.right(undefined)
  if (others.length > 0) {
    return E.left({
      reason: 'InternalError',
      code: 500,
      message: 'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    })
  }
  const { name, generation = 0 } = budget.metadata
  const { currentHealthy = 0, desiredHealthy = 0, disruptionsAllowed = 0, observedGeneration = 0, disruptedPods = {} } = budget.status
  if (!isReady(pod)) {
    if (budget.spec.unhealthyPodEvictionPolicy === 'AlwaysAllow') return E.right(undefined)
    if (currentHealthy >= desiredHealthy && desiredHealthy > 0) return E.right(undefined)
  }
  if (observedGeneration < generation)
    return E.left(tooManyRequests(`The disruption budget ${name} is still being processed by the server.`, 10))
  if (disruptionsAllowed < 0) return E.left(forbidden('poddisruptionbudget.policy', name, 'pdb disruptions allowed is negative'))
  if (Object.keys(disruptedPods).length > disruptedPodsMax) {
    return E.left(
      forbidden('poddisruptionbudget.policy', name, 'DisruptedPods map too big - too many evictions not confirmed by PDB controller'),
    )
  }
  if (disruptionsAllowed === 0) {
    return E.left(tooManyRequests(`The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`))
  }
  return E.right(budget)
}

/** The budget once an eviction was charged to it: one disruption less, and the Pod is known to be on its way out. */
export const afterEviction = (budget: PodDisruptionBudget, podName: string, now: SimTime): PodDisruptionBudget => {
  const charged: PodDisruptionBudget = {
    ...budget,
    status: {
      ...budget.status,
      disruptionsAllowed: (budget.status.disruptionsAllowed ?? 0) - 1,
      disruptedPods: { ...budget.status.disruptedPods, [podName]: timestampOf(now) },
    },
  }
  return charged.status.disruptionsAllowed === 0
    ? { ...charged, status: { ...charged.status, conditions: disruptionConditions(charged, now) } }
    : charged
}

/** The budget's conditions with DisruptionAllowed as its numbers say. Follows UpdateDisruptionAllowedCondition in component-helpers/apps/poddisruptionbudget/helpers.go. */
export const disruptionConditions = ({ status }: PodDisruptionBudget, now: SimTime): readonly Condition[] =>
  withCondition(
    status.conditions ?? [],
    {
      type: 'DisruptionAllowed',
      ...((status.disruptionsAllowed ?? 0) > 0
        ? { status: 'True', reason: 'SufficientPods' }
        : { status: 'False', reason: 'InsufficientPods' }),
      message: '',
      observedGeneration: status.observedGeneration ?? 0,
    },
    now,
  )

/** A condition in its place: its time changes only with its status. Follows SetStatusCondition in apimachinery/pkg/api/meta/conditions.go. */
export const withCondition = (
  conditions: readonly Condition[],
  condition: Omit<Condition, 'lastTransitionTime'>,
  now: SimTime,
): readonly Condition[] => {
  const known = conditions.find(({ type }) => type === condition.type)
  const lastTransitionTime = known !== undefined && known.status === condition.status ? known.lastTransitionTime : timestampOf(now)
  const next = extended(condition, { lastTransitionTime })
  return known === undefined ? [...conditions, next] : conditions.map((other) => (other === known ? next : other))
}
