/** The way to where a search begins. */
import * as E from 'fp-ts/lib/Either.js'
import { entriesOf, makeControllers, type ClusterSettings, type Controller, type Invariant, type Simulation } from '@statefold/core'
import type { Problem } from '../format/problem.js'
import { runScenario } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { searchStart } from './search-space.js'

/** The run up to where the search begins. */
export const prepare = (
  scenario: Scenario,
  seed: number,
  invariants: readonly Invariant[],
  controllers: (settings: ClusterSettings) => readonly Controller[] = makeControllers,
): E.Either<readonly Problem[], Simulation> => {
  const start = searchStart(scenario.written.steps ?? [])
  const steps = start === 0 ? [{ sleep: 0 }] : (scenario.written.steps ?? []).slice(0, start)
  const { search: _search, choices: _choices, ...written } = scenario.written
  const applied = new Map([...scenario.applied].filter(([index]) => index < start))
  const run = runScenario({ ...scenario, written: { ...written, steps, expect: [] }, applied }, { seed, invariants, controllers })
  if (E.isLeft(run)) return run
  const { report, simulation } = run.right
  if (report.outcome === 'passed') return E.right(simulation)
  return E.left([
    {
      file: scenario.file,
      line: 1,
      column: 1,
      message: `the way to where the search begins did not pass: ${report.reason ?? report.outcome}`,
    },
  ])
}

/** Tells a hasher whose uid is whose: of all objects there are, and of each that is made. */
export const learnUids = (simulation: Simulation, learn: (uid: string, path: string) => void): void => {
  for (const [, store] of entriesOf(simulation.state().cluster.stores))
    for (const [, object] of entriesOf(store.objects)) {
      const { kind, metadata } = object
      learn(metadata.uid, `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    }
  simulation.changes$.subscribe(({ type, object }) => {
    if (type === 'ADDED') learn(object.metadata.uid, `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`)
  })
}
