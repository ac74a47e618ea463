/** The program of the second process: runs what the first line of its input says and prints what came of it as JSON. */
import { readFileSync } from 'node:fs'
import { loadRun } from '../../src/simulation/save-run.js'
import { makeControllers, defaultClusterSettings } from '../../src/simulation/default-controllers.js'
import { createSimulation } from '../../src/simulation/create-simulation.js'
import { heal, runHistory, type History } from '../../src/testing/history.js'
import type { JsonObject } from '../../src/kernel/json.js'
import { chainOf } from './one-run.js'

type Order =
  | { readonly kind: 'run'; readonly histories: readonly History[] }
  | { readonly kind: 'resume'; readonly seed: number; readonly saved: JsonObject; readonly until: number }

// The first process wrote it.
const order = JSON.parse(readFileSync(0, 'utf8')) as Order
if (order.kind === 'run') {
  const chains = order.histories.map((history) => {
    const simulation = runHistory(history)
    heal(history, simulation)
    simulation.runUntil(simulation.now() + 120_000)
    return chainOf(simulation.log())
  })
  process.stdout.write(JSON.stringify(chains))
} else {
  const simulation = createSimulation({
    seed: order.seed,
    settings: defaultClusterSettings,
    controllers: makeControllers(defaultClusterSettings),
    from: loadRun(order.saved),
  })
  simulation.runUntil(order.until)
  process.stdout.write(JSON.stringify(simulation.log()))
}
