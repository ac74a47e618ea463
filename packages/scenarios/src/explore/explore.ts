/**
 * Walks every choice of a scenario's search, breadth first, each state once: the first path that breaks something is a shortest one. Says
 * exactly what was covered.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  createSimulation,
  entriesOf,
  makeControllers,
  makeStateHasher,
  seededChoose,
  type ClusterSettings,
  type Controller,
  type FoundViolation,
  type Invariant,
  type Reader,
  type Simulation,
} from '@statefold/core'
import { podIsReady } from '../convergence.js'
import { asOne, conditionWords, evaluate } from '../evaluate-condition.js'
import type { Condition } from '../format/condition-codec.js'
import type { Problem } from '../format/problem.js'
import type { ScenarioExpectation } from '../format/scenario-codec.js'
import { runScenario, settingsOf } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { stepWords } from '../step-words.js'
import { makeSearchMachine, type SearchState } from './search-machine.js'
import { makeSearchSpace, noProgress, positionOf, searchStart, type Move, type Progress, type SearchSpace } from './search-space.js'
import { makeGrowingNumbers } from './growing-numbers.js'
import { firstWithoutWay } from './reachability.js'
import { makeVisitedStates } from './visited-states.js'

export interface SearchBounds {
  readonly states?: number
  readonly seconds?: number
  readonly depth?: number
  /** Bytes of the process's heap. */
  readonly memory?: number
}

export interface ExploreOptions {
  readonly seed?: number
  readonly bounds?: SearchBounds
  readonly invariants?: readonly Invariant[]
  /** Other controllers than the product's own: for checking one's own, and for planted bugs. */
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
  /** Go on after the first finding, to the first of each invariant. */
  readonly all?: boolean
  /** With `all`: this finding is the last. */
  readonly stopsAt?: (finding: Finding) => boolean
  /** Milliseconds of real time since some moment; without it there is no bound in seconds. */
  readonly clock?: () => number
  readonly heapUsed?: () => number
  readonly progress?: (soFar: SearchCount) => void
  readonly mustStop?: () => boolean
  /** False: states that differ in drawn names alone are different states. */
  readonly reduce?: boolean
}

export interface SearchCount {
  readonly states: number
  readonly transitions: number
  readonly depth: number
  readonly frontier: number
  readonly seconds: number
}

/** One decision on the way: which of the options, and what within it. */
export interface Decision {
  readonly option: number
  readonly within: readonly number[]
  readonly words: string
  readonly happened: readonly string[]
  /** Something that may happen at any moment: a replay that is not told to does nothing of the kind. */
  readonly isAnytime: boolean
}

export interface Finding {
  /** The invariant, or the expectation in words. */
  readonly property: string
  readonly kind: 'violation' | 'never' | 'always' | 'eventually' | 'sometimes'
  readonly message: string
  readonly hint?: string
  readonly at: number
  readonly decisions: readonly Decision[]
}

export interface SearchReport extends SearchCount {
  readonly complete: boolean
  /** What ended the search before it was complete. */
  readonly limit?: string
  readonly scope: readonly string[]
  /** States where nothing more was due. */
  readonly ends: number
  /** How those ended, each once: what there is of sets, Pods and claims. */
  readonly endings: readonly string[]
  readonly findings: readonly Finding[]
  /** `sometimes` expectations that no path met. */
  readonly unmet: readonly string[]
  readonly marks: readonly string[]
  readonly visitedBytes: number
  /** What made states fewer than they would be. */
  readonly reductions: readonly string[]
}

const scopeWords = ({ scope, steps }: SearchSpace): readonly string[] => [
  `order of: ${scope.order.join(', ')}`,
  `steps at any moment, in their order: ${steps.map(stepWords).join('; ') || 'none'}`,
  ...scope.caches.map(({ controller, kind, most }) => `${controller}'s cache of ${kind} up to ${most} notifications behind`),
  ...(scope.crashes.most > 0
    ? [`crashes of ${scope.crashes.controllers.join(', ')} between any two writes: up to ${scope.crashes.most}`]
    : []),
  ...(scope.answers.most > 0
    ? [`writes of ${scope.answers.controllers.join(', ')} answered with ${scope.answers.are.join(', ')}: up to ${scope.answers.most}`]
    : []),
  ...(scope.chance.length > 0 ? [`every outcome of: ${scope.chance.join(', ')}`] : []),
  ...(scope.anytime.length > 0 ? [`at any moment up to ${scope.anytimeMost} of: ${scope.anytime.map(stepWords).join('; ')}`] : []),
  `time passes only when nothing is ready; a path ends when nothing is due within ${scope.horizonMs / 1_000} s`,
  'states that differ in points of time, addresses or resourceVersions alone count as one',
]

