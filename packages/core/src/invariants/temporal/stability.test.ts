/** A settled cluster stays settled, no wake-up is lost, a crash leaves no trace; each with a history that breaks it. */
import { describe, expect, it } from 'vitest'
import type { Controller } from '../../controllers/controller.js'
import { defineController } from '../../simulation/define-controller.js'
import { defaultClusterSettings, makeControllers } from '../../simulation/default-controllers.js'
import type { Simulation } from '../../simulation/simulation.js'
import { beginHistory, plainSet, type History } from '../../testing/history.js'
import { differencesOfEnds } from './same-end.js'
import { lostWakeUps, unrestAfter } from './stability.js'

const history: History = {
  seed: 3,
  nodes: 2,
  set: { ...plainSet, claims: 'immediate' },
  steps: [],
}

const statefulSets = 'statefulset-controller'
const product = makeControllers(defaultClusterSettings)
const names = product.map(({ name }) => name)

const settled = (controllers: readonly Controller[] = product): Simulation => {
  const simulation = beginHistory(history, { controllers })
  simulation.runUntil(120_000)
  return simulation
}

/** A controller that does not hear of Pods that go. */
const deafToDeletions = product.map((controller): Controller => {
  const { Pod: heard } = controller.watches
  return controller.name !== statefulSets || heard === undefined
    ? controller
    : {
        ...controller,
        watches: {
          ...controller.watches,
          Pod: (notification, reader) => (notification.object.metadata.deletionTimestamp === undefined ? heard(notification, reader) : []),
        },
      }
})

const deletePod = (simulation: Simulation, name: string): void => {
  simulation.submit({ kind: 'DeleteObject', target: { kind: 'Pod', namespace: 'default', name }, options: { gracePeriodSeconds: 0 } })
}

describe('a settled cluster', { timeout: 60_000 }, () => {
  it('stays settled, and no wake-up is lost', () => {
    const simulation = settled()
    expect(unrestAfter(simulation, 600_000)).toBeUndefined()
    expect(lostWakeUps(simulation, names)).toEqual([])
  })

  it('does not with a controller that writes again and again: the cycle is named', () => {
    const restless = defineController({
      name: 'restless',
      watches: { Service: ({ object }) => [{ key: object.metadata.name }] },
      *plan({ reader, now }) {
        const value = String(Math.floor(now / 10_000))
        if (reader.get('Service', 'default', 'web')?.metadata.labels?.['tick'] !== value)
          yield {
            kind: 'PatchObject',
            target: { kind: 'Service', namespace: 'default', name: 'web' },
            patchType: 'merge',
            patch: { metadata: { labels: { tick: value } } },
          }
        return { requeueAfterMs: 10_000 }
      },
    })
    const unrest = unrestAfter(settled([...product, restless]), 600_000)
    expect(unrest?.cycle).toContain('restless ServiceChanged Service/default/web')
    expect(unrest?.repeats).toBeGreaterThanOrEqual(3)
  })

  it('hides a lost wake-up until somebody looks anew', () => {
    const simulation = settled(deafToDeletions)
    deletePod(simulation, 'web-1')
    simulation.runUntil(simulation.now() + 300_000)
    expect(simulation.reader().get('Pod', 'default', 'web-1')).toBeUndefined()
    const [lost] = lostWakeUps(simulation, [statefulSets])
    expect(lost?.message).toBe(
      'statefulset-controller had something to do and did not know: looking at everything anew it caused statefulset-controller PodCreated Pod/default/web-1',
    )
    const whole = settled()
    deletePod(whole, 'web-1')
    whole.runUntil(whole.now() + 300_000)
    expect(lostWakeUps(whole, [statefulSets])).toEqual([])
  })
})

describe('a crash', { timeout: 120_000 }, () => {
  /** Crashes the controller after so many turns and restarts it two seconds later. */
  const crashed = (turns: number): Simulation => {
    const simulation = beginHistory(history)
    for (let turn = 0; turn < turns; turn += 1) simulation.step()
    simulation.submit({ kind: 'CrashController', controller: statefulSets })
    simulation.runUntil(simulation.now() + 2_000)
    simulation.submit({ kind: 'RestartController', controller: statefulSets })
    simulation.runUntil(180_000)
    return simulation
  }
  const endOf = (simulation: Simulation) => ({ state: simulation.state().cluster, log: simulation.log() })
  const plain = beginHistory(history)
  plain.runUntil(180_000)

  it('at any of sixty moments leaves the same end, and each object made as often', () => {
    for (let turns = 0; turns < 60; turns += 1)
      expect(differencesOfEnds(endOf(plain), endOf(crashed(turns))), `after ${turns} turns`).toEqual([])
  })

  it('that loses or doubles something is told', () => {
    const other = crashed(5)
    deletePod(other, 'web-1')
    other.runUntil(400_000)
    expect(differencesOfEnds(endOf(plain), endOf(other))).toContain(
      'Pod default/web-1 was created 2 and deleted 1 times; without the disturbance it was created 1 and deleted 0 times',
    )
    const smaller = beginHistory({ ...history, set: { ...history.set, replicas: 2 } })
    smaller.runUntil(180_000)
    const found = differencesOfEnds(endOf(plain), endOf(smaller))
    expect(found).toContain('Pod default/web-2 is missing')
    expect(found).toContain('StatefulSet default/web is another one than without the disturbance')
  })
})
