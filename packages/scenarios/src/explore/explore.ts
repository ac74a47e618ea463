/**
 * Walks every choice of a scenario's search, breadth first, each state once: the first path that breaks something is a shortest one. Says
 * exactly what was covered.
 */
import * as E from 'fp-ts/lib/Either.js'
import { engineVersion, type FoundViolation, type Recorded, type Simulation } from '@statefold/core'
import { conditionWords, evaluate, asOne } from '../evaluate-condition.js'
import type { Condition } from '../format/condition-codec.js'
import type { Problem } from '../format/problem.js'
import type { ScenarioExpectation } from '../format/scenario-codec.js'
import { hotLoopIn, hotLoopProperty, hotLoopWindow, promiseBrokenBy } from '../promises.js'
import type { Scenario } from '../scenario.js'
import { stepWords } from '../step-words.js'
import {
  goalsOf,
  judgesOf,
  makeExpander,
  makeGround,
  viewOf,
  type Expander,
  type Expansion,
  type ExpandRequest,
  type Ground,
  type Kept,
} from './expander.js'
import { makeGrowingNumbers } from './growing-numbers.js'
import { NotConfirmed } from './not-confirmed.js'
import { firstWithoutWay } from './reachability.js'
import { fitsSearch } from './saved-search.js'
import { noProgress, positionOf, type Moved, type Progress, type SearchSpace } from './search-space.js'
import { makeSleepers } from './sleepers.js'
import type { Choice, Decision, ExploreOptions, Finding, SavedSearch, SearchCount, SearchReport } from './search-types.js'
import { makeVisitedStates } from './visited-states.js'

/** Where a path has led in an ordinary run; `error`: what its last decision ran into. */
type IsShown = (teller: Simulation, progress: Progress, error?: unknown) => boolean

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

const reductionWords = ({ interchangeable, commuting }: Ground): readonly string[] => [
  'names that are drawn are drawn alike on all ways to a state',
  ...(interchangeable.length === 0 ? [] : [`states that differ in which of ${interchangeable.join(', ')} is which count as one`]),
  ...(commuting === undefined ? [] : ['a notification and a move that has nothing to do with it come in one order']),
]

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

/** Whether the search can be made in lean runs. */
export const canBeLean = (scenario: Scenario, { reduce, resume }: ExploreOptions): boolean =>
  resume === undefined ? reduce !== false && !(scenario.written.expect ?? []).flatMap(conditionsOf).some(asksForTelling) : resume.lean

export const explore = (scenario: Scenario, options: ExploreOptions = {}): E.Either<readonly Problem[], SearchReport> => {
  const lean = canBeLean(scenario, options)
  const ground = makeGround(scenario, options)
  if (E.isLeft(ground)) return ground
  const expander = (isLean: boolean): Expander => makeExpander(scenario, ground.right, isLean)
  const { resume: _resume, ...anew } = options
  const walk = (isLean: boolean): SearchReport =>
    drive(startSearch(scenario, isLean === lean ? options : anew, ground.right, isLean), expander(isLean))
  try {
    return E.right(walk(lean))
  } catch (error) {
    if (lean && error instanceof NotConfirmed) return E.right(walk(false))
    throw error
  }
}

/** One expander does it all. */
const drive = (search: Search, expander: Expander): SearchReport => {
  for (let request = search.begin(expander.root); request !== undefined; request = search.next(idsAtOnce))
    search.take(expander.answer(request))
  return search.report(expander.marks())
}

/** So many states are asked for at once: between requests a search can be stopped. */
const idsAtOnce = 64

/**
 * A search as somebody leads it who carries no move out: says what to expand, and takes what came of it, in the order of the states. What it
 * finds depends on the answers alone, not on who gave them or how many were asked for at once.
 */
export interface Search {
  readonly begin: (root: Expander['root']) => ExpandRequest | undefined
  /** Undefined: the search is over. */
  readonly next: (most: number) => ExpandRequest | undefined
  readonly take: (expansions: readonly Expansion[]) => void
  /** How many states of this level are still to be expanded. */
  readonly waiting: () => number
  readonly pathTo: (id: number) => readonly Choice[]
  readonly report: (marks: readonly string[]) => SearchReport
}

