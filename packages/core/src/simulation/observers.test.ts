import type { Observable } from 'rxjs'
import { describe, expect, it } from 'vitest'
import { bootstrap } from './bootstrap.js'
import { defaultClusterSettings, makeControllers } from './default-controllers.js'
import { createSimulation } from './create-simulation.js'
import type { Simulation } from './simulation.js'

const begun = (): Simulation => {
  const settings = defaultClusterSettings
  const simulation = createSimulation({ seed: 1, settings, controllers: makeControllers(settings) })
  bootstrap(simulation, { nodes: [{ name: 'node-1' }], storageClasses: [] })
  return simulation
}
const configMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } })

describe('an observer', () => {
  it.each(['events$', 'turns$', 'commands$', 'changes$'] as const)('of %s may not act in the middle of publishing', (stream) => {
    const simulation = begun()
    const refusals: unknown[] = []
    const observed: Observable<unknown> = simulation[stream]
    observed.subscribe(() => {
      for (const act of [
        () => simulation.submit({ kind: 'CreateObject', object: configMap('second') }),
        () => simulation.step(),
        () => simulation.restore(simulation.state()),
      ])
        try {
          act()
        } catch (error) {
          refusals.push(error)
        }
    })
    simulation.submit({ kind: 'CreateObject', object: configMap('first') })
    expect(refusals.length).toBeGreaterThan(0)
    expect(refusals.length % 3).toBe(0)
    expect(simulation.reader().get('ConfigMap', 'default', 'first')).toBeDefined()
    expect(simulation.reader().get('ConfigMap', 'default', 'second')).toBeUndefined()
    expect(String(refusals[0])).toContain('an observer of a simulation may not act on it')
  })

  it('sees the state after the turn, may fork it, and acts when the turn has been published', () => {
    const simulation = begun()
    const seen: boolean[] = []
    simulation.turns$.subscribe(() => {
      seen.push(simulation.reader().get('ConfigMap', 'default', 'first') !== undefined)
      expect(simulation.fork().state().seq).toBe(simulation.state().seq)
    })
    simulation.submit({ kind: 'CreateObject', object: configMap('first') })
    simulation.submit({ kind: 'CreateObject', object: configMap('second') })
    expect(seen).toEqual([true, true])
    expect(simulation.reader().get('ConfigMap', 'default', 'second')).toBeDefined()
  })
})
