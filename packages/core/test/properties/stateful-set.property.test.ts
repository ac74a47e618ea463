/** What holds of a StatefulSet whatever people do to it and whatever goes wrong. */
import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { allInvariants, alwaysInvariants } from '../../src/invariants/all-invariants.js'
import { debtsOf } from '../../src/invariants/temporal/convergence.js'
import { findDisorder } from '../../src/invariants/temporal/log-order.js'
import { brokenPromises, overdueIn } from '../../src/invariants/temporal/overdue.js'
import { unrestIn } from '../../src/invariants/temporal/quiet.js'
import type { Simulation } from '../../src/simulation/simulation.js'
import { historyOf, type HistorySort } from '../../src/testing/arbitraries/history.js'
import { heal, runHistory, takeStep, theSet, type History } from '../../src/testing/history.js'
import { holds } from './holds.js'

const sorts: readonly (readonly [string, HistorySort])[] = [
  ['whatever users do', { lives: true }],
  ['whatever containers do', { podFaults: true }],
  ['whatever machines do', { nodeFaults: true, podFaults: true }],
  ['whatever caches, the API server and controllers do', { machineryFaults: true }],
  ['whatever happens', { steps: 30, lives: true, podFaults: true, nodeFaults: true, machineryFaults: true, forcedDeletions: true }],
]

/** What forced deletion and silent machines are meant to break: two processes under one identity. */
const brokenByForce = 'stateful-set/at-most-one-pod-per-ordinal'

const violationIn = (simulation: Simulation, isForced: boolean): string | undefined => {
  const found = simulation.violations().find(({ invariant }) => !isForced || invariant !== brokenByForce)
  return found === undefined ? undefined : `${found.invariant} was violated at ${found.at} ms (event ${found.seq}): ${found.message}`
}

const isForced = ({ steps }: History): boolean => steps.some((step) => step.kind === 'DeletePod' && step.graceSeconds === 0)

describe.each(sorts)('%s', (_name, sort) => {
  holds(`every invariant holds after every event, ${_name}`, historyOf(sort), 40, (history) => {
    const simulation = runHistory(history, { invariants: alwaysInvariants })
    heal(history, simulation)
    simulation.runUntil(simulation.now() + 60_000)
    return violationIn(simulation, isForced(history)) ?? findDisorder(simulation.log())
  })

  holds(
    `once faults heal the cluster converges or says what it waits for, and then falls silent, ${_name}`,
    historyOf(sort),
    30,
    (history) => {
      const simulation = runHistory(history)
      heal(history, simulation)
      simulation.runUntil(simulation.now() + 1_200_000)
      const debts = debtsOf(simulation.state().cluster)
      const unexplained = debts.find(({ of }) => debts.every((debt) => debt.of !== of || debt.waitsFor.length === 0))
      if (unexplained !== undefined)
        return `twenty minutes after the last fault: ${unexplained.of}: ${unexplained.message}, and nobody says why`
      const from = simulation.log().length
      simulation.runUntil(simulation.now() + 600_000)
      const unrest = unrestIn(simulation.log().slice(from))
      return unrest === undefined
        ? undefined
        : `${unrest.events} events in ten quiet minutes, repeating ${unrest.repeats} times: ${unrest.cycle.join(' → ')}`
    },
  )
})

describe.each(sorts)('%s', (_name, sort) => {
  holds(
    `forty minutes after the last fault every temporal property holds or says what it waits for, ${_name}`,
    historyOf(sort),
    20,
    (history) => {
      const simulation = runHistory(history, { keepLog: false })
      heal(history, simulation)
      const quietFrom = simulation.now()
      simulation.runUntil(quietFrom + 2_400_000)
      const [broken] = brokenPromises(overdueIn(simulation.state(), simulation.now() - quietFrom))
      return broken === undefined ? undefined : `${broken.property}: ${broken.of}: ${broken.message}`
    },
  )
})

