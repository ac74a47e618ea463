/**
 * Random histories of a scenario's cluster, or of clusters made up: commands, faults and pauses, all invariants on. Histories that show something new
 * are kept and varied; those that begin alike fork from one moment. What breaks is shrunk and confirmed by an ordinary run.
 *
 * Histories are made in rounds from what the rounds before have shown; so the same seed gives the same histories, whoever runs them and however many
 * at once.
 */
import * as E from 'fp-ts/lib/Either.js'
import { allInvariants, makeControllers, type ClusterSettings, type Controller, type Invariant } from '@statefold/core'
import type { FuzzHistory } from '../format/history-codec.js'
import type { Problem } from '../format/problem.js'
import type { ScenarioStep } from '../format/scenario-codec.js'
import { assertionProperty, wordsOfError } from '../promises.js'
import { runScenario } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { makeCorpus, type CorpusEntry } from './corpus.js'
import { makeFamily, type HistoryWishes, type Lengths } from './make-histories.js'
import { CannotBegin, makeHistoryRunner, type Broken, type HistoryOutcome, type HistoryRunner } from './run-history.js'
import { scenarioOfCluster, scenarioOfSteps, setUpOf } from './scenario-of-history.js'
import { shrinkCase, type Case } from './shrink-finding.js'

export interface FuzzOptions {
  readonly seed?: number
  /** Histories (default 1,000). */
  readonly runs?: number
  readonly seconds?: number
  /** Commands and faults of one history (default 30). */
  readonly steps?: number | Lengths
  /** So many histories go on from one moment, each in its own way (default 8; 1: each is run from its beginning). */
  readonly forks?: number
  /** In every so manieth history all faults are healed at the end, and the cluster has to come to what is wanted (default 16; 0: in none). */
  readonly convergesEvery?: number
  /** What an earlier search has kept: these histories come first. */
  readonly corpus?: readonly FuzzHistory[]
  readonly invariants?: readonly Invariant[]
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
  readonly clock?: () => number
  readonly progress?: (soFar: FuzzCount) => void
  readonly stopsAt?: (finding: FuzzFinding) => boolean
}

export interface FuzzCount {
  readonly runs: number
  readonly commands: number
  readonly events: number
  /** That look different from afar. */
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
  readonly seed: number
  readonly findings: readonly FuzzFinding[]
  /** Broken as they are meant to be, by forced deletions. */
  readonly meant: number
  readonly marks: readonly string[]
  readonly corpus: readonly CorpusEntry[]
  readonly limit?: string
}

/** One history to be run, by whomever. */
export interface FuzzJob {
  readonly run: number
  readonly history: FuzzHistory
  readonly converges: boolean
  /** Where it forks from those of its family: for `HistoryRunner.run`. */
  readonly forksAt?: number
}

/** A search that leaves it to others to run its histories. */
export interface FuzzSearch {
  /** The next round; empty when there have been enough. The jobs of a family are best run one after the other by the same runner. */
  readonly next: () => readonly (readonly FuzzJob[])[]
  /** What came of a job. All of a round, in their order. */
  readonly take: (job: FuzzJob, outcome: HistoryOutcome) => void
  /** Somebody has seen what they wanted to see. */
  readonly isOver: () => boolean
  readonly count: () => FuzzCount
  readonly report: (limit?: string) => FuzzReport
}

const roundSize = 64
const defaultForks = 8
const afterwardsMs = 60_000
/** Lines of a file take the time that kubectl takes. */
const marginMs = 5_000

const lengthsOf = (steps: FuzzOptions['steps'] = 30): Lengths => (typeof steps === 'number' ? { min: steps, max: steps } : steps)

const runnerOf = (target: Scenario | undefined, options: FuzzOptions): HistoryRunner =>
  makeHistoryRunner({
    ...(target === undefined ? undefined : { scenario: target, seed: target.written.seed ?? 1 }),
    invariants: options.invariants ?? allInvariants,
    controllers: options.controllers ?? makeControllers,
  })

