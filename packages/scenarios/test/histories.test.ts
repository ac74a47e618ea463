/** Histories in which a search once found something: shrunk, kept, and run for ever. What each was is said in it. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import type { ClusterShape } from '../src/format/history-codec.js'
import type { ScenarioStep } from '../src/format/scenario-codec.js'
import { makeHistoryRunner } from '../src/fuzz/run-history.js'

interface Kept {
  readonly was: string
  readonly cluster: ClusterShape
  readonly steps: readonly ScenarioStep[]
}

const folder = fileURLToPath(new URL('histories/', import.meta.url))
// Written by the search itself.
const kept = readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(`${folder}${name}`, 'utf8')) as Kept] as const)
const runner = makeHistoryRunner()

describe('histories that once broke a property', () => {
  it.each(kept)('%s', { timeout: 60_000 }, (_name, { cluster, steps, was }) => {
    expect(runner.replay(cluster, steps, true), was).toEqual([])
  })
})
