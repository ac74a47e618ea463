/** Says how many Pods of a PodDisruptionBudget may be taken away now. The decision about one eviction is the API's. */
import * as E from 'fp-ts/lib/Either.js'
import type { ApiStatus } from '../../api/api-status.js'
import type { Pod, PodDisruptionBudget, PodDisruptionBudgetStatus } from '../../api/generated/types.js'
import { controllerRefOf, splitKey } from '../../api/object.js'
import type { Reader } from '../../cluster/reader.js'
import { extended } from '../../kernel/extended.js'
import { simTimeOf, type SimTime } from '../../kernel/sim-time.js'
import { covers, disruptionConditions, withCondition } from '../../resources/pod-disruption-budget/queries.js'
import { isReady, isTerminating } from '../../resources/pod/queries.js'
import type { Plan, PlanContext } from '../controller.js'
import { scaledValue } from '../int-or-percent.js'
import { replace, report } from '../requests.js'
import { semanticallyEqual } from '../semantic-equality.js'
import { plainError, type Steps } from '../steps.js'

/** The name under which this controller tells of things. */
const component = 'controllermanager'

/** An evicted Pod is expected to be deleted within this time. Follows DeletionTimeout in pkg/controller/disruption/disruption.go. */
const deletionTimeoutMs = 120_000

// Follows sync and trySync in pkg/controller/disruption/disruption.go.
export function* planDisruption(context: PlanContext): Plan {
  const { key, reader, now } = context
  const { namespace, name } = splitKey(key)
  const budget = reader.get('PodDisruptionBudget', namespace, name)
  if (budget === undefined) return {}
  const pods = reader.list('Pod', namespace).filter((pod) => covers(budget, pod))
  if (pods.length === 0) yield* report(budget, { type: 'Normal', reason: 'NoPods', message: 'No matching pods found' }, component)

  const expected = expectationOf(budget, pods, reader)
  if (E.isLeft(expected)) {
    const message = `Failed to calculate the number of expected pods: ${expected.left.message}`
    yield* report(budget, { type: 'Warning', reason: 'CalculateExpectedPodCountFailed', message }, component)
    return yield* failSafe(budget, expected.left, now)
  }
  const { expectedPods, desiredHealthy, unmanaged } = expected.right
  if (unmanaged.length > 0) {
    // The text is Go's: the list is printed as a slice.
    const message = `Pods selected by this PodDisruptionBudget (selector: ${selectorText(budget)}) were found to be unmanaged. As a result, the status of the PDB cannot be calculated correctly, which may result in undefined behavior. To account for these pods please set ".spec.minAvailable" field of the PDB to an integer value.`
    yield* report(budget, { type: 'Warning', reason: 'UnmanagedPods', message }, component)
  }

  const { stillExpected, overdue, recheckAt } = disruptedPods(budget, pods, now)
  for (const pod of overdue) {
    const message = `Pod was expected by PDB ${namespace}/${namespace} to be deleted but it wasn't`
    yield* report(pod, { type: 'Warning', reason: 'NotDeleted', message }, component)
  }
  const currentHealthy = pods.filter((pod) => isReady(pod) && !isTerminating(pod) && !isExpectedToGo(pod, stillExpected, now)).length
  const error = yield* writeStatus(budget, { currentHealthy, desiredHealthy, expectedPods, disruptedPods: stillExpected }, now)
  if (error !== undefined) return error.reason === 'Conflict' ? { error } : yield* failSafe(budget, error, now)
  return recheckAt === undefined ? {} : { requeueAfterMs: recheckAt - now }
}

interface Expectation {
  readonly expectedPods: number
  readonly desiredHealthy: number
  /** Pods without a controller, where the controllers' scales are needed. */
  readonly unmanaged: readonly string[]
}

// Follows getExpectedPodCount in pkg/controller/disruption/disruption.go.
const expectationOf = ({ spec }: PodDisruptionBudget, pods: readonly Pod[], reader: Reader): E.Either<ApiStatus, Expectation> => {
  const { maxUnavailable, minAvailable } = spec
  if (maxUnavailable === undefined && typeof minAvailable === 'number') {
    return E.right({ expectedPods: pods.length, desiredHealthy: minAvailable, unmanaged: [] })
  }
  if (maxUnavailable === undefined && minAvailable === undefined) return E.right({ expectedPods: 0, desiredHealthy: 0, unmanaged: [] })
  const scale = expectedScale(pods, reader)
  if (E.isLeft(scale)) return scale
  const { expectedPods, unmanaged } = scale.right
  const desiredHealthy =
    maxUnavailable === undefined
      ? scaledValue(minAvailable, expectedPods, 'up')
      : Math.max(0, expectedPods - scaledValue(maxUnavailable, expectedPods, 'up'))
  return E.right({ expectedPods, desiredHealthy, unmanaged })
}

// Follows getExpectedScale: every controller of the Pods counts once, with all the replicas that it wants.
const expectedScale = (
  pods: readonly Pod[],
  reader: Reader,
): E.Either<ApiStatus, { readonly expectedPods: number; readonly unmanaged: readonly string[] }> => {
  const scales = new Map<string, number>()
  const seen = new Set<string>()
  const unmanaged: string[] = []
  for (const pod of pods) {
    const owner = controllerRefOf(pod)
    if (owner === undefined) {
      unmanaged.push(pod.metadata.name)
      continue
    }
    if (seen.has(owner.uid)) continue
    seen.add(owner.uid)
    const found = scaleOf(pod.metadata.namespace ?? '', owner, reader)
    if (found === undefined) return E.left(plainError(`found no controllers for pod "${pod.metadata.name}"`))
    scales.set(found.uid, found.replicas)
  }
  return E.right({ expectedPods: [...scales.values()].reduce((sum, replicas) => sum + replicas, 0), unmanaged })
}

