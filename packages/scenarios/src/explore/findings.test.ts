/** What is not an invariant is found in every order too, and its file shows the same by itself. */
import * as E from 'fp-ts/lib/Either.js'
import { makeControllers } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { choicesOf, writeCounterexample } from '../counterexample/write-counterexample.js'
import { runScenario } from '../run-scenario.js'
import { loadScenario, noScenarioFiles, scenario, type Scenario } from '../scenario.js'
import { withInnumerate, withRestless } from '../testing/faulty-controllers.js'
import { next } from '../write-script.js'
import { explore } from './explore.js'
import type { Finding, SearchReport } from './search-types.js'

type Controllers = typeof makeControllers

const labels = { app: 'web' }
const growing = (order: readonly string[]): Scenario =>
  scenario(
    {
      cluster: { nodes: 1, imagesArePresent: true },
      manifests: [
        {
          apiVersion: 'apps/v1',
          kind: 'StatefulSet',
          metadata: { name: 'web' },
          spec: {
            serviceName: 'web',
            replicas: 1,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'nginx:1.27' }] } },
          },
        },
      ],
      search: { order, anytime: [{ scale: { 'statefulset/web': 3 } }] },
      steps: [next.settle()],
    },
    { name: 'growing' },
  )

const searched = (target: Scenario, controllers: Controllers): SearchReport => {
  const report = explore(target, { controllers })
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  return report.right
}

const onlyFinding = ({ findings }: SearchReport): Finding => {
  const [finding, ...others] = findings
  if (finding === undefined || others.length > 0) throw new Error(`expected one finding, found ${findings.length}`)
  return finding
}

const asFile = (target: Scenario, finding: Finding): Scenario => {
  const loaded = loadScenario('broken.yaml', writeCounterexample(target, finding, 1), noScenarioFiles)
  if (E.isLeft(loaded)) throw new Error(JSON.stringify(loaded.left))
  return loaded.right
}

const violationsOf = (target: Scenario, controllers: Controllers): readonly string[] => {
  const run = runScenario(target, { controllers })
  if (E.isLeft(run)) throw new Error(JSON.stringify(run.left))
  return run.right.report.violations.map(({ invariant, message }) => `${invariant}: ${message}`)
}

describe('a search of every order finds', { timeout: 120_000 }, () => {
  it('an assertion, with the fewest decisions that run into it', () => {
    const target = growing(['statefulset-controller'])
    const finding = onlyFinding(searched(target, withInnumerate))
    expect(finding).toMatchObject({ property: 'assertion', message: 'what comes after web-2?' })
    expect(Object.keys(choicesOf(finding)).length).toBe(1)
    expect(() => violationsOf(asFile(target, finding), withInnumerate)).toThrow('what comes after web-2?')
    expect(violationsOf(asFile(target, finding), makeControllers)).toEqual([])
  })

  it('goes on behind an assertion where it is told to find all', () => {
    const explored = explore(growing(['statefulset-controller']), { controllers: withInnumerate, all: true })
    expect(E.isRight(explored) && explored.right.states).toBeGreaterThan(5)
  })

  it.each([[['restless']], [['statefulset-controller', 'restless']], [['statefulset-controller']]])(
    'a hot loop, with %s in a free order',
    (order) => {
      const target = growing(order)
      const finding = onlyFinding(searched(target, withRestless))
      expect(finding.property).toBe('temporal/no-hot-loop')
      expect(violationsOf(asFile(target, finding), withRestless)).toEqual([
        expect.stringMatching(
          /^temporal\/no-hot-loop: what repeats \(\d+ times within 0 ms, and it goes on\): restless PodChanged Pod\/default\/web-1$/,
        ),
      ])
      expect(violationsOf(asFile(target, finding), makeControllers)).toEqual([])
    },
  )

  it('no hot loop where containers crash again and again, with longer and longer pauses', () => {
    const target = growing(['statefulset-controller'])
    const crashing = {
      ...target.written,
      search: { order: ['statefulset-controller'], anytime: [{ fault: { containerCrashLoop: { pods: 'web-0' } } }] },
    }
    const report = searched({ ...target, written: crashing }, makeControllers)
    expect(report).toMatchObject({ findings: [], complete: true })
  })
})
