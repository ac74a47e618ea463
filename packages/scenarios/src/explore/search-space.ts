/**
 * What a search may choose, and what comes of a choice. One choice is a move (a look of a controller, a notification that arrives, a step of
 * the scenario, a fault, the passing of time) with what happens within it (the answer to a write, a process that ends between two writes).
 *
 * Order is free only among what the scope names; everything else that is ready acts at once, in the order of a normal run. What is ready takes
 * no time: the clock moves only when nothing is ready, to what is due next.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { AgendaItem, ApiFault, Choose, ClusterCommand, DueWork, Interference, Mood, RunState, Simulation } from '@statefold/core'
import { getAt } from '@statefold/core'
import type { ScenarioSearch, ScenarioStep } from '../format/scenario-codec.js'
import { NeverAtRest } from '../promises.js'
import type { Scenario } from '../scenario.js'
import { stepWords } from '../step-words.js'
import { performStep } from './perform-step.js'

export interface SearchScope {
  readonly order: readonly string[]
  readonly caches: readonly { readonly controller: string; readonly kind: string; readonly most: number }[]
  readonly crashes: { readonly controllers: readonly string[]; readonly most: number }
  readonly answers: { readonly controllers: readonly string[]; readonly are: readonly ApiFault[]; readonly most: number }
  readonly chance: readonly string[]
  readonly anytime: readonly ScenarioStep[]
  readonly anytimeMost: number
  readonly horizonMs: number
  readonly depth: number
}

/** Whose looks come in any order where the scenario does not say. */
export const defaultOrder: readonly string[] = ['statefulset-controller']

const scopeOf = (written: ScenarioSearch = {}): SearchScope => ({
  order: written.order ?? defaultOrder,
  caches: written.caches ?? [],
  crashes: written.crashes ?? { controllers: [], most: 0 },
  answers: written.answers ?? { controllers: [], are: [], most: 0 },
  chance: written.chance ?? [],
  anytime: written.anytime ?? [],
  anytimeMost: written.anytimeMost ?? (written.anytime ?? []).length,
  horizonMs: written.horizon ?? 60_000,
  depth: written.depth ?? 1_000,
})

/** How far a path has come with what the scope allows. Packed into one number by `codeOf`. */
export interface Progress {
  readonly stepsDone: number
  readonly crashes: number
  readonly answers: number
  /** Bit n: the n-th of `anytime` has been done. */
  readonly anytimeDone: number
}

export const noProgress: Progress = { stepsDone: 0, crashes: 0, answers: 0, anytimeDone: 0 }

export const codeOf = ({ stepsDone, crashes, answers, anytimeDone }: Progress): number =>
  stepsDone + 64 * (crashes + 128 * (answers + 128 * anytimeDone))

export type Move =
  | { readonly kind: 'take'; readonly item: AgendaItem<DueWork> }
  | { readonly kind: 'step' }
  | { readonly kind: 'anytime'; readonly index: number }
  | { readonly kind: 'restart'; readonly controller: string }

/** Time passes. */
export const isTick = (move: Move): boolean => move.kind === 'take' && move.item.work.kind === 'delayed'

export interface Moved {
  readonly progress: Progress
  /** The choices within the move that came up: how many options each had. */
  readonly within: readonly number[]
  /** In words, what was chosen within it: only what is not the ordinary way. */
  readonly happened: readonly string[]
  /** What was spent of the scope's bounds. */
  readonly spent: Pick<Progress, 'crashes' | 'answers'>
}

/** What came up within one look. */
type CameUp = Pick<Moved, 'within' | 'happened'> & Pick<Progress, 'crashes' | 'answers'>

/** A state as far as its moves go. */
export interface Position {
  readonly run: RunState
  /** As the simulation gives it. */
  readonly pending: readonly AgendaItem<DueWork>[]
}

export const positionOf = (simulation: Simulation): Position => ({ run: simulation.state(), pending: simulation.pending() })

export interface SearchSpace {
  readonly scope: SearchScope
  readonly steps: readonly ScenarioStep[]
  /** Wraps the draws of a simulation, so that streams in `chance` become choices. */
  readonly choose: (otherwise: Choose) => Choose
  /** Makes the caches lag. Once, where the search begins; then what acts at once has acted. */
  readonly begin: (simulation: Simulation) => void
  /** What can be done now, the most ordinary first. Empty: the path is over. */
  readonly moves: (position: Position, progress: Progress) => readonly Move[]
  readonly perform: (simulation: Simulation, progress: Progress, move: Move, forced: readonly number[]) => Moved
  readonly wordsOf: (move: Move, run: RunState, progress: Progress) => string
}

/** Steps up to and including the first `settle` are the way to where the search begins. */
export const searchStart = (steps: readonly ScenarioStep[]): number => steps.findIndex(({ settle }) => settle !== undefined) + 1

const ordinary: Mood = { name: '' }
/** The process may end, and nothing else is chosen. */
const mayEndAlone = 'ends 0 '

