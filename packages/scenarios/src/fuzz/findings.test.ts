/** What is not an invariant is found, shrunk and handed back too: each as a file that shows the same by itself. */
import * as E from 'fp-ts/lib/Either.js'
import { makeControllers } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { scenarioText } from '../counterexample/write-counterexample.js'
import type { RunReport } from '../run-report.js'
import { runScenario } from '../run-scenario.js'
import { loadScenario, noScenarioFiles, type Scenario } from '../scenario.js'
import { withDeaf, withInnumerate, withRestless } from '../testing/faulty-controllers.js'
import { fuzz, type FuzzFinding } from './fuzz.js'

type Controllers = typeof makeControllers

const found = (controllers: Controllers): FuzzFinding => {
  const report = fuzz(undefined, {
    runs: 200,
    steps: { min: 3, max: 10 },
    convergesEvery: 1,
    controllers,
    stopsAt: () => true,
  })
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  const [finding] = report.right.findings
  if (finding === undefined) throw new Error('nothing was found')
  return finding
}

const asFile = ({ scenario, property }: FuzzFinding): Scenario => {
  const loaded = loadScenario('broken.yaml', scenarioText(scenario, `Broken: ${property}`), noScenarioFiles)
  if (E.isLeft(loaded)) throw new Error(JSON.stringify(loaded.left))
  return loaded.right
}

const reportOf = (scenario: Scenario, controllers: Controllers): RunReport => {
  const run = runScenario(scenario, { controllers })
  if (E.isLeft(run)) throw new Error(JSON.stringify(run.left))
  return run.right.report
}

describe('a random history finds', { timeout: 300_000 }, () => {
  it('a hot loop, and the file names what repeats', () => {
    const finding = found(withRestless)
    expect(finding).toMatchObject({ property: 'temporal/no-hot-loop', isConfirmed: true })
    expect(finding.message).toMatch(/^what repeats \(\d+ times within \d+ ms, and it goes on\): restless PodChanged Pod\/default\/\S+-1$/)
    expect(finding.steps.length).toBeLessThanOrEqual(2)
    const report = reportOf(asFile(finding), withRestless)
    expect(report.outcome).toBe('violated')
    expect(report.violations.map(({ invariant, message }) => [invariant, message])).toEqual([[finding.property, finding.message]])
    expect(reportOf(asFile(finding), makeControllers).outcome).toBe('passed')
  })

  it('a cluster that does not come to what is wanted, and the file says what is missing', () => {
    const finding = found(withDeaf)
    expect(finding).toMatchObject({ property: 'eventually/stateful-sets-match', isConfirmed: true })
    expect(finding.message).toMatch(/^\S+ does not exist; nobody says what it waits for$/)
    expect(finding.steps.length).toBeLessThanOrEqual(3)
    const report = reportOf(asFile(finding), withDeaf)
    expect(report.outcome).toBe('violated')
    expect(report.violations.map(({ invariant, message }) => [invariant, message])).toContainEqual([finding.property, finding.message])
    expect(reportOf(asFile(finding), makeControllers).outcome).toBe('passed')
  })

  it('an assertion, and the file runs into the same', () => {
    const finding = found(withInnumerate)
    expect(finding).toMatchObject({ property: 'assertion', isConfirmed: true })
    expect(finding.message).toMatch(/^what comes after \S+-2\?$/)
    expect(finding.steps.length).toBeLessThanOrEqual(2)
    expect(() => reportOf(asFile(finding), withInnumerate)).toThrow(finding.message)
    expect(reportOf(asFile(finding), makeControllers).outcome).toBe('passed')
  })
})
