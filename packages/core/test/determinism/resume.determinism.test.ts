import { tmpdir } from 'node:os'
import { afterAll, describe, expect, it } from 'vitest'
import type { Json, JsonObject } from '../../src/kernel/json.js'
import { canonicalJson } from '../../src/kernel/canonical-json.js'
import { reduce } from '../../src/cluster/reduce.js'
import { initialState, type ClusterState } from '../../src/cluster/state.js'
import { defaultClusterSettings, makeControllers } from '../../src/simulation/default-controllers.js'
import { loadRun, saveRun } from '../../src/simulation/save-run.js'
import { createSimulation } from '../../src/simulation/create-simulation.js'
import type { Recorded, Simulation } from '../../src/simulation/simulation.js'
import { beginHistory, plainSet, runHistory, takeStep, type History } from '../../src/testing/history.js'
import { firstDifference } from './one-run.js'
import { removeProgram, runElsewhere } from './elsewhere.js'
import { sampleHistories } from './sample-histories.js'

afterAll(removeProgram)

const throughJson = (value: Json): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject
const saved = (simulation: Simulation): JsonObject => throughJson(saveRun(simulation.state()))
const savedCluster = (cluster: ClusterState, simulation: Simulation): string =>
  canonicalJson(saveRun({ ...simulation.state(), cluster })['cluster'])

const resumed = (history: History, state: JsonObject): Simulation =>
  createSimulation({
    seed: history.seed,
    settings: defaultClusterSettings,
    controllers: makeControllers(defaultClusterSettings),
    from: loadRun(state),
  })

const horizonMs = 60_000

const rollout: History = {
  seed: 4,
  nodes: 2,
  set: {
    ...plainSet,
    replicas: 2,
    partition: 1,
    claims: 'waiting',
    whenDeleted: 'Delete',
    whenScaled: 'Delete',
    probed: true,
    revisionHistoryLimit: 1,
  },
  steps: [],
}

describe('a run that was stopped at a turn end', { timeout: 120_000 }, () => {
  it('goes on, once loaded from JSON, with the same events: at every turn end of short runs', { timeout: 120_000 }, () => {
    const base = beginHistory(rollout)
    base.runUntil(30_000)
    base.submit({
      kind: 'PatchObject',
      target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
      patchType: 'merge',
      patch: { spec: { replicas: 3, template: { metadata: { annotations: { version: '2' } } } } },
    })
    const history = rollout
    const start = saveRun(base.state())
    const whole = resumed(history, throughJson(start))
    whole.runUntil(base.now() + 25_000)
    const stepped = resumed(history, throughJson(start))
    for (let turns = 0; turns < 400 && stepped.step(base.now() + 25_000); turns += 1) {
      const state = saved(stepped)
      const rest = resumed(history, state)
      rest.runUntil(base.now() + 25_000)
      const expected = whole.log().slice(stepped.log().length)
      const difference = firstDifference(expected, rest.log())
      if (difference !== undefined) expect({ turns, ...difference }).toBeUndefined()
    }
    expect(whole.log().length).toBeGreaterThan(10)
  })

  it('goes on alike after every outside step of histories full of faults', { timeout: 120_000 }, () => {
    for (const history of sampleHistories(12, 5)) {
      const simulation = beginHistory(history)
      for (const step of history.steps) {
        takeStep(step, history, simulation)
        const other = resumed(history, saved(simulation))
        const fork = simulation.fork()
        const until = simulation.now() + 5_000
        other.runUntil(until)
        fork.runUntil(until)
        expect(firstDifference(fork.log(), other.log())).toBeUndefined()
        expect(canonicalJson(saveRun(other.state()))).toBe(canonicalJson(saveRun(fork.state())))
      }
    }
  })

  it('goes on alike in another process', { timeout: 120_000 }, () => {
    for (const history of sampleHistories(4, 6)) {
      const simulation = runHistory(history)
      const state = saved(simulation)
      const until = simulation.now() + horizonMs
      const from = simulation.log().length
      const elsewhere = runElsewhere(
        { kind: 'resume', seed: history.seed, saved: state, until },
        { timeZone: 'Asia/Kathmandu', locale: 'de_DE.UTF-8', workingDirectory: tmpdir() },
      ) as readonly Recorded[] // what the program printed
      simulation.runUntil(until)
      expect(firstDifference(simulation.log().slice(from), elsewhere)).toBeUndefined()
    }
  })

  it('is saved to the same text again after loading', () => {
    for (const history of sampleHistories(8, 7)) {
      const simulation = runHistory(history)
      const once = canonicalJson(saveRun(simulation.state()))
      expect(canonicalJson(saveRun(loadRun(throughJson(saveRun(simulation.state())))))).toBe(once)
    }
  })
})

describe('a fork', { timeout: 120_000 }, () => {
  it('goes its own way and leaves the run it came from alone', () => {
    for (const history of sampleHistories(6, 8)) {
      const simulation = runHistory(history)
      const before = canonicalJson(saveRun(simulation.state()))
      const fork = simulation.fork()
      fork.submit({
        kind: 'PatchObject',
        target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
        patchType: 'merge',
        patch: { spec: { replicas: 0 } },
      })
      fork.runUntil(fork.now() + horizonMs)
      expect(canonicalJson(saveRun(simulation.state()))).toBe(before)
    }
  })
})

describe('the state', { timeout: 120_000 }, () => {
  it('is the fold of the log, also when folded in two halves', () => {
    for (const history of sampleHistories(8, 9)) {
      const simulation = runHistory(history)
      const log = simulation.log()
      const fold = (state: ClusterState, events: readonly Recorded[]): ClusterState =>
        events.reduce(
          (current, { event, at }) => reduce(current, throughJson(event as unknown as Json) as unknown as typeof event, at),
          state,
        )
      const whole = fold(initialState(defaultClusterSettings), log)
      const half = Math.floor(log.length / 2)
      const halves = fold(fold(initialState(defaultClusterSettings), log.slice(0, half)), log.slice(half))
      const expected = savedCluster(simulation.state().cluster, simulation)
      expect(savedCluster(whole, simulation)).toBe(expected)
      expect(savedCluster(halves, simulation)).toBe(expected)
    }
  })
})