/** The run up to where the search begins. */
export const prepare = (
  scenario: Scenario,
  seed: number,
  invariants: readonly Invariant[],
  controllers: ExploreOptions['controllers'] = makeControllers,
): E.Either<readonly Problem[], Simulation> => {
  const start = searchStart(scenario.written.steps ?? [])
  const steps = start === 0 ? [{ sleep: 0 }] : (scenario.written.steps ?? []).slice(0, start)
  const { search: _search, choices: _choices, ...written } = scenario.written
  const applied = new Map([...scenario.applied].filter(([index]) => index < start))
  const run = runScenario({ ...scenario, written: { ...written, steps, expect: [] }, applied }, { seed, invariants, controllers })
  if (E.isLeft(run)) return run
  const { report, simulation } = run.right
  if (report.outcome === 'passed') return E.right(simulation)
  return E.left([
    {
      file: scenario.file,
      line: 1,
      column: 1,
      message: `the way to where the search begins did not pass: ${report.reason ?? report.outcome}`,
    },
  ])
}

/** Tells a hasher whose uid is whose: of all objects there are, and of each that is made. */
export const learnUids = (simulation: Simulation, learn: (uid: string, path: string) => void): void => {
  for (const [, store] of entriesOf(simulation.state().cluster.stores))
    for (const [, object] of entriesOf(store.objects)) {
      const { kind, metadata } = object
      learn(metadata.uid, `${kind}/${metadata.namespace ?? ''}/${metadata.name}`)
    }
  simulation.changes$.subscribe(({ type, object }) => {
    if (type === 'ADDED') learn(object.metadata.uid, `${object.kind}/${object.metadata.namespace ?? ''}/${object.metadata.name}`)
  })
}

/** An end in a line, without what is drawn. */
const endingOf = (reader: Reader): string => {
  const words: string[] = []
  for (const { metadata, spec, status } of reader.list('StatefulSet'))
    words.push(`statefulset/${metadata.name} ${status.readyReplicas ?? 0}/${spec.replicas ?? 1}`)
  for (const pod of reader.list('Pod')) {
    const images = pod.spec.containers.map(({ image }) => image).join('+')
    const state = pod.metadata.deletionTimestamp !== undefined ? 'Terminating' : podIsReady(pod) ? 'Ready' : (pod.status.phase ?? '')
    words.push(`pod/${pod.metadata.name} ${images} ${state}`)
  }
  for (const { metadata, status } of reader.list('PersistentVolumeClaim')) words.push(`pvc/${metadata.name} ${status.phase ?? ''}`)
  return words.join(', ')
}

interface Frontier {
  readonly state: SearchState
  readonly progress: Progress
  readonly id: number
}

interface Judge {
  readonly expectation: ScenarioExpectation
  readonly kind: Finding['kind'] & ('never' | 'always' | 'sometimes')
  readonly condition: ReturnType<typeof asOne>
  readonly words: string
}

const judgesOf = (expectations: readonly ScenarioExpectation[]): readonly Judge[] =>
  expectations.flatMap((expectation): readonly Judge[] => {
    for (const kind of ['always', 'never', 'sometimes'] as const) {
      const conditions = expectation[kind]
      if (conditions !== undefined) {
        const condition = asOne(conditions)
        return [{ expectation, kind, condition, words: conditionWords(condition) }]
      }
    }
    return []
  })

/** A finding of a lean run that the same path in an ordinary run does not show. */
class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed'
}

/** A lean run has no Events, and does not keep what plans wait for. */
const asksForTelling = (condition: Condition): boolean =>
  condition.event !== undefined ||
  condition.waiting !== undefined ||
  condition.command !== undefined ||
  (condition.all ?? []).some(asksForTelling) ||
  (condition.any ?? []).some(asksForTelling) ||
  (condition.not !== undefined && asksForTelling(condition.not))

