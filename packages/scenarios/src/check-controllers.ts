/**
 * Checks for tests of one's own controllers: random histories, and all orders within a scope. Whatever breaks is thrown as an error that can be read:
 * what, after which commands and faults, and a scenario that shows it again.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { ClusterSettings, Controller, Invariant } from '@statefold/core'
import { scenarioText, storyOf, writeCounterexample } from './counterexample/write-counterexample.js'
import { explore } from './explore/explore.js'
import type { Finding, SearchBounds, SearchReport } from './explore/search-types.js'
import { SearchRefused } from './explore/search-space.js'
import { formatDuration } from './format/duration.js'
import { formatProblems, type Problem } from './format/problem.js'
import { formatRunReport, plainReportPaint } from './format-run-report.js'
import { fuzz, type FuzzReport } from './fuzz/fuzz.js'
import { runScenario, type ScenarioRun } from './run-scenario.js'
import { titleOf, type Scenario } from './scenario.js'
import { stepWords } from './step-words.js'

export interface CheckOptions {
  readonly seed?: number
  /** Beside those of the cluster: `(settings) => [...makeControllers(settings), mine]`. */
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
  /** All that is checked (default: the product's own): `[...allInvariants, mine]`. */
  readonly invariants?: readonly Invariant[]
  /** Milliseconds of real time since some moment. Without it there is no bound in seconds. */
  readonly clock?: () => number
}

export interface HistoryCheck extends CheckOptions {
  /** Histories (default 200). */
  readonly runs?: number
  /** Commands and faults of one history (default 20). */
  readonly steps?: number
  readonly seconds?: number
}

export interface OrderCheck extends CheckOptions {
  readonly bounds?: SearchBounds
  /** A search that a bound ended is good enough: nothing broke as far as it came. */
  readonly mayBeIncomplete?: boolean
}

/** Something that must hold does not. `scenario` shows it, run with the same controllers and invariants. */
export class PropertyBroken extends Error {
  override readonly name = 'PropertyBroken'
  /** The invariants and expectations that are broken. */
  readonly properties: readonly string[]
  readonly scenario: string | undefined

  constructor(properties: readonly string[], message: string, scenario?: string) {
    super(message)
    this.properties = properties
    this.scenario = scenario
  }
}

/** The scenario cannot be run or searched as it stands: no verdict. */
export class CannotCheck extends Error {
  override readonly name = 'CannotCheck'
}

const scenarioShown = (text: string): string =>
  `the scenario that shows it, with the same controllers and invariants:\n${text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}`

const rightOr = <T>(result: E.Either<readonly Problem[], T>): T => {
  if (E.isLeft(result)) throw new CannotCheck(formatProblems(result.left))
  return result.right
}

const given = ({ seed, controllers, invariants, clock }: CheckOptions): CheckOptions => ({
  ...(seed === undefined ? undefined : { seed }),
  ...(controllers === undefined ? undefined : { controllers }),
  ...(invariants === undefined ? undefined : { invariants }),
  ...(clock === undefined ? undefined : { clock }),
})

/** The scenario as it is written passes: its expectations and all invariants. */
export const assertPasses = (scenario: Scenario, options: CheckOptions = {}): ScenarioRun => {
  const { clock: _clock, ...others } = given(options)
  const run = rightOr(runScenario(scenario, others))
  const { report } = run
  if (report.outcome === 'passed') return run
  const properties = [
    ...report.violations.map(({ invariant }) => invariant),
    ...report.expectations.filter(({ outcome }) => outcome === 'failed').map(({ words }) => words),
  ]
  throw new PropertyBroken(properties, formatRunReport(report, plainReportPaint))
}

/**
 * No random history of commands, faults and pauses on the scenario's cluster breaks an invariant. What breaks is shrunk; the same seed gives the same
 * histories.
 */
export const assertInvariants = (scenario: Scenario, options: HistoryCheck = {}): FuzzReport => {
  const { runs = 200, steps = 20, seconds } = options
  const report = rightOr(
    fuzz(scenario, { ...given(options), runs, steps, ...(seconds === undefined ? undefined : { seconds }), stopsAt: () => true }),
  )
  const [first] = report.findings
  if (first === undefined) return report
  const seed = options.seed ?? scenario.written.seed ?? 1
  const told = first.steps.map(
    (step) => `  ${step.after === undefined || step.after === 0 ? '' : `after ${formatDuration(step.after)}: `}${stepWords(step)}`,
  )
  const text = scenarioText(first.scenario, `Broken: ${first.property}\n${first.message}`)
  throw new PropertyBroken(
    report.findings.map(({ property }) => property),
    [
      `${first.property} is broken: ${first.message}`,
      `in history ${first.run} of seed ${seed}, shrunk from ${first.found} commands and faults to ${first.steps.length}:`,
      ...told,
      ...report.findings.slice(1).map(({ property, message }) => `also broken: ${property}: ${message}`),
      scenarioShown(text),
    ].join('\n'),
    text,
  )
}

const isBroken = ({ kind }: Finding): boolean => kind !== 'sometimes'

/** No order, late cache, crash or fault within the scenario's `search` breaks an invariant or an expectation, and all of them were looked at. */
export const exploreAll = (scenario: Scenario, options: OrderCheck = {}): SearchReport => {
  if (scenario.written.search === undefined)
    throw new CannotCheck(
      `${titleOf(scenario)}: expected a \`search\` that says what may be chosen (order, caches, crashes, answers, anytime)`,
    )
  const { bounds, mayBeIncomplete = false } = options
  let explored: ReturnType<typeof explore>
  try {
    explored = explore(scenario, { ...given(options), ...(bounds === undefined ? undefined : { bounds }) })
  } catch (error) {
    if (error instanceof SearchRefused) throw new CannotCheck(`${titleOf(scenario)}: ${error.message}`)
    throw error
  }
  const report = rightOr(explored)
  const found = report.findings.filter(isBroken)
  const [first] = found
  const covered = `${report.states} states, ${report.transitions} transitions, ${report.depth} decisions deep`
  if (first !== undefined) {
    const text = writeCounterexample(scenario, first, options.seed ?? scenario.written.seed ?? 1)
    throw new PropertyBroken(
      found.map(({ property }) => property),
      [
        `${first.property} is broken: ${first.message}`,
        `after ${first.decisions.length} decisions, the fewest that break it:`,
        ...storyOf(first).map((line) => `  ${line}`),
        scenarioShown(text),
      ].join('\n'),
      text,
    )
  }
  if (!report.complete && !mayBeIncomplete)
    throw new PropertyBroken(
      [],
      `nothing broke, but not everything was looked at: ${report.limit ?? 'a bound'} ended the search after ${covered}`,
    )
  if (report.unmet.length > 0)
    throw new PropertyBroken(report.unmet, `never reached in ${covered}:\n${report.unmet.map((words) => `  ${words}`).join('\n')}`)
  return report
}
