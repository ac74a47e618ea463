/** The same scenario twice in one process, the second time on another day and with other chance outside: the events must be the same. */
import * as E from 'fp-ts/lib/Either.js'
import { runScenario } from '../src/run-scenario.js'
import type { Scenario } from '../src/scenario.js'

const eventsOf = (scenario: Scenario): readonly string[] => {
  const run = runScenario(scenario)
  return E.isLeft(run) ? [JSON.stringify(run.left)] : run.right.simulation.log().map((recorded) => JSON.stringify(recorded))
}

const dayMs = 86_400_000

/** What differs first, or undefined. */
export const rerunDiffers = (scenario: Scenario): string | undefined => {
  const { now } = Date
  const { random } = Math
  Math.random = () => 0.25
  const first = eventsOf(scenario)
  Date.now = () => now() + 3 * dayMs
  Math.random = () => 0.75
  const again = eventsOf(scenario)
  Date.now = now
  Math.random = random
  const at = first.findIndex((line, index) => line !== again[index])
  return at < 0 && first.length === again.length
    ? undefined
    : `event ${at}: ${first[at]?.slice(0, 120) ?? 'nothing'} and ${again[at]?.slice(0, 120) ?? 'nothing'}`
}
