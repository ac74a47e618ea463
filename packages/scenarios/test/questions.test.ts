/** The questions of the catalog get the answers that docs/verification.md gives, with the same scopes. (The biggest one is left to its command.) */
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { loadScenario, noScenarioFiles } from '../src/scenario.js'
import { explore } from '../src/explore/explore.js'
import type { SearchReport } from '../src/explore/search-types.js'
import { runScenario } from '../src/run-scenario.js'
import { writeCounterexample } from '../src/counterexample/write-counterexample.js'
import { catalogFolder, readScenarioFile } from '../src/node.js'
import type { Scenario } from '../src/scenario.js'

const question = (name: string): Scenario => {
  const read = readScenarioFile(join(catalogFolder, 'questions', `${name}.yaml`))
  if (E.isLeft(read)) throw new Error(read.left.message)
  return read.right
}

const answer = (scenario: Scenario, all = false): SearchReport => {
  const explored = explore(scenario, { all })
  if (E.isLeft(explored)) throw new Error(JSON.stringify(explored.left))
  return explored.right
}

/** Every finding as a file, run by itself. */
const outcomes = (scenario: Scenario, { findings }: SearchReport): readonly string[] =>
  findings.map((finding) => {
    const written = loadScenario('found.yaml', writeCounterexample(scenario, finding, 1), noScenarioFiles)
    if (E.isLeft(written)) return JSON.stringify(written.left)
    const run = runScenario(written.right)
    return E.isLeft(run) ? JSON.stringify(run.left) : run.right.report.outcome
  })

describe('questions', () => {
  for (const name of ['partition-with-a-deletion', 'partitioned-node'])
    test(`${name}: nothing breaks, completely searched`, { timeout: 60_000 }, () => {
      expect(answer(question(name))).toMatchObject({ complete: true, findings: [], unmet: [] })
    })

  test('one-pod-a-node: nothing breaks, whichever nodes they are', { timeout: 120_000 }, () => {
    expect(answer(question('one-pod-a-node'))).toMatchObject({ complete: true, findings: [], states: 11_112 })
  })

  test('partitioned-node-with-force: two processes of one name', { timeout: 60_000 }, () => {
    const scenario = question('partitioned-node-with-force')
    const report = answer(scenario)
    expect(report.findings.map(({ property }) => property)).toEqual(['stateful-set/at-most-one-pod-per-ordinal'])
    expect(outcomes(scenario, report)).toEqual(['violated'])
  })

  test('stuck-rollout: found, and stuck when run by itself', { timeout: 60_000 }, () => {
    const scenario = question('stuck-rollout')
    const report = answer(scenario)
    expect(report.findings.map(({ kind }) => kind)).toEqual(['eventually'])
    expect(outcomes(scenario, report)).toEqual(['notConverged'])
  })

  test('claim-changed-under-the-binder: both ends are reached', { timeout: 120_000 }, () => {
    const scenario = question('claim-changed-under-the-binder')
    const report = answer(scenario, true)
    expect(report).toMatchObject({ complete: true, unmet: [] })
    expect(report.findings.map(({ kind }) => kind)).toEqual(['sometimes', 'sometimes'])
    expect(outcomes(scenario, report)).toEqual(['passed', 'passed'])
  })
})
