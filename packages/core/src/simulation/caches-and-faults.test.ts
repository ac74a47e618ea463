/** What informers that lag, controllers that crash and API calls that go wrong do to a StatefulSet, and what they must not do. */
import { describe, expect, it } from 'vitest'
import type { ClusterCommand } from '../cluster/commands.js'
import { alwaysInvariants } from '../invariants/all-invariants.js'
import { debtsOf } from '../invariants/temporal/convergence.js'
import { beginHistory, plainSet, type History } from '../testing/history.js'
import type { Simulation } from './simulation.js'

const history: History = {
  seed: 5,
  nodes: 2,
  set: plainSet,
  steps: [],
}

const controller = 'statefulset-controller'
const settled = (): Simulation => {
  const simulation = beginHistory(history, { invariants: alwaysInvariants })
  simulation.runUntil(60_000)
  expect(debtsOf(simulation.state().cluster)).toEqual([])
  return simulation
}
const deletePod = (name: string): ClusterCommand => ({
  kind: 'DeleteObject',
  target: { kind: 'Pod', namespace: 'default', name },
  options: { gracePeriodSeconds: 0 },
})
const lag = (lagMs: number): ClusterCommand => ({ kind: 'SetInformerLag', controller, objectKind: 'Pod', lagMs })
const scale = (replicas: number): ClusterCommand => ({
  kind: 'PatchObject',
  target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
  patchType: 'merge',
  patch: { spec: { replicas } },
})
const converges = (simulation: Simulation): void => {
  simulation.runUntil(simulation.now() + 300_000)
  expect(debtsOf(simulation.state().cluster)).toEqual([])
  expect(simulation.violations()).toEqual([])
}
const creationsOf = (simulation: Simulation, pod: string): number =>
  simulation.log().filter(({ event }) => event.kind === 'PodCreated' && event.object === `Pod/default/${pod}`).length

describe('an informer that lags', { timeout: 60_000 }, () => {
  it('shows a Pod for a while that is gone, and then the controller makes exactly one in its place', () => {
    const simulation = settled()
    simulation.submit(lag(5_000))
    simulation.submit(deletePod('web-1'))
    const gone = simulation.now()
    simulation.runUntil(gone + 4_900)
    expect(simulation.reader().get('Pod', 'default', 'web-1')).toBeUndefined()
    simulation.runUntil(gone + 20_000)
    expect(simulation.reader().get('Pod', 'default', 'web-1')?.status.phase).toBe('Running')
    expect(creationsOf(simulation, 'web-1')).toBe(2)
    simulation.submit(lag(0))
    converges(simulation)
    expect(creationsOf(simulation, 'web-1')).toBe(2)
  })

  it('that does not show the controller its own new Pod does not make it create the Pod twice', () => {
    const simulation = settled()
    simulation.submit(lag(3_000))
    simulation.submit(scale(4))
    simulation.runUntil(simulation.now() + 2_000)
    simulation.submit(scale(5))
    simulation.runUntil(simulation.now() + 30_000)
    expect(creationsOf(simulation, 'web-3')).toBe(1)
    expect(creationsOf(simulation, 'web-4')).toBe(1)
    simulation.submit(lag(0))
    converges(simulation)
  })

  it('catches up when it no longer lags: the log ends with what the store holds', () => {
    const simulation = settled()
    simulation.submit(lag(10_000))
    simulation.submit(scale(1))
    simulation.runUntil(simulation.now() + 3_000)
    simulation.submit(lag(0))
    converges(simulation)
    expect(
      simulation
        .reader()
        .list('Pod', 'default')
        .map(({ metadata }) => metadata.name),
    ).toEqual(['web-0'])
    expect(simulation.state().informers.size).toBe(0)
  })
})

describe('a controller that crashes', { timeout: 60_000 }, () => {
  it('does nothing until it is started again, and then goes on from what is stored', () => {
    const simulation = settled()
    simulation.submit(scale(5))
    simulation.runUntil(simulation.now() + 1)
    simulation.submit({ kind: 'CrashController', controller })
    simulation.runUntil(simulation.now() + 120_000)
    expect(simulation.reader().list('Pod', 'default').length).toBeLessThan(5)
    simulation.submit({ kind: 'RestartController', controller })
    converges(simulation)
    for (const pod of ['web-3', 'web-4']) expect(creationsOf(simulation, pod)).toBe(1)
  })

  it('may do so after every turn of a scale-up without making a Pod twice', () => {
    const base = settled()
    base.submit(scale(5))
    for (let turns = 0; turns < 40 && base.step(); turns += 1) {
      const fork = base.fork()
      fork.submit({ kind: 'CrashController', controller })
      fork.submit({ kind: 'RestartController', controller })
      fork.runUntil(fork.now() + 120_000)
      expect(debtsOf(fork.state().cluster)).toEqual([])
      expect(fork.violations()).toEqual([])
    }
  })
})

describe.each(['conflict', 'lost-answer', 'lost-request', 'too-many-requests', 'internal-error'] as const)(
  'an API call with a %s',
  (fault) => {
    it('is tried again until it succeeds, whichever write of a scale-down, scale-up or replacement it strikes', () => {
      for (let skipped = 0; skipped < 6; skipped += 1) {
        const simulation = settled()
        simulation.submit(scale(1))
        simulation.runUntil(simulation.now() + skipped * 1_500)
        simulation.submit({ kind: 'SetApiFault', fault, times: 2, controller })
        simulation.submit(scale(4))
        simulation.submit(deletePod('web-0'))
        converges(simulation)
      }
    })
  },
)
