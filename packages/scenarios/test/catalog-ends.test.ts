/** Forty simulated minutes after its end every scenario of the catalog owes nothing that nobody can explain, is at rest, and has lost no wake-up. */
import { describe, expect, it } from 'vitest'
import { brokenPromises, lostWakeUps, overdueIn, unrestAfter } from '@statefold/core'
import { runScenario } from '../src/index.js'
import { listCatalog, readScenarioFile } from '../src/node.js'

const laterMs = 2_400_000

describe('the end of', { timeout: 60_000 }, () => {
  for (const { name, path } of listCatalog()) {
    const scenario = readScenarioFile(path)
    if (scenario._tag === 'Right' && scenario.right.written.search !== undefined) continue
    it(`${name} is a good one`, () => {
      if (scenario._tag === 'Left') throw new Error(JSON.stringify(scenario.left))
      const run = runScenario(scenario.right)
      if (run._tag === 'Left') throw new Error(JSON.stringify(run.left))
      const simulation = run.right.simulation.fork({ keepLog: false, invariants: [] })
      simulation.runUntil(simulation.now() + laterMs)
      const overdue = overdueIn(simulation.state(), laterMs)
      expect(brokenPromises(overdue)).toEqual([])
      expect(unrestAfter(simulation, 600_000)).toBeUndefined()
      // Somebody who waits may well try again when it begins anew.
      if (overdue.length > 0) return
      const controllers = simulation.options.controllers.map((controller) => controller.name)
      expect(lostWakeUps(simulation, controllers)).toEqual([])
    })
  }
})
