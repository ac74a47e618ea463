import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { alwaysInvariants, splitObjectPath, type Invariant } from '@statefold/core'
import { historyFrom, historyText, type FuzzHistory } from '../format/history-codec.js'
import { runScenario } from '../run-scenario.js'
import { histories } from './arbitraries.js'
import { makeCorpus } from './corpus.js'
import { fuzz, startFuzz, type FuzzReport } from './fuzz.js'
import { makeHistoryRunner } from './run-history.js'

// Slow machines have time.
vi.setConfig({ testTimeout: 300_000 })

const fuzzed = (...given: Parameters<typeof fuzz>): FuzzReport => {
  const report = fuzz(...given)
  if (E.isLeft(report)) throw new Error(JSON.stringify(report.left))
  return report.right
}

/** Holds only until somebody scales the set called web beyond two Pods. */
const atMostTwoPods: Invariant = {
  name: 'test/at-most-two-pods',
  promise: 'There is no web-2.',
  expectation: 'always',
  concerns: ['PodCreated'],
  check: ({ recorded: { event } }) =>
    event.kind === 'PodCreated' && splitObjectPath(event.object).name === 'web-2'
      ? { invariant: 'test/at-most-two-pods', message: 'web-2 was made; expected two Pods at most' }
      : undefined,
}

describe('histories', () => {
  it('are written and read back as they were', () => {
    fc.assert(
      fc.property(histories({ min: 0, max: 40 }), (history) => {
        expect(historyFrom(historyText(history))).toEqual(E.right(history))
      }),
      { numRuns: 50, seed: 1 },
    )
  })

  it.each(['', '{', '[]', '{"deeds":[{"do":"explode","which":0,"how":0}]}', '{"deeds":[],"cluster":{"nodes":0}}'])(
    'are refused: %s',
    (text) => {
      expect(E.isLeft(historyFrom(text))).toBe(true)
    },
  )

  it('show the same whatever ran before them', () => {
    const some = fc.sample(histories(8), { numRuns: 4, seed: 2 })
    const [forth, back] = [makeHistoryRunner(), makeHistoryRunner()]
    const first = some.map((history) => forth.run(history, false))
    const again = some.toReversed().map((history) => back.run(history, false))
    expect(again.toReversed()).toEqual(first)
  })

  it('do as many commands and faults as they have deeds', () => {
    for (const history of fc.sample(histories(30), { numRuns: 3, seed: 3 })) {
      const { commands, broken } = makeHistoryRunner().run(history, false)
      expect(broken).toEqual([])
      expect(commands).toBeGreaterThanOrEqual(30)
    }
  })
})

describe('a search', () => {
  it('gives the same histories for one seed, in whatever order a round is run', () => {
    const options = { runs: 70, steps: { min: 2, max: 6 }, seed: 5 }
    const straight = fuzzed(undefined, options)
    const search = startFuzz(undefined, options)
    const runner = makeHistoryRunner()
    for (let jobs = search.next().flat(); jobs.length > 0; jobs = search.next().flat()) {
      const outcomes = new Map(jobs.toReversed().map((job) => [job.run, runner.run(job.history, job.converges)]))
      for (const job of jobs) search.take(job, outcomes.get(job.run) ?? runner.run(job.history, job.converges))
    }
    expect({ ...search.report(), seconds: 0 }).toEqual({ ...straight, seconds: 0 })
    expect(straight).toMatchObject({ runs: 70, findings: [] })
    expect(straight.corpus.length).toBeGreaterThan(10)
  })

  it.each([
    ['short', { min: 1, max: 12 }],
    ['long', 40],
  ])('shows of %s histories that go on from one moment what they show from their beginning', (_length, steps) => {
    // Two rounds: the second one varies what the first one has shown.
    const search = startFuzz(undefined, { runs: 128, steps, seed: 4 })
    const [going, beginning] = [makeHistoryRunner(), makeHistoryRunner()]
    let alike = 0
    for (let families = search.next(); families.length > 0; families = search.next())
      for (const family of families)
        for (const job of family) {
          const { history, converges, forksAt = 0 } = job
          const outcome = going.run(history, converges, forksAt)
          expect(outcome).toEqual(beginning.run(history, converges))
          search.take(job, outcome)
          if (job === family[0] || forksAt === 0) continue
          const beginningOf = ({ cluster, sets, deeds }: FuzzHistory): unknown => [cluster, sets, deeds.slice(0, forksAt)]
          expect(family.slice(0, 1).map((first) => beginningOf(first.history))).toEqual([beginningOf(history)])
          alike += 1
        }
    expect(alike).toBeGreaterThan(40)
  })

  it('makes each history for itself where nothing is to fork', () => {
    const [first, second] = startFuzz(undefined, { runs: 2, steps: 6, seed: 4, forks: 1 }).next().flat()
    expect(first?.history.cluster).not.toEqual(second?.history.cluster)
    expect(first?.forksAt).toBeUndefined()
  })

  it('begins with what an earlier one has kept', () => {
    const options = { runs: 24, steps: 6 }
    const kept = fuzzed(undefined, options).corpus.map(({ history }) => history)
    const again = fuzzed(undefined, { runs: kept.length, steps: 6, corpus: kept })
    expect(again.marks.length).toBeGreaterThan(10)
    expect(again.corpus.length).toBeGreaterThan(0)
  })

  it('shrinks what breaks to what is needed, in a file that fails by itself', () => {
    const invariants = [...alwaysInvariants, atMostTwoPods]
    const { findings } = fuzzed(undefined, { runs: 50, steps: 20, invariants, stopsAt: () => true })
    const [finding] = findings
    if (finding === undefined) throw new Error('nothing was found')
    expect(finding).toMatchObject({ property: 'test/at-most-two-pods', isConfirmed: true })
    expect(finding.steps.length).toBeLessThanOrEqual(2)
    const run = runScenario(finding.scenario, { invariants })
    expect(E.isRight(run) ? run.right.report.violations.map(({ invariant }) => invariant) : run.left).toEqual(['test/at-most-two-pods'])
  })
})

describe('a corpus', () => {
  it('keeps what is new, cut after the last new thing, and each history once', () => {
    const corpus = makeCorpus()
    const [history] = fc.sample(histories(9), { numRuns: 1, seed: 1 })
    if (history === undefined) throw new Error('one was asked for')
    const outcome = { commands: 9, events: 90, states: [1, 2, 3, 3], places: [2, 4, 6, 9], marks: [], meant: 0, broken: [] }
    corpus.note(history, outcome)
    corpus.note(history, outcome)
    expect(corpus.entries().map(({ history: { deeds }, gained }) => [deeds.length, gained])).toEqual([[6, 3]])
    corpus.note(history, { ...outcome, marks: ['marks/conflict'] })
    expect(corpus.entries().map(({ history: { deeds } }) => deeds.length)).toEqual([6, 9])
    expect([corpus.states(), corpus.marks()]).toEqual([3, ['marks/conflict']])
  })
})