/** `target`: undefined for clusters and sets made up. */
export const startFuzz = (target: Scenario | undefined, options: FuzzOptions = {}): FuzzSearch => {
  const seed = options.seed ?? target?.written.seed ?? 1
  const forks = Math.max(1, Math.min(options.forks ?? defaultForks, roundSize))
  const wishes: HistoryWishes = { seed, lengths: lengthsOf(options.steps), forks, own: target !== undefined }
  const runsMax = options.runs ?? 1_000
  const convergesEvery = options.convergesEvery ?? 16
  const clock = options.clock ?? ((): number => 0)
  const startedAt = clock()
  const corpus = makeCorpus()
  const known = (options.corpus ?? []).filter(({ cluster }) => (cluster === undefined) === (target !== undefined))
  const findings: FuzzFinding[] = []
  const seen = new Set<string>()
  let made = 0
  let [runs, commands, events, meant] = [0, 0, 0, 0]
  let over = false
  let runner: HistoryRunner | undefined

  const count = (): FuzzCount => ({ runs, commands, events, states: corpus.states(), seconds: (clock() - startedAt) / 1_000 })

  /** What an ordinary run of the scenario, as a file would have it, says of the property; undefined when it does not break it. */
  const shownBy = (scenario: Scenario, property: string): string | undefined => {
    let run: ReturnType<typeof runScenario>
    try {
      run = runScenario(scenario, {
        ...(options.invariants === undefined ? undefined : { invariants: options.invariants }),
        ...(options.controllers === undefined ? undefined : { controllers: options.controllers }),
      })
    } catch (error) {
      // It runs into an assertion of the engine, or into a mistake of a controller or an invariant.
      return property === assertionProperty ? wordsOfError(error) : undefined
    }
    return E.isRight(run) ? run.right.report.violations.find(({ invariant }) => invariant === property)?.message : undefined
  }

  const findingOf = ({ run, history, converges }: FuzzJob, { property, message, steps, afterMs }: Broken): FuzzFinding => {
    runner ??= runnerOf(target, options)
    const replays = runner
    const brokenBy = (one: Case, heals: boolean): Broken | undefined =>
      replays.replay(one.cluster, one.steps, heals).find((broken) => broken.property === property)
    const found = { cluster: history.cluster, steps }
    const heals = converges && brokenBy(found, false) === undefined
    const isThere = brokenBy(found, heals) !== undefined
    const shrunk: Case = isThere ? shrinkCase(found, (one) => brokenBy(one, heals) !== undefined) : found
    // With what has healed the faults in the end, and the time that it took to show.
    const whole = (isThere ? brokenBy(shrunk, heals) : undefined) ?? { steps, afterMs }
    const { cluster } = shrunk
    const base =
      target === undefined || cluster !== undefined ? (cluster === undefined ? undefined : scenarioOfCluster(cluster)) : setUpOf(target)
    if (base === undefined) throw new Error('a history of no cluster')
    const chance = cluster?.chance ?? base.written.seed ?? 1
    const restMs = Math.max(afterwardsMs, whole.afterMs + marginMs)
    // The moments of the search, or else the steps one after the other.
    const written = [true, false].map((withLines) => scenarioOfSteps(base, whole.steps, chance, property, restMs, withLines))
    let shown: { readonly scenario: Scenario; readonly message: string } | undefined
    for (const scenario of written) {
      const words = shown === undefined ? shownBy(scenario, property) : undefined
      if (words !== undefined) shown = { scenario, message: words }
    }
    return {
      property,
      // As the file shows it: the names are those of what it has shrunk to.
      message: shown?.message ?? message,
      run,
      steps: whole.steps,
      found: steps.length,
      isConfirmed: shown !== undefined,
      scenario: shown?.scenario ?? written[0] ?? base,
    }
  }

  return {
    count,
    isOver: () => over,
    next: () => {
      if (over) return []
      const families: FuzzJob[][] = []
      const kept = corpus.entries()
      const roundEnd = Math.min(runsMax, made + roundSize)
      while (made < roundEnd) {
        const number = Math.floor(made / forks)
        let make: ReturnType<typeof makeFamily> | undefined
        const family: FuzzJob[] = []
        for (const familyEnd = Math.min(roundEnd, (number + 1) * forks); made < familyEnd; made += 1) {
          const history = known[made]
          family.push({
            run: made,
            ...(history === undefined ? (make ??= makeFamily(number, kept, wishes))(made) : { history }),
            converges: convergesEvery > 0 && made % convergesEvery === 0,
          })
        }
        families.push(family)
      }
      return families
    },
    take: (job, outcome) => {
      if (over) return
      runs += 1
      commands += outcome.commands
      events += outcome.events
      meant += outcome.meant
      corpus.note(job.history, outcome)
      for (const broken of outcome.broken) {
        if (seen.has(broken.property)) continue
        seen.add(broken.property)
        const finding = findingOf(job, broken)
        findings.push(finding)
        if (options.stopsAt?.(finding) === true) over = true
      }
      if (runs % 16 === 0) options.progress?.(count())
    },
    report: (limit) => ({
      ...count(),
      seed,
      findings,
      meant,
      marks: corpus.marks(),
      corpus: corpus.named(),
      ...(limit === undefined ? undefined : { limit }),
    }),
  }
}

/** The whole search, here and now. */
export const fuzz = (target: Scenario | undefined, options: FuzzOptions = {}): E.Either<readonly Problem[], FuzzReport> => {
  const clock = options.clock ?? ((): number => 0)
  const startedAt = clock()
  const search = startFuzz(target, options)
  const runner = runnerOf(target, options)
  try {
    for (let families = search.next(); families.length > 0; families = search.next())
      for (const job of families.flat()) {
        if (options.seconds !== undefined && clock() - startedAt > options.seconds * 1_000)
          return E.right(search.report(`${options.seconds} s`))
        search.take(job, runner.run(job.history, job.converges, job.forksAt))
        if (search.isOver()) return E.right(search.report())
      }
  } catch (error) {
    if (error instanceof CannotBegin) return E.left(error.problems)
    throw error
  }
  return E.right(search.report())
}