holds('a healthy cluster converges in every respect', historyOf({ lives: false }), 40, (history) => {
  const steps = history.steps.filter(({ kind }) => kind !== 'RelabelPod')
  const simulation = runHistory({ ...history, steps })
  heal(history, simulation)
  simulation.runUntil(simulation.now() + 1_200_000)
  const debt = debtsOf(simulation.state().cluster)[0]
  return debt === undefined ? undefined : `${debt.of}: ${debt.message}; waits for ${debt.waitsFor.join(' ← ')}`
})

holds('the end state is that of the last wishes: identity, claims, counts', historyOf({ podFaults: true }), 40, (history) => {
  const steps = history.steps.filter(({ kind }) => kind !== 'RelabelPod')
  const simulation = runHistory({ ...history, steps })
  heal(history, simulation)
  simulation.runUntil(simulation.now() + 1_200_000)
  const set = theSet(simulation)
  if (set === undefined) return 'the set is gone'
  const reader = simulation.reader()
  const names = reader.list('Pod', 'default').map(({ metadata }) => metadata.name)
  const start = set.spec.ordinals?.start ?? 0
  const wanted = Array.from({ length: set.spec.replicas ?? 0 }, (_, index) => `web-${start + index}`)
  if (names.join() !== wanted.join()) return `the Pods are ${names.join(', ')}; expected ${wanted.join(', ')}`
  const { replicas, readyReplicas = 0, availableReplicas = 0 } = set.status
  if (replicas !== wanted.length || readyReplicas !== replicas || availableReplicas !== replicas)
    return `the status counts ${replicas}, ${readyReplicas}, ${availableReplicas}; expected ${wanted.length} each`
  for (const pod of reader.list('Pod', 'default')) {
    const claimName = pod.spec.volumes?.find(({ name }) => name === 'www')?.persistentVolumeClaim?.claimName
    if (history.set.claims === 'none') continue
    if (claimName !== `www-${pod.metadata.name}`) return `${pod.metadata.name} has the claim ${claimName ?? 'none'}`
    const claim = reader.get('PersistentVolumeClaim', 'default', claimName)
    if (claim?.status.phase !== 'Bound') return `${claimName} is ${claim?.status.phase ?? 'not there'}`
  }
  return undefined
})

/** The uids of claims, by name, while nobody deletes claims or asks for their deletion by policy. */
const claimUids = (simulation: Simulation): ReadonlyMap<string, string> =>
  new Map(
    simulation
      .reader()
      .list('PersistentVolumeClaim', 'default')
      .map(({ metadata }) => [metadata.name, metadata.uid]),
  )

holds('with Retain, a claim once made is the same claim for ever', historyOf({ lives: true, podFaults: true }), 40, (history) => {
  const steps = history.steps.filter(({ kind }) => kind !== 'DeleteClaim' && kind !== 'SetRetention')
  const retained: History = { ...history, set: { ...history.set, whenDeleted: 'Retain', whenScaled: 'Retain' }, steps: [] }
  const seen = new Map<string, string>()
  let changed: string | undefined
  const simulation = runHistory(retained)
  for (const step of steps) {
    for (const [name, uid] of claimUids(simulation)) {
      const before = seen.get(name)
      if (before !== undefined && before !== uid) changed = `${name} was made again`
      seen.set(name, uid)
    }
    takeStep(step, retained, simulation)
  }
  const now = claimUids(simulation)
  for (const [name, uid] of seen) if (now.get(name) !== uid) changed ??= `${name} is gone`
  return changed
})

describe('the marks', () => {
  it('are nearly all hit by the standard histories, so that none of the properties is an empty victory', { timeout: 600_000 }, () => {
    const hit = new Set<string>()
    for (const [, sort] of sorts)
      for (const history of fc.sample(historyOf({ steps: 20, ...sort }), { numRuns: 60, seed: 3 })) {
        const simulation = runHistory(history, { invariants: allInvariants, keepLog: false })
        simulation.runUntil(simulation.now() + 400_000)
        for (const name of simulation.sometimes()) hit.add(name)
      }
    const marks = allInvariants.filter(({ expectation }) => expectation === 'sometimes').map(({ name }) => name)
    const missed = marks.filter((name) => !hit.has(name))
    expect(missed.length, `never happened: ${missed.join(', ')}`).toBeLessThanOrEqual(marks.length / 10)
  })
})
