import { isAvailable, isTerminating } from '../../resources/pod/queries.js'
import type { Invariant } from '../invariant.js'
import { isOrdered, nameInSet, replicasOf, startOf } from '../observed-change.js'
import { memberAt } from './first-blockage.js'
import { deletionOf, nowOf } from './observed-deletion.js'

const name = 'stateful-set/keeps-pods-available'

/** A number, or a share of the replicas rounded down; at least 1. Follows getStatefulSetMaxUnavailable in stateful_set_utils.go. */
const budgetOf = (value: string | number | undefined, replicas: number): number => {
  if (value === undefined) return 1
  const count = typeof value === 'number' ? value : Math.floor((Number.parseInt(value, 10) * replicas) / 100)
  return Number.isInteger(count) && count > 1 ? count : 1
}

/** U3, in the controller's view. Parallel without maxUnavailable looks only at the Pods above. */
export const keepsPodsAvailable: Invariant = {
  name,
  promise: 'A rolling update takes no available Pod down while as many as maxUnavailable (1, if not said) are unavailable already.',
  expectation: 'always',
  concerns: ['PodDeletionRequested'],
  check: (observation) => {
    const deletion = deletionOf(observation)
    if (deletion?.reason !== 'update') return undefined
    const { set, pod, ordinal, view, before, at } = deletion
    const minReadySeconds = set.spec.minReadySeconds ?? 0
    if (!isAvailable(pod, minReadySeconds, at)) return undefined
    const maxUnavailable = set.spec.updateStrategy?.rollingUpdate?.maxUnavailable
    const budget = budgetOf(maxUnavailable, replicasOf(set))
    const start = startOf(set)
    const unavailable: string[] = []
    for (let place = isOrdered(set) || maxUnavailable !== undefined ? start : ordinal + 1; place < start + replicasOf(set); place += 1) {
      if (place === ordinal) continue
      const other = memberAt(set, place, view, before)
      if (
        other !== undefined &&
        isAvailable(other, minReadySeconds, at) &&
        !isTerminating(other) &&
        !isTerminating(nowOf(other, before, view))
      )
        continue
      unavailable.push(`${set.metadata.name}-${place}`)
      if (unavailable.length >= budget)
        return {
          invariant: name,
          message: `${nameInSet(pod.metadata.name, set)} was deleted for the update while ${unavailable.join(', ')} ${unavailable.length === 1 ? 'was' : 'were'} unavailable; expected at most ${budget} unavailable, this one included`,
        }
    }
    return undefined
  },
}
