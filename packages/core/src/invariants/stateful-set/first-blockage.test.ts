/** Looking again only at what has changed finds what looking at everything finds. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { availableAt, isRunningAndReady, isTerminating } from '../../resources/pod/queries.js'
import { historyOf } from '../../testing/arbitraries/history.js'
import { runHistory } from '../../testing/history.js'
import type { Invariant, Observation } from '../invariant.js'
import { replicasOf, startOf } from '../observed-change.js'
import { firstBlockage, memberAt } from './first-blockage.js'

const byLookingAtAll = ({ view, before, recorded }: Observation, upTo: number): number | undefined => {
  const set = view?.get('StatefulSet', 'default', 'web')
  if (view === undefined || set === undefined) return undefined
  for (let ordinal = startOf(set); ordinal < upTo; ordinal += 1) {
    const pod = memberAt(set, ordinal, view, before)
    if (pod === undefined || isTerminating(pod) || !isRunningAndReady(pod)) return ordinal
    const seconds = set.spec.minReadySeconds ?? 0
    if (seconds > 0 && (availableAt(pod, seconds) ?? Number.POSITIVE_INFINITY) > recorded.at) return ordinal
  }
  return undefined
}

it('finds the same Pod in whatever order it is asked, over random histories', { timeout: 120_000 }, () => {
  const answers = new Set<string>()
  const compares: Invariant = {
    name: 'test/compares',
    promise: 'Both find the same.',
    expectation: 'always',
    concerns: ['PodCreated', 'PodDeletionRequested', 'StatefulSetStatusChanged', 'PodAdopted', 'PodReleased'],
    check: (observation) => {
      const { view, before, recorded } = observation
      const set = view?.get('StatefulSet', 'default', 'web')
      if (view === undefined || set === undefined || recorded.actor !== 'statefulset-controller') return undefined
      const end = startOf(set) + replicasOf(set)
      for (const upTo of [end, startOf(set) + (recorded.seq % 4), end]) {
        const [all, changed] = [byLookingAtAll(observation, upTo), firstBlockage(set, upTo, view, before, recorded.at)?.ordinal]
        answers.add(all === undefined ? 'none' : 'one')
        if (all !== changed) return { invariant: 'test/compares', message: `expected ${all ?? 'none'}, found ${changed ?? 'none'}` }
      }
      return undefined
    },
  }
  const sort = { lives: true, podFaults: true, nodeFaults: true, machineryFaults: true }
  for (const history of fc.sample(historyOf(sort), { numRuns: 60, seed: 7 }))
    expect(runHistory(history, { invariants: [compares], keepLog: false }).violations()).toEqual([])
  expect([...answers].sort((left, right) => (left < right ? -1 : 1))).toEqual(['none', 'one'])
})