export const startSearch = (scenario: Scenario, options: ExploreOptions, ground: Ground, lean: boolean): Search => {
  const { space, simulationOf } = ground
  const seed = options.seed ?? scenario.written.seed ?? 1
  const clock = options.clock ?? ((): number => 0)
  const startedAt = clock()
  const depthMax = Math.min(space.scope.depth, options.bounds?.depth ?? Number.MAX_SAFE_INTEGER)
  const statesMax = options.bounds?.states ?? 5_000_000
  const { resume } = options
  const visited = makeVisitedStates()

  // For each state its parent and the decision that led to it: how a finding finds its way back.
  const parents = makeGrowingNumbers(resume?.parents)
  const decisions = makeGrowingNumbers(resume?.decisions)
  // All transitions but those that the scope may do at any moment, and which expectations hold where: whether the rest can still be reached.
  const sources = makeGrowingNumbers(resume?.sources)
  const targets = makeGrowingNumbers(resume?.targets)
  const goals = makeGrowingNumbers(resume?.goals)
  const sleepers = makeSleepers(resume?.sleepers)
  const choices: Choice[] = [...(resume?.choices ?? [])]
  const codeOfChoice = (text: Choice): string => `${text.options.join('.')} ${text.within.join(',')}`
  const codes = new Map<string, number>(choices.map((choice, code) => [codeOfChoice(choice), code]))
  const encodeAny = ({ options: chosen, within }: Choice): number => {
    const choice = { options: chosen, within }
    const text = codeOfChoice(choice)
    const known = codes.get(text)
    if (known !== undefined) return known
    codes.set(text, choices.length)
    choices.push(choice)
    return choices.length - 1
  }
  // Nearly all are one option with nothing chosen within it.
  const plainCodes: (number | undefined)[] = []
  const encode = (choice: Choice): number => {
    const [option] = choice.options
    if (option === undefined || choice.options.length > 1 || choice.within.length > 0) return encodeAny(choice)
    return (plainCodes[option] ??= encodeAny(choice))
  }

  const findings: Finding[] = [...(resume?.findings ?? [])]
  let isEnough = false
  const met = new Set<string>(findings.map(({ property }) => property))
  const judges = judgesOf(scenario.written.expect ?? [])
  const eventually = goalsOf(scenario.written.expect ?? [])

  const pathTo = (id: number): readonly Choice[] => {
    const path: Choice[] = []
    for (let at = id; at > 0; at = parents.at(at)) path.push(choices[decisions.at(at)] ?? { options: [], within: [] })
    return path.reverse()
  }

  /** The same path once more in an ordinary run, to say it in words; undefined if it does not show the finding. */
  const tell = (path: readonly Choice[], isShown: IsShown): readonly Decision[] | undefined => {
    const teller = simulationOf(false)
    space.begin(teller)
    let progress = noProgress
    const told: Decision[] = []
    for (const { options: chosen, within } of path) {
      for (const [at, option] of chosen.entries()) {
        const move = space.moves(positionOf(teller), progress)[option]
        if (move === undefined) return undefined
        const words = space.wordsOf(move, teller.state(), progress)
        const forced = at === 0 ? within : []
        const decision = { option, within: forced, words, isAnytime: move.kind === 'anytime' }
        let moved: Moved
        try {
          moved = space.perform(teller, progress, move, forced)
        } catch (error) {
          return isShown(teller, progress, error) ? [...told, { ...decision, happened: [] }] : undefined
        }
        progress = moved.progress
        told.push({ ...decision, happened: moved.happened })
      }
    }
    return isShown(teller, progress) ? told : undefined
  }

  const report = (finding: Omit<Finding, 'decisions'>, path: () => readonly Choice[], isShown: IsShown = () => true): void => {
    if (met.has(finding.property)) return
    met.add(finding.property)
    const told = tell(path(), isShown)
    if (told === undefined) throw new NotConfirmed(finding.property)
    const found = { ...finding, decisions: told }
    findings.push(found)
    isEnough ||= options.stopsAt?.(found) === true
  }

  let transitions = resume?.transitions ?? 0
  let ends = resume?.ends ?? 0
  const endings = new Set<string>(resume?.endings)
  let depth = resume?.depth ?? 0
  let limit: string | undefined
  let level: readonly number[] = resume?.level ?? [0]
  let asked = 0
  let taken = 0
  let next: number[] = [...(resume?.next ?? [])]
  let adopt: readonly number[] = resume === undefined ? [] : [...level, ...next]
  let keep: Kept[] = []

  const count = (): SearchCount => ({
    states: visited.size(),
    transitions,
    depth,
    frontier: level.length - taken + next.length,
    seconds: (clock() - startedAt) / 1_000,
  })
  const isDone = (): boolean => isEnough || (findings.some(({ kind }) => kind !== 'sometimes') && options.all !== true)
  const isOver = (): boolean => {
    if (limit !== undefined) return true
    if (options.mustStop?.() === true) limit = 'the user'
    else if (visited.size() >= statesMax) limit = `${statesMax} states`
    else if (options.bounds?.seconds !== undefined && clock() - startedAt > options.bounds.seconds * 1_000)
      limit = `${options.bounds.seconds} s`
    else if (options.bounds?.memory !== undefined && options.heapUsed !== undefined && options.heapUsed() > options.bounds.memory)
      limit = `${Math.round(options.bounds.memory / 1_048_576)} MiB of memory`
    return limit !== undefined
  }

  /** Looks at where a decision has led. */
  const judge = (
    path: () => readonly Choice[],
    at: number,
    violations: readonly FoundViolation[],
    judged: readonly Expansion['missed'][number][],
  ): void => {
    for (const violation of violations)
      report(findingOf(violation), path, (teller, _, error) =>
        error === undefined
          ? teller.violations().some(({ invariant }) => invariant === violation.invariant)
          : promiseBrokenBy(error).property === violation.invariant,
      )
    for (const { judge: index, found } of judged) {
      const expectation = judges[index]
      if (expectation === undefined) continue
      const { kind, condition, words } = expectation
      report(
        {
          property: words,
          kind,
          message: kind === 'sometimes' ? `it holds: ${found}` : `expected ${kind}: ${words}; found: ${found}`,
          at,
        },
        path,
        (teller) => evaluate(condition, viewOf(teller)).holds === (kind !== 'always'),
      )
    }
  }

  const absorb = ({ id, at, ending, missed, steps, arrivals }: Expansion): void => {
    if (ending !== undefined) {
      ends += 1
      endings.add(ending)
      for (const { judge: index, found } of missed) {
        const condition = eventually[index]
        if (condition === undefined) continue
        const words = conditionWords(condition)
        report(
          { property: words, kind: 'eventually', message: `the run ends without: ${words}; found: ${found}`, at },
          () => pathTo(id),
          (teller) => !evaluate(condition, viewOf(teller)).holds,
        )
      }
    }
    const reached: number[] = []
    for (const [place, step] of steps.entries()) {
      transitions += 1
      const found = visited.find(step.high, step.low)
      const isNew = found < 0
      const number = isNew ? -1 - found : found
      reached.push(number)
      if (!step.isAnytime) {
        sources.push(id)
        targets.push(number)
      }
      const code = encode(step)
      if (isNew) {
        parents.push(id)
        decisions.push(code)
        if (eventually.length > 0) goals.push(step.goals)
        next.push(number)
        keep.push({ from: id, step: place, id: number })
      }
      judge(() => [...pathTo(id), { options: step.options, within: step.within }], step.at, step.violations, step.judged)
    }
    if (arrivals !== undefined) sleepers.absorb(id, arrivals, reached, firstOfNext())
  }

  /** States from here on are of the next level. */
  const firstOfNext = (): number => next[0] ?? visited.size()

  /** What repeats without a pause when everything goes on from there in the most ordinary way. */
  const loopFrom = (teller: Simulation, from: Progress): string | undefined => {
    const lately: Recorded[] = []
    const watching = teller.turns$.subscribe((events) => void lately.push(...events))
    let progress = from
    for (let decision = 0; decision < hotLoopWindow && lately.length < hotLoopWindow; decision += 1) {
      const [move] = space.moves(positionOf(teller), progress)
      if (move === undefined || move.kind === 'anytime') break
      try {
        progress = space.perform(teller, progress, move, []).progress
      } catch {
        // It does not go on.
        return undefined
      }
    }
    watching.unsubscribe()
    return hotLoopIn(lately)
  }

  /** A state from which no path comes to its end: either time passes and passes, or what is done there is done for ever. */
  const reportHotLoop = (): void => {
    if (scenario.written.invariants?.except?.includes(hotLoopProperty) === true) return
    const goesOn = new Uint8Array(visited.size())
    for (let transition = 0; transition < sources.length(); transition += 1) goesOn[sources.at(transition)] = 1
    const lost = firstWithoutWay(visited.size(), sources, targets, (state) => goesOn[state] !== 1)
    if (lost === undefined) return
    let [message, at]: [string | undefined, number] = [undefined, 0]
    const told = tell(pathTo(lost), (teller, progress) => {
      message = loopFrom(teller, progress)
      at = teller.now()
      return message !== undefined
    })
    if (told !== undefined && message !== undefined)
      findings.push({ property: hotLoopProperty, kind: 'violation', message, at, decisions: told })
  }

  const request = (most: number): ExpandRequest | undefined => {
    options.progress?.(count())
    while (taken >= level.length && !isOver() && !isDone()) {
      sleepers.endLevel(firstOfNext(), (from, to) => {
        sources.push(from)
        targets.push(to)
      })
      depth += 1
      asked = 0
      taken = 0
      if (next.length === 0) {
        level = next
        return undefined
      }
      level = next
      next = []
    }
    if (depth >= depthMax && level.length > 0 && !isDone()) limit ??= `${depthMax} decisions on a path`
    if (isOver() || isDone()) return undefined
    const expand = level.slice(asked, asked + most)
    asked += expand.length
    const answer: ExpandRequest = {
      adopt: adopt.map((id) => ({ id, path: pathTo(id) })),
      keep,
      expand,
      asleep: sleepers.asleepIn(expand),
      met: judges.flatMap(({ words }, index) => (met.has(words) ? [index] : [])),
    }
    adopt = []
    keep = []
    return answer
  }

  return {
    begin: (root) => {
      if (resume === undefined) {
        visited.find(root.high, root.low)
        parents.push(0)
        decisions.push(encode({ options: [], within: [] }))
        if (eventually.length > 0) goals.push(root.goals)
      } else for (let state = 0; state < resume.highs.length; state += 1) visited.find(resume.highs[state] ?? 0, resume.lows[state] ?? 0)
      return request(1)
    },
    next: request,
    take: (expansions) => {
      for (const expansion of expansions) {
        if (isDone() || visited.size() >= statesMax) return
        absorb(expansion)
        taken += 1
      }
    },
    waiting: () => level.length - asked,
    pathTo,
    report: (marks) => {
      const isWhole = limit === undefined && taken >= level.length && next.length === 0
      if (isWhole)
        for (const [index, condition] of eventually.entries()) {
          const lost = firstWithoutWay(visited.size(), sources, targets, (state) => (goals.at(state) & (1 << index)) !== 0)
          if (lost === undefined) continue
          const words = conditionWords(condition)
          report({ property: words, kind: 'eventually', message: `from here no path leads to: ${words}`, at: 0 }, () => pathTo(lost))
        }
      if (isWhole && !isDone()) reportHotLoop()
      const allMarks = [...new Set([...marks, ...(resume?.marks ?? [])])].sort(byText)
      return {
        ...count(),
        complete: isWhole && !isDone(),
        ...(limit === undefined ? undefined : { limit }),
        scope: scopeWords(space),
        ends,
        endings: [...endings].sort(byText),
        findings,
        unmet: judges.filter(({ kind, words }) => kind === 'sometimes' && !met.has(words)).map(({ words }) => words),
        marks: allMarks,
        reductions: lean ? reductionWords(ground) : [],
        visitedBytes: [visited, parents, decisions, sources, targets, goals].reduce((sum, part) => sum + part.bytes(), 0),
        ...(limit === undefined
          ? undefined
          : {
              saved: (): SavedSearch => ({
                savedSearch: 1,
                engine: engineVersion,
                fits: fitsSearch(scenario, seed),
                lean,
                depth,
                transitions,
                ends,
                endings: [...endings],
                marks: allMarks,
                findings,
                level: level.slice(taken),
                next,
                choices,
                ...visited.hashes(),
                parents: parents.all(),
                decisions: decisions.all(),
                sources: sources.all(),
                targets: targets.all(),
                sleepers: sleepers.saved(),
                goals: goals.all(),
              }),
            }),
      }
    },
  }
}

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

const findingOf = ({ invariant, message, hint, at }: FoundViolation): Omit<Finding, 'decisions'> => ({
  property: invariant,
  kind: 'violation',
  message,
  at,
  ...(hint === undefined ? undefined : { hint }),
})
