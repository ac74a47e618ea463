/**
 * Finds out what follows from states of a search, and keeps those that are new until their turn comes. A search may have several expanders, in
 * threads: each keeps the states that follow from its own, and they are told by numbers, so that whoever leads the search needs to hold none.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  createSimulation,
  makeControllers,
  makeLookMemory,
  makeStateHasher,
  makeSymmetricHasher,
  seededChoose,
  type ClusterState,
  type FoundViolation,
  type Reader,
  type RunState,
  type Simulation,
  type StateHasher,
} from '@statefold/core'
import { podIsReady } from '../convergence.js'
import { asOne, conditionWords, evaluate, type ConditionView } from '../evaluate-condition.js'
import type { Condition } from '../format/condition-codec.js'
import type { Problem } from '../format/problem.js'
import type { ScenarioExpectation } from '../format/scenario-codec.js'
import { promiseBrokenBy } from '../promises.js'
import { settingsOf } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { eitherEffect, makeCommuting, nameOfMove, type Commuting, type Effect } from './commuting.js'
import { interchangeableNodes } from './interchangeable.js'
import { learnUids, prepare } from './prepare.js'
import { scopeProblems } from './scope-problems.js'
import { makeSearchMachine, type SearchState } from './search-machine.js'
import { isTick, makeSearchSpace, noProgress, SearchRefused, type Move, type Progress, type SearchSpace } from './search-space.js'
import type { Arrival, AsleepThere, Sleeper } from './sleepers.js'
import { makeVisitedStates } from './visited-states.js'
import type { Choice, ExploreOptions } from './search-types.js'

/** An expectation that is decided where the decision has led. */
export interface Judged {
  readonly judge: number
  readonly found: string
}

export interface ExpansionStep extends Choice {
  readonly high: number
  readonly low: number
  readonly at: number
  readonly isAnytime: boolean
  readonly violations: readonly FoundViolation[]
  readonly judged: readonly Judged[]
  /** Bit n: the n-th `eventually` holds. */
  readonly goals: number
}

/** All that follows from one state. */
export interface Expansion {
  readonly id: number
  readonly at: number
  /** How it ends here, if it does. */
  readonly ending?: string
  /** Which `eventually` is not met at this end, and what was found instead. */
  readonly missed: readonly Judged[]
  readonly steps: readonly ExpansionStep[]
  /** Absent: every move is made in every order. */
  readonly arrivals?: readonly Arrival[]
}

/** A step of an expansion that has led to a new state. */
export interface Kept {
  readonly from: number
  readonly step: number
  readonly id: number
}

/** A state to walk to from where the search begins. */
export interface Adopted {
  readonly id: number
  readonly path: readonly Choice[]
}

export interface ExpandRequest {
  readonly adopt: readonly Adopted[]
  readonly keep: readonly Kept[]
  /** States that somebody else adopts. */
  readonly leave?: readonly number[]
  readonly expand: readonly number[]
  /** What is left out in some of them. */
  readonly asleep?: readonly AsleepThere[]
  /** The `sometimes` that have been met: not looked for any more. */
  readonly met: readonly number[]
}

export interface Expander {
  readonly root: { readonly high: number; readonly low: number; readonly goals: number }
  readonly answer: (request: ExpandRequest) => readonly Expansion[]
  readonly marks: () => readonly string[]
}

export interface Judge {
  readonly kind: 'never' | 'always' | 'sometimes'
  readonly condition: Condition
  readonly words: string
}

export const judgesOf = (expectations: readonly ScenarioExpectation[]): readonly Judge[] =>
  expectations.flatMap((expectation): readonly Judge[] => {
    for (const kind of ['always', 'never', 'sometimes'] as const) {
      const conditions = expectation[kind]
      if (conditions !== undefined) {
        const condition = asOne(conditions)
        return [{ kind, condition, words: conditionWords(condition) }]
      }
    }
    return []
  })

export const goalsOf = (expectations: readonly ScenarioExpectation[]): readonly Condition[] =>
  expectations.flatMap(({ eventually }) => (eventually === undefined ? [] : [asOne(eventually)]))

export const viewOf = (simulation: Simulation): ConditionView => ({
  simulation,
  runOnCopy: () => ({ exit: 1, stdout: '', stderr: 'a search runs no command lines' }),
})

