import type { PodDisruptionBudget } from '../../api/generated/types.js'
import type { Invariant } from '../invariant.js'
import { changeOf } from '../observed-change.js'

const name = 'nodes/budgets-are-not-overdrawn'

/** N6 */
export const budgetsAreNotOverdrawn: Invariant = {
  name,
  promise: 'Evictions never take a PodDisruptionBudget below zero allowed disruptions.',
  expectation: 'always',
  concerns: ['DisruptionBudgetStatusChanged', 'DisruptionBudgetChanged'],
  check: (observation) => {
    const change = changeOf(observation)
    if (change?.kind !== 'PodDisruptionBudget' || change.after === undefined) return undefined
    const budget = change.after as unknown as PodDisruptionBudget
    const allowed = budget.status.disruptionsAllowed ?? 0
    if (allowed >= 0) return undefined
    return {
      invariant: name,
      message: `${change.path} allows ${allowed} disruptions after a write by ${observation.recorded.actor}; expected at least 0`,
    }
  },
}
