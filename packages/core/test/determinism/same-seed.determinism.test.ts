import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import { seededChoose, type ChoiceAddress, type Choose } from '../../src/kernel/choose.js'
import { heal, runHistory, type History } from '../../src/testing/history.js'
import type { Recorded } from '../../src/simulation/simulation.js'
import { chainOf, firstDifference } from './one-run.js'
import { removeProgram, runElsewhere } from './elsewhere.js'
import { sampleHistories } from './sample-histories.js'

afterAll(removeProgram)

const logOf = (history: History, choose?: Choose): readonly Recorded[] => {
  const simulation = runHistory(history, choose === undefined ? {} : { choose })
  heal(history, simulation)
  simulation.runUntil(simulation.now() + 120_000)
  return simulation.log()
}

const histories = sampleHistories(10)

describe('the same seed', { timeout: 120_000 }, () => {
  it('gives the same log twice in one process', () => {
    for (const history of histories) expect(firstDifference(logOf(history), logOf(history))).toBeUndefined()
  })

  it.each([
    { timeZone: 'Pacific/Kiritimati', locale: 'sv_SE.UTF-8', workingDirectory: tmpdir() },
    { timeZone: 'America/St_Johns', locale: 'tr_TR.UTF-8', workingDirectory: '/' },
    { timeZone: 'UTC', locale: 'C', workingDirectory: process.cwd() },
  ])('gives the same digests in another process in $timeZone with $locale', { timeout: 120_000 }, (environment) => {
    const elsewhere = runElsewhere({ kind: 'run', histories }, environment)
    expect(elsewhere).toEqual(histories.map((history) => chainOf(logOf(history))))
  })
})

it('another seed gives another log', { timeout: 120_000 }, () => {
  const [history] = histories
  if (history === undefined) throw new Error('no history')
  const other = { ...history, seed: history.seed + 1 }
  expect(chainOf(logOf(other)).at(-1)).not.toBe(chainOf(logOf(history)).at(-1))
})

it('the first difference is told by event number', { timeout: 120_000 }, () => {
  const [history] = histories
  if (history === undefined) throw new Error('no history')
  const log = logOf(history)
  const changed = log.map((recorded) => (recorded.seq === 57 ? { ...recorded, at: recorded.at + 1 } : recorded))
  expect(firstDifference(log, changed)?.seq).toBe(57)
})

describe('a new choice at a new address', { timeout: 120_000 }, () => {
  /** Answers like the seed, and is asked for something else before each choice. */
  const withMoreChoices = (seed: number, asked: ChoiceAddress[]): Choose => {
    const seeded = seededChoose(seed)
    return (address, options) => {
      asked.push(address)
      seeded({ stream: 'a/new-source', key: String(asked.length) }, 1_000)
      return seeded(address, options)
    }
  }

  it('changes no other', () => {
    for (const history of histories.slice(0, 4)) {
      const asked: ChoiceAddress[] = []
      expect(firstDifference(logOf(history), logOf(history, withMoreChoices(history.seed, asked)))).toBeUndefined()
      expect(asked.length).toBeGreaterThan(0)
    }
  })

  it('is answered alike whatever was asked before', () => {
    const choose = seededChoose(5)
    const address = { stream: 'kubelet/container-start', key: 'web-1#2' }
    const first = choose(address, 1_000_000)
    for (let other = 0; other < 100; other += 1) choose({ stream: 'kubelet/container-start', key: `web-${other}` }, 10)
    expect(choose(address, 1_000_000)).toBe(first)
  })
})
