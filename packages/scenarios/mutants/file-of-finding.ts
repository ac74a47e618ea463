/** A finding as the file that `--write` makes of it: does it fail by itself, and how much is in it? */
import * as E from 'fp-ts/lib/Either.js'
import type { Invariant } from '@statefold/core'
import { writeCounterexample } from '../src/counterexample/write-counterexample.js'
import type { Finding } from '../src/explore/search-types.js'
import { runScenario } from '../src/run-scenario.js'
import { loadScenario, noScenarioFiles, type Scenario } from '../src/scenario.js'

export interface FileOfFinding {
  /** Commands and faults: objects that are applied, steps, and what happens at some moment. */
  readonly steps: number
  readonly choices: number
  /** An ordinary run of the file does not pass. */
  readonly failsByItself: boolean
}

export const fileOfFinding = (scenario: Scenario, finding: Finding, invariants: readonly Invariant[]): FileOfFinding => {
  const loaded = loadScenario('broken.yaml', writeCounterexample(scenario, finding, 1), noScenarioFiles)
  if (E.isLeft(loaded)) return { steps: 0, choices: 0, failsByItself: false }
  const { written, manifests } = loaded.right
  const run = runScenario(loaded.right, { invariants })
  const done = (written.steps ?? []).filter(({ settle, sleep }) => settle === undefined && sleep === undefined)
  return {
    steps: manifests.length + done.length + (written.search?.anytime ?? []).length,
    choices: Object.keys(written.choices ?? {}).length,
    failsByItself: E.isLeft(run) || run.right.report.outcome !== 'passed',
  }
}
