/**
 * Random histories of a scenario's cluster: commands, faults and pauses on top of what the scenario sets up, all invariants on. Histories that
 * show something new (a `sometimes` mark, many new states) are kept and varied. What breaks is shrunk and confirmed by an ordinary run.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  createSimulation,
  makeControllers,
  makeStateHasher,
  seededChoose,
  type ClusterSettings,
  type Controller,
  type Invariant,
} from '@statefold/core'
import { learnUids, prepare } from '../explore/explore.js'
import { performStep } from '../explore/perform-step.js'
import { searchStart } from '../explore/search-space.js'
import { makeVisitedStates } from '../explore/visited-states.js'
import type { Problem } from '../format/problem.js'
import type { ScenarioFile, ScenarioStep } from '../format/scenario-codec.js'
import { runScenario, settingsOf } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { drawFrom, isMeantToBreak, nextStep, swarmOf } from './random-steps.js'
import { shrinkHistory } from './shrink-history.js'

export interface FuzzOptions {
  readonly seed?: number
  /** Histories (default 1,000). */
  readonly runs?: number
  readonly seconds?: number
  /** Steps of one history (default 30). */
  readonly steps?: number
  readonly invariants?: readonly Invariant[]
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
  readonly clock?: () => number
  readonly progress?: (soFar: FuzzCount) => void
  readonly stopsAt?: (finding: FuzzFinding) => boolean
}

export interface FuzzCount {
  readonly runs: number
  readonly commands: number
  readonly states: number
  readonly seconds: number
}

export interface FuzzFinding {
  readonly property: string
  readonly message: string
  readonly run: number
  /** After shrinking; those of the scenario's own set-up are not among them. */
  readonly steps: readonly ScenarioStep[]
  readonly found: number
  /** An ordinary run of the shrunk scenario breaks the same property. */
  readonly isConfirmed: boolean
  readonly scenario: Scenario
}

export interface FuzzReport extends FuzzCount {
  readonly findings: readonly FuzzFinding[]
  /** Broken as they are meant to be, by forced deletions and lost nodes. */
  readonly meant: number
  readonly marks: readonly string[]
  readonly corpus: number
  readonly limit?: string
}

const settleMs = 120_000

/** The scenario with these steps after its own set-up, as a file would say it. */
const withSteps = (scenario: Scenario, steps: readonly ScenarioStep[], seed: number, property: string): Scenario => {
  const { search: _search, choices: _choices, expect: _expect, ...written } = scenario.written
  const start = searchStart(written.steps ?? [])
  const own = (written.steps ?? []).slice(0, start)
  const whole: ScenarioFile = {
    ...written,
    title: `${written.title ?? scenario.file}: ${property}`,
    seed,
    steps: [...(own.length === 0 ? [{ settle: true as const }] : own), ...steps, { sleep: settleMs }],
  }
  return { ...scenario, written: whole, applied: new Map([...scenario.applied].filter(([index]) => index < start)) }
}