const isWrite = ({ kind }: ClusterCommand): boolean => kind !== 'GetObject' && kind !== 'RecordEvent' && kind !== 'ActOnWorld'

const countOfBits = (bits: number): number => {
  let count = 0
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1
  return count
}

/** Each outcome is a way of its own: nobody waits for thousands of millions. */
const outcomesMax = 1_000

/** So often something looks at once, and it is a hot loop: what has no free order comes to rest before anybody has a choice. */
const turnsAtOnceMax = 20_000

const keyOfWork = ({ work }: AgendaItem<DueWork>): string => (work.kind === 'deliver' ? work.informer : `${work.key} by ${work.controller}`)

export const makeSearchSpace = (scenario: Scenario): SearchSpace => {
  const { written } = scenario
  const scope = scopeOf(written.search)
  const start = searchStart(written.steps ?? [])
  const steps = (written.steps ?? []).slice(start)
  const free = new Set(scope.order)
  const crashing = new Set(scope.crashes.controllers)
  const answering = new Set(scope.answers.controllers)
  const chance = new Set(scope.chance)
  const informers = new Map(scope.caches.map(({ controller, kind, most }) => [`${controller} ${kind}`, most]))

  // The choices within the move under way.
  let forced: readonly number[] = []
  let within: number[] = []
  let happened: string[] = []
  let isMoving = false
  const pick = (options: number): number => {
    const chosen = forced[within.length] ?? 0
    within.push(options)
    return chosen < options ? chosen : 0
  }

  const hasTurn = ({ work }: AgendaItem<DueWork>): boolean => work.kind !== 'deliver' && free.has(work.controller)
  const tooFarBehind = (run: RunState, { work }: AgendaItem<DueWork>): boolean =>
    work.kind === 'deliver' && (getAt(run.informers, work.informer)?.underway.length ?? 0) > (informers.get(work.informer) ?? 0)

  // One for each of what may still happen: a text that is always the same one is found quickly.
  const moodsBefore: Mood[] = []
  const moodBefore = (mayEnd: boolean, mayBeAnswered: number): Mood =>
    (moodsBefore[2 * mayBeAnswered + (mayEnd ? 1 : 0)] ??= { name: `${mayEnd ? 'ends' : ''} ${mayBeAnswered} ` })

  let budget = { crashes: 0, answers: 0 }
  const during: Interference = {
    takesNoTime: true,
    moods: {
      of: (controller) => {
        const mayEnd = crashing.has(controller) && budget.crashes < scope.crashes.most
        const mayBeAnswered = answering.has(controller) ? scope.answers.most - budget.answers : 0
        if (!mayEnd && mayBeAnswered <= 0 && chance.size === 0)
          return crashing.has(controller) && scope.crashes.most > 0 ? { name: '', asIn: mayEndAlone } : ordinary
        const before = moodBefore(mayEnd, mayBeAnswered)
        if (forced.length <= within.length) return before
        const said = forced.slice(within.length)
        while (said.at(-1) === 0) said.pop()
        // (A look in which the process ends is over: how many more times it may end does not count.)
        const isEnd = mayEnd && mayBeAnswered <= 0 && chance.size === 0 && said.at(-1) === 1 && said.indexOf(1) === said.length - 1
        return { name: before.name + said.join(), ...(isEnd ? { endsAfter: { name: before.name, asked: said.length - 1 } } : undefined) }
      },
      asked: () => within.length,
      listen: () => {
        const [asked, told, had] = [within.length, happened.length, budget]
        return (): CameUp => ({
          within: within.slice(asked),
          happened: happened.slice(told),
          crashes: budget.crashes - had.crashes,
          answers: budget.answers - had.answers,
        })
      },
      comeUp: (choices) => {
        // What `listen` has answered.
        const cameUp = choices as CameUp
        within.push(...cameUp.within)
        happened.push(...cameUp.happened)
        if (cameUp.crashes > 0 || cameUp.answers > 0)
          budget = { crashes: budget.crashes + cameUp.crashes, answers: budget.answers + cameUp.answers }
      },
    },
    answer: (controller, command, path) => {
      if (budget.answers >= scope.answers.most || !answering.has(controller)) return undefined
      const are = scope.answers.are.filter(
        (fault) => fault !== 'conflict' || command.kind === 'ReplaceObject' || command.kind === 'PatchObject',
      )
      const fault = are[pick(are.length + 1) - 1]
      if (fault === undefined) return undefined
      budget = { ...budget, answers: budget.answers + 1 }
      happened.push(`${command.kind} ${path} is answered with ${fault}`)
      return fault
    },
    crashes: (controller, key, command) => {
      if (budget.crashes >= scope.crashes.most || !crashing.has(controller) || !isWrite(command) || pick(2) === 0) return false
      budget = { ...budget, crashes: budget.crashes + 1 }
      happened.push(`${controller} crashes after ${command.kind} in its look at ${key}`)
      return true
    },
  }

  /** What acts at once: everything ready that has no free order, and caches that are too far behind. */
  const settleAtOnce = (simulation: Simulation): void => {
    for (let turns = 0; ; turns += 1) {
      const run = simulation.state()
      const next = simulation
        .pending()
        .find((item) => item.work.kind !== 'delayed' && (item.work.kind === 'deliver' ? tooFarBehind(run, item) : !hasTurn(item)))
      if (next === undefined) return
      if (turns >= turnsAtOnceMax) throw new NeverAtRest(`${turns} looks at one moment and no end, the last at ${keyOfWork(next)}`)
      simulation.take(next, during)
    }
  }

  return {
    scope,
    steps,
    choose: (otherwise) => (address, options) => {
      if (!isMoving || options <= 1 || !chance.has(address.stream)) return otherwise(address, options)
      if (options > outcomesMax)
        throw new SearchRefused(`search.chance: ${address.stream} has ${options} outcomes; a search takes draws of at most ${outcomesMax}`)
      const chosen = pick(options)
      if (chosen > 0) happened.push(`${address.stream}: ${chosen} of ${options}`)
      return chosen
    },
    begin: (simulation) => {
      for (const { controller, kind } of scope.caches) simulation.submit({ kind: 'SetInformerLag', controller, objectKind: kind, lagMs: 1 })
      settleAtOnce(simulation)
    },
    moves: ({ run, pending }, progress) => {
      const moves: Move[] = []
      for (const item of pending) if (item.work.kind === 'ready') moves.push({ kind: 'take', item })
      const isAtRest = moves.length === 0
      for (const item of pending) if (item.work.kind === 'deliver') moves.push({ kind: 'take', item })
      for (const controller of crashing) if (getAt(run.cluster.stopped, controller) === true) moves.push({ kind: 'restart', controller })
      if (isAtRest) {
        const first = pending.find(({ work }) => work.kind === 'delayed')
        if (first !== undefined && first.dueAt <= run.now + scope.horizonMs) {
          const together = pending.filter(({ work, dueAt }) => work.kind === 'delayed' && dueAt <= Math.max(first.dueAt, run.now))
          const choosable = together.filter(hasTurn)
          for (const item of choosable.length > 0 ? choosable : [first]) moves.push({ kind: 'take', item })
        }
      }
      if (progress.stepsDone < steps.length) moves.push({ kind: 'step' })
      if (countOfBits(progress.anytimeDone) < scope.anytimeMost)
        for (let index = 0; index < scope.anytime.length; index += 1)
          if ((progress.anytimeDone & (1 << index)) === 0) moves.push({ kind: 'anytime', index })
      return moves
    },
    perform: (simulation, progress, move, choices) => {
      forced = choices
      within = []
      happened = []
      isMoving = true
      budget = { crashes: progress.crashes, answers: progress.answers }
      let { stepsDone, anytimeDone } = progress
      try {
        switch (move.kind) {
          case 'take':
            simulation.take(move.item, during)
            break
          case 'step': {
            const step = steps[stepsDone]
            const done =
              step === undefined ? E.right(undefined) : performStep(simulation, step, scenario.applied.get(start + stepsDone) ?? [])
            // What the step is about may be gone by then: that too is a moment.
            if (E.isLeft(done) && !done.left.startsWith('there is no'))
              throw new SearchRefused(`step ${start + stepsDone + 1}: ${done.left}`)
            stepsDone += 1
            break
          }
          case 'anytime': {
            const step = scope.anytime[move.index]
            const done = step === undefined ? E.right(undefined) : performStep(simulation, step, [])
            if (E.isLeft(done) && !done.left.startsWith('there is no'))
              throw new SearchRefused(`search.anytime[${move.index}]: ${done.left}`)
            anytimeDone |= 1 << move.index
            break
          }
          case 'restart':
            simulation.submit({ kind: 'RestartController', controller: move.controller })
        }
        settleAtOnce(simulation)
      } finally {
        isMoving = false
      }
      const spent = { crashes: budget.crashes - progress.crashes, answers: budget.answers - progress.answers }
      return { progress: { stepsDone, anytimeDone, ...budget }, within, happened, spent }
    },
    wordsOf: (move, run, progress) => {
      switch (move.kind) {
        case 'step':
          return `step ${start + progress.stepsDone + 1}: ${stepWords(steps[progress.stepsDone] ?? {})}`
        case 'anytime':
          return stepWords(scope.anytime[move.index] ?? {})
        case 'restart':
          return `${move.controller} starts again`
        case 'take': {
          const { work } = move.item
          if (work.kind === 'deliver') {
            const [controller = '', kind = ''] = work.informer.split(' ')
            const next = getAt(run.informers, work.informer)?.underway[0]
            return `${controller} hears of ${kind} ${next?.key ?? ''} (resourceVersion ${next?.rv ?? 0})`
          }
          const key = work.key.replace(/\/[0-9a-f-]{36}$/, '')
          return work.kind === 'delayed' ? `time passes: ${work.controller} looks at ${key}` : `${work.controller} looks at ${key}`
        }
      }
    },
  }
}

/** The scope asks for what a search cannot do: bad input, not a finding. */
export class SearchRefused extends Error {
  override readonly name = 'SearchRefused'
}