interface Scale {
  readonly uid: string
  readonly replicas: number
}

// Follows finders, getPodReplicaSet, getPodDeployment and getScaleController: undefined for kinds that cannot be scaled.
const scaleOf = (
  namespace: string,
  owner: { readonly kind: string; readonly name: string; readonly uid: string },
  reader: Reader,
): Scale | undefined => {
  switch (owner.kind) {
    case 'ReplicaSet': {
      const set = reader.get('ReplicaSet', namespace, owner.name)
      if (set === undefined || set.metadata.uid !== owner.uid) return undefined
      const above = controllerRefOf(set)
      if (above?.kind !== 'Deployment') return { uid: set.metadata.uid, replicas: set.spec.replicas ?? 1 }
      const deployment = reader.get('Deployment', namespace, above.name)
      if (deployment === undefined || deployment.metadata.uid !== above.uid) return undefined
      return { uid: deployment.metadata.uid, replicas: deployment.spec.replicas ?? 1 }
    }
    case 'StatefulSet':
    case 'ReplicationController': {
      const found = reader.get(owner.kind, namespace, owner.name)
      return found === undefined || found.metadata.uid !== owner.uid
        ? undefined
        : { uid: found.metadata.uid, replicas: found.spec.replicas ?? 1 }
    }
    default:
      return undefined
  }
}

const selectorText = ({ spec: { selector } }: PodDisruptionBudget): string => {
  const labels = Object.entries(selector?.matchLabels ?? {})
  const pairs = labels.map(([key, value]) => `${key}:${value}`).sort((one, other) => (one < other ? -1 : 1))
  return `&LabelSelector{MatchLabels:map[string]string{${pairs.map((pair) => `${pair.replace(':', ': ')},`).join('')}},MatchExpressions:[]LabelSelectorRequirement{},}`
}

interface Disrupted {
  readonly stillExpected: { readonly [podName: string]: string }
  readonly overdue: readonly Pod[]
  readonly recheckAt: SimTime | undefined
}

// Follows buildDisruptedPodMap in pkg/controller/disruption/disruption.go.
const disruptedPods = ({ status }: PodDisruptionBudget, pods: readonly Pod[], now: SimTime): Disrupted => {
  const stillExpected: { [podName: string]: string } = {}
  const overdue: Pod[] = []
  let recheckAt: SimTime | undefined
  for (const pod of pods) {
    const since = status.disruptedPods?.[pod.metadata.name]
    if (since === undefined || isTerminating(pod)) continue
    const until = (simTimeOf(since) ?? 0) + deletionTimeoutMs
    if (until < now) overdue.push(pod)
    else {
      stillExpected[pod.metadata.name] = since
      recheckAt = recheckAt === undefined ? until + 1 : Math.min(recheckAt, until + 1)
    }
  }
  return { stillExpected, overdue, recheckAt }
}

const isExpectedToGo = (pod: Pod, disrupted: { readonly [podName: string]: string }, now: SimTime): boolean => {
  const since = disrupted[pod.metadata.name]
  return since !== undefined && (simTimeOf(since) ?? 0) + deletionTimeoutMs > now
}

type Counts = Required<Pick<PodDisruptionBudgetStatus, 'currentHealthy' | 'desiredHealthy' | 'expectedPods' | 'disruptedPods'>>

// Follows updatePdbStatus in pkg/controller/disruption/disruption.go. Without expected Pods nothing is allowed.
function* writeStatus(budget: PodDisruptionBudget, counts: Counts, now: SimTime): Steps<ApiStatus | undefined> {
  const { disruptedPods: disrupted, ...numbers } = counts
  const allowed = counts.expectedPods <= 0 ? 0 : Math.max(0, counts.currentHealthy - counts.desiredHealthy)
  const { generation } = budget.metadata
  const { conditions } = budget.status
  const counted: PodDisruptionBudget = {
    ...budget,
    status: extended(numbers, {
      disruptionsAllowed: allowed,
      ...(Object.keys(disrupted).length === 0 ? undefined : { disruptedPods: disrupted }),
      ...(generation === undefined ? undefined : { observedGeneration: generation }),
      ...(conditions === undefined ? undefined : { conditions }),
    }),
  }
  const next = { ...counted, status: { ...counted.status, conditions: disruptionConditions(counted, now) } }
  if (semanticallyEqual(budget.status, next.status)) return undefined
  const written = yield* replace(next, 'status')
  return E.isLeft(written) ? written.left : undefined
}

/** Whatever went wrong: nothing may be evicted until it is known how many Pods there are. Follows failSafe in the same file. */
function* failSafe(budget: PodDisruptionBudget, error: ApiStatus, now: SimTime): Plan {
  const condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    reason: 'SyncFailed',
    message: error.message,
    observedGeneration: budget.status.observedGeneration ?? 0,
  }
  const conditions = withCondition(budget.status.conditions ?? [], condition, now)
  const next = { ...budget, status: { ...budget.status, disruptionsAllowed: 0, conditions } }
  if (!semanticallyEqual(budget.status, next.status)) {
    const written = yield* replace(next, 'status')
    if (E.isLeft(written)) return { error: written.left }
  }
  return { error }
}