export const fuzz = (scenario: Scenario, options: FuzzOptions = {}): E.Either<readonly Problem[], FuzzReport> => {
  const seed = options.seed ?? scenario.written.seed ?? 1
  const settings = settingsOf(scenario.written.cluster)
  const invariants = options.invariants ?? allInvariants
  const controllers = (options.controllers ?? makeControllers)(settings)
  const base = withSteps(scenario, [], seed, 'set-up')
  const setUp = { ...base.written, steps: (base.written.steps ?? []).slice(0, -1) }
  const prepared = prepare({ ...base, written: setUp }, seed, [])
  if (E.isLeft(prepared)) return prepared
  const root = prepared.right.state()
  const hasher = makeStateHasher()
  const simulation = createSimulation({ seed, settings, controllers, invariants, choose: seededChoose(seed), from: root, keepLog: false })
  learnUids(simulation, hasher.learn)
  const visited = makeVisitedStates()
  const clock = options.clock ?? ((): number => 0)
  const startedAt = clock()
  const length = options.steps ?? 30
  const runsMax = options.runs ?? 1_000
  const findings: FuzzFinding[] = []
  const known = new Set<string>()
  const corpus: { readonly steps: readonly ScenarioStep[]; readonly swarm: readonly number[] }[] = []
  let runs = 0
  let commands = 0
  let meant = 0
  let limit: string | undefined
  const count = (): FuzzCount => ({ runs, commands, states: visited.size(), seconds: (clock() - startedAt) / 1_000 })

  /** Which property an ordinary run of these steps breaks. */
  const brokenBy = (steps: readonly ScenarioStep[], property: string): boolean => {
    const run = runScenario(withSteps(scenario, steps, seed, property), {
      seed,
      invariants,
      ...(options.controllers === undefined ? undefined : { controllers: options.controllers }),
    })
    return E.isRight(run) && run.right.report.violations.some(({ invariant }) => invariant === property)
  }

  const judge = (steps: readonly ScenarioStep[]): boolean => {
    let isBroken = false
    for (const { invariant, message } of simulation.violations()) {
      if (isMeantToBreak(invariant, steps)) {
        meant += 1
        continue
      }
      isBroken = true
      if (known.has(invariant)) continue
      known.add(invariant)
      const isConfirmed = brokenBy(steps, invariant)
      const shrunk = isConfirmed ? shrinkHistory(steps, (fewer) => brokenBy(fewer, invariant)) : { steps }
      findings.push({
        property: invariant,
        message,
        run: runs,
        steps: shrunk.steps,
        found: steps.length,
        isConfirmed,
        scenario: withSteps(scenario, shrunk.steps, seed, invariant),
      })
    }
    return isBroken
  }

  const perform = (step: ScenarioStep): void => {
    if (step.after !== undefined && step.after > 0) simulation.runUntil(simulation.now() + step.after)
    if (step.sleep !== undefined) simulation.runUntil(simulation.now() + step.sleep)
    else {
      performStep(simulation, step, [])
      commands += 1
    }
  }

  for (; runs < runsMax; runs += 1) {
    if (options.seconds !== undefined && clock() - startedAt > options.seconds * 1_000) {
      limit = `${options.seconds} s`
      break
    }
    if (runs % 16 === 0) options.progress?.(count())
    const draw = drawFrom(seededChoose(seed * 1_000_003 + runs))
    simulation.restore(root)
    const marksBefore = simulation.sometimes().size
    const statesBefore = visited.size()
    const parent = corpus.length > 0 && draw.below(2) === 0 ? draw.of(corpus) : undefined
    const swarm = parent?.swarm ?? swarmOf(draw)
    const kept = parent === undefined ? [] : parent.steps.slice(0, draw.below(parent.steps.length))
    const steps: ScenarioStep[] = []
    let isBroken = false
    while (steps.length < length && !isBroken) {
      const step = kept[steps.length] ?? nextStep(draw, swarm, simulation.state(), simulation.reader())
      steps.push(step)
      perform(step)
      const hash = hasher.hash(simulation.state(), simulation.pending(), 0)
      visited.find(hash.high, hash.low)
      if (simulation.violations().length > 0) isBroken = judge(steps)
    }
    if (!isBroken) {
      simulation.runUntil(simulation.now() + settleMs)
      if (simulation.violations().length > 0) judge(steps)
    }
    if (simulation.sometimes().size > marksBefore || visited.size() - statesBefore >= length) corpus.push({ steps, swarm })
    if (corpus.length > 200) corpus.shift()
    const last = findings.at(-1)
    if (last !== undefined && options.stopsAt?.(last) === true) {
      runs += 1
      break
    }
  }
  return E.right({
    ...count(),
    findings,
    meant,
    marks: [...simulation.sometimes()].sort((left, right) => (left < right ? -1 : 1)),
    corpus: corpus.length,
    ...(limit === undefined ? undefined : { limit }),
  })
}