const conditionsOf = ({ eventually, always, never, sometimes }: ScenarioExpectation): readonly Condition[] =>
  [eventually, always, never, sometimes].flatMap((conditions) => (conditions === undefined ? [] : [asOne(conditions)]))

const checkEvery = 256

const ticksMax = 400

const isTick = (move: Move): boolean => move.kind === 'take' && move.item.work.kind === 'delayed'

export const explore = (scenario: Scenario, options: ExploreOptions = {}): E.Either<readonly Problem[], SearchReport> => {
  const isLean = options.reduce !== false && !(scenario.written.expect ?? []).flatMap(conditionsOf).some(asksForTelling)
  if (!isLean) return search(scenario, options, false)
  try {
    return search(scenario, options, true)
  } catch (error) {
    if (error instanceof NotConfirmed) return search(scenario, options, false)
    throw error
  }
}

const search = (scenario: Scenario, options: ExploreOptions, lean: boolean): E.Either<readonly Problem[], SearchReport> => {
  const seed = options.seed ?? scenario.written.seed ?? 1
  const settings = settingsOf(scenario.written.cluster)
  const excepted = new Set(scenario.written.invariants?.except ?? [])
  const invariants = (options.invariants ?? allInvariants).filter(({ name }) => !excepted.has(name))
  const prepared = prepare(scenario, seed, [], options.controllers)
  if (E.isLeft(prepared)) return prepared
  const space = makeSearchSpace(scenario)
  const hasher = makeStateHasher()
  const simulationOf = (isLean: boolean): Simulation =>
    createSimulation({
      seed,
      settings,
      controllers: (options.controllers ?? makeControllers)(settings),
      invariants,
      choose: space.choose(seededChoose(seed)),
      from: prepared.right.state(),
      keepLog: false,
      lean: isLean,
    })
  const simulation = simulationOf(lean)
  learnUids(simulation, hasher.learn)
  const machine = makeSearchMachine(simulation, space, hasher)
  const clock = options.clock ?? ((): number => 0)
  const startedAt = clock()
  const depthMax = Math.min(space.scope.depth, options.bounds?.depth ?? Number.MAX_SAFE_INTEGER)
  const statesMax = options.bounds?.states ?? 5_000_000
  const visited = makeVisitedStates()

  // For each state its parent and the decision that led to it: how a finding finds its way back.
  const parents = makeGrowingNumbers()
  const decisions = makeGrowingNumbers()
  // All transitions but those that the scope may do at any moment, and which expectations hold where: whether the rest can still be reached.
  const sources = makeGrowingNumbers()
  const targets = makeGrowingNumbers()
  const goals = makeGrowingNumbers()
  const decisionCodes = new Map<string, number>()
  const decisionTexts: { readonly options: readonly number[]; readonly within: readonly number[] }[] = []
  const encode = (options: readonly number[], within: readonly number[]): number => {
    const text = `${options.join('.')} ${within.join(',')}`
    const known = decisionCodes.get(text)
    if (known !== undefined) return known
    decisionCodes.set(text, decisionTexts.length)
    decisionTexts.push({ options, within })
    return decisionTexts.length - 1
  }

  const findings: Finding[] = []
  let isEnough = false
  const met = new Set<string>()
  const judges = judgesOf(scenario.written.expect ?? [])
  const eventually = (scenario.written.expect ?? []).flatMap(({ eventually: conditions }) =>
    conditions === undefined ? [] : [asOne(conditions)],
  )
  const view = {
    simulation,
    runOnCopy: () => ({ exit: 1, stdout: '', stderr: 'a search runs no command lines' }),
  }

  const pathTo = (id: number): readonly number[] => {
    const path: number[] = []
    for (let at = id; at > 0; at = parents.at(at)) path.unshift(decisions.at(at))
    return path
  }

  /** The same path once more in an ordinary run, to say it in words; undefined if it does not show the finding. */
  const tell = (codes: readonly number[], isShown: (teller: Simulation) => boolean): readonly Decision[] | undefined => {
    const teller = simulationOf(false)
    space.begin(teller)
    let progress = noProgress
    const told: Decision[] = []
    for (const code of codes) {
      const { options: chosen, within } = decisionTexts[code] ?? { options: [], within: [] }
      for (const [at, option] of chosen.entries()) {
        const move = space.moves(positionOf(teller), progress)[option]
        if (move === undefined) return undefined
        const words = space.wordsOf(move, teller.state(), progress)
        const forced = at === 0 ? within : []
        const moved = space.perform(teller, progress, move, forced)
        progress = moved.progress
        told.push({ option, within: forced, words, happened: moved.happened, isAnytime: move.kind === 'anytime' })
      }
    }
    return isShown(teller) ? told : undefined
  }

  const report = (
    finding: Omit<Finding, 'decisions'>,
    codes: readonly number[],
    isShown: (teller: Simulation) => boolean = () => true,
  ): void => {
    if (met.has(finding.property)) return
    met.add(finding.property)
    const decisions = tell(codes, isShown)
    if (decisions === undefined) throw new NotConfirmed(finding.property)
    const told = { ...finding, decisions }
    findings.push(told)
    isEnough ||= options.stopsAt?.(told) === true
  }

  let transitions = 0
  let ends = 0
  const endings = new Set<string>()
  let depth = 0
  let limit: string | undefined
  const count = (frontier: number): SearchCount => ({
    states: visited.size(),
    transitions,
    depth,
    frontier,
    seconds: (clock() - startedAt) / 1_000,
  })
  const isOver = (frontier: number): boolean => {
    if (options.mustStop?.() === true) limit = 'it was stopped'
    else if (visited.size() >= statesMax) limit = `${statesMax} states`
    else if (options.bounds?.seconds !== undefined && clock() - startedAt > options.bounds.seconds * 1_000)
      limit = `${options.bounds.seconds} s`
    else if (options.bounds?.memory !== undefined && options.heapUsed !== undefined && options.heapUsed() > options.bounds.memory)
      limit = `${Math.round(options.bounds.memory / 1_048_576)} MiB of memory`
    options.progress?.(count(frontier))
    return limit !== undefined
  }

  const viewOf = (shown: Simulation): typeof view => ({ ...view, simulation: shown })

  /** Looks at the state that a decision has led to. The simulation stands there. */
  const judge = (parent: number, code: number, violations: readonly FoundViolation[]): void => {
    const codes = (): readonly number[] => [...pathTo(parent), code]
    for (const violation of violations)
      report(findingOf(violation), codes(), (teller) => teller.violations().some(({ invariant }) => invariant === violation.invariant))
    for (const { kind, condition, words } of judges) {
      if (met.has(words)) continue
      const { holds, found: what } = evaluate(condition, view)
      if (holds === (kind !== 'always'))
        report(
          {
            property: words,
            kind,
            message: kind === 'sometimes' ? `it holds: ${what}` : `expected ${kind}: ${words}; found: ${what}`,
            at: simulation.now(),
          },
          codes(),
          (teller) => evaluate(condition, viewOf(teller)).holds === holds,
        )
    }
  }

  space.begin(simulation)
  const root = machine.begin()
  const first = machine.hash(root, noProgress)
  visited.find(first.high, first.low)
  const goalsHere = (): number => {
    let bits = 0
    for (const [index, condition] of eventually.entries()) if (evaluate(condition, view).holds) bits |= 1 << index
    return bits
  }
  const remember = (parent: number, code: number): void => {
    parents.push(parent)
    decisions.push(code)
    if (eventually.length > 0) goals.push(goalsHere())
  }
  remember(0, 0)
  let level: Frontier[] = [{ state: root, progress: noProgress, id: 0 }]
  const isDone = (): boolean => isEnough || (findings.some(({ kind }) => kind !== 'sometimes') && options.all !== true)
  let sinceCheck = 0
  let over = false

  const expand = ({ state, progress, id }: Frontier, next: Frontier[], room: number): void => {
    const moves: readonly Move[] = space.moves(state, progress)
    if (moves.every(({ kind }) => kind === 'anytime')) {
      ends += 1
      simulation.restore(state.run)
      endings.add(endingOf(simulation.reader()))
      for (const condition of eventually) {
        const { holds, found: what } = evaluate(condition, view)
        if (!holds)
          report(
            {
              property: conditionWords(condition),
              kind: 'eventually',
              message: `the run ends without: ${conditionWords(condition)}; found: ${what}`,
              at: state.run.now,
            },
            pathTo(id),
            (teller) => !evaluate(condition, viewOf(teller)).holds,
          )
      }
    }
    for (const [option, move] of moves.entries()) {
      const untried: (readonly number[])[] = [[]]
      for (let within = untried.pop(); within !== undefined; within = untried.pop()) {
        let moved = machine.carryOut(state, progress, move, within)
        transitions += 1
        for (let at = within.length; at < moved.within.length; at += 1)
          for (let other = 1; other < (moved.within[at] ?? 1); other += 1)
            untried.push([...within, ...Array.from({ length: at - within.length }, () => 0), other])
        let violations = moved.violations
        let hash = machine.hash(moved.after, moved.progress)
        let found = visited.find(hash.high, hash.low)
        const options: number[] = [option]
        // Time that passes and changes nothing is not worth a decision: it goes on passing until something changes.
        while (found === id && isTick(move) && options.length < ticksMax) {
          const later = space.moves(moved.after, moved.progress)
          const tick = later.findIndex(isTick)
          const ticking = later[tick]
          if (ticking === undefined) break
          moved = machine.carryOut(moved.after, moved.progress, ticking, [])
          if (moved.violations.length > 0) violations = [...violations, ...moved.violations]
          options.push(tick)
          hash = machine.hash(moved.after, moved.progress)
          found = visited.find(hash.high, hash.low)
        }
        const number = found < 0 ? -1 - found : found
        if (move.kind !== 'anytime') {
          sources.push(id)
          targets.push(number)
        }
        const code = encode(options, within)
        const isNew = found < 0
        // Events are no part of a state, but some are what is looked for: every transition is looked at until they have been met.
        const looks = isNew || violations.length > 0 || judges.some(({ kind, words }) => kind === 'sometimes' && !met.has(words))
        if (looks) {
          if (isNew) remember(id, code)
          judge(id, code, violations)
        }
        if (!isNew) continue
        next.push({ state: moved.after, progress: moved.progress, id: number })
        sinceCheck += 1
        if (sinceCheck >= checkEvery) {
          sinceCheck = 0
          over = isOver(room + next.length)
          if (over) return
        }
      }
    }
  }

  while (level.length > 0 && !over && !isDone()) {
    if (depth >= depthMax) {
      limit = `${depthMax} decisions on a path`
      break
    }
    const next: Frontier[] = []
    for (let at = 0; at < level.length && !over && !isDone(); at += 1) {
      const state = level[at]
      if (state !== undefined) expand(state, next, level.length - at)
    }
    depth += 1
    level = next
  }
  if (limit === undefined && level.length === 0)
    for (const [index, condition] of eventually.entries()) {
      const lost = firstWithoutWay(visited.size(), sources, targets, (state) => (goals.at(state) & (1 << index)) !== 0)
      if (lost === undefined) continue
      const words = conditionWords(condition)
      report({ property: words, kind: 'eventually', message: `from here no path leads to: ${words}`, at: 0 }, pathTo(lost))
    }
  const unmet = judges.filter(({ kind, words }) => kind === 'sometimes' && !met.has(words)).map(({ words }) => words)
  const complete = limit === undefined && level.length === 0 && !isDone()
  return E.right({
    ...count(level.length),
    complete,
    ...(limit === undefined ? undefined : { limit }),
    scope: scopeWords(space),
    ends,
    endings: [...endings].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)),
    findings,
    unmet,
    marks: [...simulation.sometimes()].sort((left, right) => (left < right ? -1 : 1)),
    reductions: lean ? ['names that are drawn are drawn alike on all ways to a state'] : [],
    visitedBytes: [visited, parents, decisions, sources, targets, goals].reduce((sum, part) => sum + part.bytes(), 0),
  })
}

const findingOf = ({ invariant, message, hint, at }: FoundViolation): Omit<Finding, 'decisions'> => ({
  property: invariant,
  kind: 'violation',
  message,
  at,
  ...(hint === undefined ? undefined : { hint }),
})
