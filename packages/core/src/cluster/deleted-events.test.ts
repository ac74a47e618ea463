import { describe, expect, it } from 'vitest'
import { beginHistory, plainSet, theSet } from '../testing/history.js'
import { storeOf } from './state.js'
import { allObjects } from './store.js'

const set = { ...plainSet, replicas: 1 }

describe('an Event that somebody has deleted', () => {
  it('comes to be again, as another one, when the same is told again', () => {
    const simulation = beginHistory({ seed: 1, nodes: 1, set, steps: [] })
    const told = () =>
      allObjects(storeOf(simulation.state().cluster, 'Event')).filter(
        (event) => (event as { readonly reason?: string }).reason === 'SuccessfulCreate' && event.metadata.name.startsWith('web.'),
      )
    const killPod = (): void => {
      const options = { gracePeriodSeconds: 0 }
      simulation.submit({ kind: 'DeleteObject', target: { kind: 'Pod', namespace: 'default', name: 'web-0' }, options })
      simulation.runUntil(simulation.now() + 30_000)
    }
    simulation.runUntil(30_000)
    killPod()
    const [first] = told()
    if (first === undefined) throw new Error('nobody told of the Pod')
    expect(first).toMatchObject({ count: 2 })
    simulation.submit({ kind: 'DeleteObject', target: { kind: 'Event', namespace: 'default', name: first.metadata.name }, options: {} })
    expect(told()).toEqual([])
    killPod()
    const [second, ...more] = told()
    expect(more).toEqual([])
    expect(second).toMatchObject({ count: 1 })
    expect(second?.metadata.uid).not.toBe(first.metadata.uid)
    killPod()
    expect(told()).toMatchObject([{ count: 2, metadata: { name: second?.metadata.name } }])
    expect(theSet(simulation)?.status.readyReplicas).toBe(1)
  })
})