/** A simulation that stands where the search begins. */
export interface Ground {
  readonly space: SearchSpace
  readonly simulationOf: (lean: boolean) => Simulation
  /** Nodes that lean runs need not tell apart. */
  readonly interchangeable: readonly string[]
  /** Which moves lean runs make in one order only. */
  readonly commuting: Commuting | undefined
}

export const makeGround = (scenario: Scenario, options: ExploreOptions): E.Either<readonly Problem[], Ground> => {
  const seed = options.seed ?? scenario.written.seed ?? 1
  const settings = settingsOf(scenario.written.cluster)
  const excepted = new Set(scenario.written.invariants?.except ?? [])
  const invariants = (options.invariants ?? allInvariants).filter(({ name }) => !excepted.has(name))
  const prepared = prepare(scenario, seed, [], options.controllers)
  if (E.isLeft(prepared)) return prepared
  const { controllers } = prepared.right.options
  const problems = scopeProblems(
    scenario,
    prepared.right.reader(),
    controllers.map(({ name }) => name),
    options.controllers !== undefined,
  )
  if (problems.length > 0) return E.left(problems)
  const space = makeSearchSpace(scenario)
  const simulationOf = (lean: boolean): Simulation =>
    createSimulation({
      seed,
      settings,
      controllers: (options.controllers ?? makeControllers)(settings),
      invariants,
      choose: space.choose(seededChoose(seed)),
      from: prepared.right.state(),
      keepLog: false,
      lean,
      ...(lean && options.remember !== 0 ? { looks: makeLookMemory(options.remember) } : undefined),
    })
  // Nobody knows what somebody else's controllers and invariants make of a node's name.
  const isOwn = options.controllers !== undefined || invariants.some((invariant) => !allInvariants.includes(invariant))
  const interchangeable = (options.symmetry ?? !isOwn) ? interchangeableNodes(scenario, space.scope, prepared.right) : []
  // (A state may have been reached with other names for its nodes, and then its moves have others too.)
  const makesAnyOrder = options.commuting === false || options.controllers !== undefined || interchangeable.length > 0
  const watched = new Map(controllers.map(({ name, watches }) => [name, Object.keys(watches)]))
  const commuting =
    makesAnyOrder || space.scope.caches.length === 0 ? undefined : makeCommuting(space.scope, (name) => watched.get(name) ?? [])
  return E.right({ space, simulationOf, interchangeable, commuting })
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

const ticksMax = 400

interface Held {
  readonly state: SearchState
  readonly progress: Progress
}

const noJudged: readonly Judged[] = []
const noneAsleep: readonly Effect[] = []

const compareNumbers = (left: readonly number[], right: readonly number[]): number => {
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

const compareChoices = (left: Choice, right: Choice): number =>
  left === right ? 0 : compareNumbers(left.options, right.options) || compareNumbers(left.within, right.within)

const comparePaths = (left: readonly Choice[], right: readonly Choice[]): number => {
  for (let at = 0; at < left.length && at < right.length; at += 1) {
    const [one, other] = [left[at], right[at]]
    const order = one === undefined || other === undefined ? 0 : compareChoices(one, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

const isSame = (left: Choice | undefined, right: Choice | undefined): boolean =>
  left !== undefined && right !== undefined && compareChoices(left, right) === 0

/** What tells the states of a search apart. */
export const hasherFor = ({ simulationOf, interchangeable }: Ground, lean: boolean): StateHasher =>
  lean && interchangeable.length > 0 ? makeSymmetricHasher(interchangeable, simulationOf(lean).state()) : makeStateHasher()

export const makeExpander = (scenario: Scenario, ground: Ground, lean: boolean): Expander => {
  const { space, simulationOf } = ground
  const hasher = hasherFor(ground, lean)
  const begin = () => {
    const simulation = simulationOf(lean)
    learnUids(simulation, hasher.learn)
    return { simulation, machine: makeSearchMachine(simulation, space, hasher), view: viewOf(simulation) }
  }
  let { simulation, machine, view } = begin()
  const judges = judgesOf(scenario.written.expect ?? [])
  const goals = goalsOf(scenario.written.expect ?? [])
  // What this expander has come across: only what is new is looked at more closely.
  const seen = makeVisitedStates()
  let unmet: readonly number[] = []

  // They look at nothing but the cluster, and many states have the same.
  const goalsOfCluster = new WeakMap<ClusterState, number>()

  const goalsHere = (): number => {
    if (goals.length === 0) return 0
    const { cluster } = simulation.state()
    const known = goalsOfCluster.get(cluster)
    if (known !== undefined) return known
    let bits = 0
    for (const [index, condition] of goals.entries()) if (evaluate(condition, view).holds) bits |= 1 << index
    goalsOfCluster.set(cluster, bits)
    return bits
  }

  space.begin(simulation)
  const root: Held = { state: machine.begin(), progress: noProgress }
  const rootHash = machine.hash(root.state, noProgress)
  seen.find(rootHash.high, rootHash.low)
  const rootGoals = goalsHere()

  const held = new Map<number, Held>([[0, root]])
  /** The states that the steps of an expansion have led to, until it is known which are new. */
  const candidates = new Map<number, readonly Held[]>()

  const judge = (): readonly Judged[] => {
    if (judges.length === 0) return noJudged
    const found: Judged[] = []
    for (const [index, { kind, condition }] of judges.entries()) {
      const { holds, found: what } = evaluate(condition, view)
      if (holds === (kind !== 'always')) found.push({ judge: index, found: what })
    }
    return found
  }

  /** Time that passes and changes nothing is not worth a decision: it goes on passing until something changes. */
  const carryOn = ({ state, progress }: Held, move: Move, option: number, within: readonly number[]) => {
    const carried = machine.carryOut(state, progress, move, within)
    let { after, progress: next, violations } = carried
    let hash = machine.hash(after, next)
    const options: number[] = [option]
    const own = isTick(move) ? machine.hash(state, progress) : undefined
    while (hash.high === own?.high && hash.low === own.low && options.length < ticksMax) {
      const later = space.moves(after, next)
      const tick = later.findIndex(isTick)
      const ticking = later[tick]
      if (ticking === undefined) break
      const further = machine.carryOut(after, next, ticking, [])
      if (further.violations.length > 0) violations = [...violations, ...further.violations]
      after = further.after
      next = further.progress
      options.push(tick)
      hash = machine.hash(after, next)
    }
    return { before: carried.before, reached: { state: after, progress: next }, came: carried.within, violations, hash, options }
  }

  /** The engine, a controller or an invariant threw: nothing follows from there, and the simulation that ran into it is of no use any more. */
  const broken = (error: unknown, { state, progress }: Held, option: number, within: readonly number[]): ExpansionStep => {
    if (error instanceof SearchRefused) throw error
    const { now, seq, turn } = state.run
    const { property, message } = promiseBrokenBy(error)
    ;({ simulation, machine, view } = begin())
    return {
      options: [option],
      within,
      ...machine.hash(state, progress),
      at: now,
      isAnytime: false,
      violations: [{ invariant: property, message, seq, turn, at: now }],
      judged: noJudged,
      goals: 0,
    }
  }

  /** What may be left out after each arrival. */
  const arrivalsIn = (
    { run }: SearchState,
    moves: readonly Move[],
    steps: readonly ExpansionStep[],
    asleep: readonly Effect[],
    befores: readonly RunState[],
    reached: readonly Held[],
  ): readonly Arrival[] | undefined => {
    const rules = ground.commuting
    if (!lean || rules === undefined) return undefined
    const beforeOf = (step: number): RunState => befores[step] ?? run
    const afterOf = (step: number): RunState => reached[step]?.state.run ?? run
    /** Of each move the steps it was, one for each of its ways. */
    const made = moves.map((move, option) => ({ move, ways: steps.flatMap(({ options: [of] }, step) => (of === option ? [step] : [])) }))
    const came = made.flatMap(({ move, ways: [step, ...more] }) =>
      step !== undefined && more.length === 0 && rules.isArrival(move, beforeOf(step), afterOf(step)) ? [{ move, step }] : [],
    )
    if (came.length === 0) return undefined
    const others: Sleeper[] = asleep.map((effect) => ({ effect, steps: [] }))
    for (const { move, ways } of made) {
      const [first, ...rest] = ways
      if (first === undefined) continue
      let effect = rules.effectOf(move, beforeOf(first), afterOf(first))
      for (const step of rest) effect = eitherEffect(effect, rules.effectOf(move, beforeOf(step), afterOf(step)))
      if (effect !== undefined) others.push({ effect, steps: ways })
    }
    return came.map(({ move, step }) => ({
      step,
      move: nameOfMove(move),
      sleepers: others.filter(({ effect }) => rules.sleepsAfter(move, effect, run)),
    }))
  }

  const expand = (id: number, asleep: readonly Effect[]): Expansion => {
    const from = held.get(id)
    if (from === undefined) throw new Error(`state ${id} is not held`)
    held.delete(id)
    const { state, progress } = from
    const moves = space.moves(state, progress)
    let ending: string | undefined
    const missed: Judged[] = []
    if (moves.every(({ kind }) => kind === 'anytime')) {
      simulation.restore(state.run)
      ending = endingOf(simulation.reader())
      for (const [index, condition] of goals.entries()) {
        const { holds, found } = evaluate(condition, view)
        if (!holds) missed.push({ judge: index, found })
      }
    }
    const steps: ExpansionStep[] = []
    const reached: Held[] = []
    const befores: RunState[] = []
    let isBroken = false
    for (const [option, move] of moves.entries()) {
      if (asleep.some((effect) => effect.move === nameOfMove(move))) continue
      const untried: (readonly number[])[] = [[]]
      for (let within = untried.pop(); within !== undefined; within = untried.pop()) {
        let carried: ReturnType<typeof carryOn>
        try {
          carried = carryOn(from, move, option, within)
        } catch (error) {
          steps.push(broken(error, from, option, within))
          befores.push(state.run)
          reached.push(from)
          isBroken = true
          continue
        }
        const { hash, violations } = carried
        for (let at = within.length; at < carried.came.length; at += 1)
          for (let other = 1; other < (carried.came[at] ?? 1); other += 1)
            untried.push([...within, ...Array.from({ length: at - within.length }, () => 0), other])
        const isNew = seen.find(hash.high, hash.low) < 0
        // Events are no part of a state, but some are what is looked for: every transition is looked at until they have been met.
        const looks = isNew || violations.length > 0 || unmet.length > 0
        steps.push({
          options: carried.options,
          within,
          high: hash.high,
          low: hash.low,
          at: simulation.now(),
          isAnytime: move.kind === 'anytime',
          violations,
          judged: looks ? judge() : noJudged,
          goals: isNew ? goalsHere() : 0,
        })
        befores.push(carried.before)
        reached.push(carried.reached)
      }
    }
    candidates.set(id, reached)
    const arrivals = isBroken ? undefined : arrivalsIn(state, moves, steps, asleep, befores, reached)
    return {
      id,
      at: state.run.now,
      ...(ending === undefined ? undefined : { ending }),
      missed,
      steps,
      ...(arrivals === undefined ? undefined : { arrivals }),
    }
  }

  const adopt = (states: readonly Adopted[]): void => {
    // In the order of their paths: what two neighbours share is walked once.
    const sorted = [...states].sort((left, right) => comparePaths(left.path, right.path))
    const walked: { readonly choice: Choice; readonly reached: Held }[] = []
    for (const { id, path } of sorted) {
      let shared = 0
      while (shared < walked.length && isSame(walked[shared]?.choice, path[shared])) shared += 1
      walked.length = shared
      let at = walked.at(-1)?.reached ?? root
      for (const choice of path.slice(shared)) {
        for (const [place, option] of choice.options.entries()) {
          const move = space.moves(at.state, at.progress)[option]
          if (move === undefined) throw new Error(`the path to state ${id} leads nowhere`)
          const { after, progress } = machine.carryOut(at.state, at.progress, move, place === 0 ? choice.within : [])
          at = { state: after, progress }
        }
        const hash = machine.hash(at.state, at.progress)
        seen.find(hash.high, hash.low)
        walked.push({ choice, reached: at })
      }
      held.set(id, at)
    }
  }

  return {
    root: { ...rootHash, goals: rootGoals },
    answer: ({ adopt: adopted, keep, leave = [], expand: ids, asleep = [], met }) => {
      unmet = judges.flatMap(({ kind }, index) => (kind === 'sometimes' && !met.includes(index) ? [index] : []))
      if (adopted.length > 0) adopt(adopted)
      for (const { from, step, id } of keep) {
        const state = candidates.get(from)?.[step]
        if (state !== undefined) held.set(id, state)
      }
      for (const id of leave) held.delete(id)
      candidates.clear()
      const asleepThere = new Map(asleep.map(({ id, moves }) => [id, moves]))
      return ids.map((id) => expand(id, asleepThere.get(id) ?? noneAsleep))
    },
    marks: () => [...simulation.sometimes()],
  }
}
