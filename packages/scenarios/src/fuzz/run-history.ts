/**
 * Runs histories: each from the state in which its cluster has come to rest, all invariants on. What a history has shown and what it has broken is
 * all that remains of it; the same history gives the same answer in every process.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  createSimulation,
  isJsonObject,
  makeControllers,
  seededChoose,
  type ClusterSettings,
  type Controller,
  type Invariant,
  type JsonObject,
  type Recorded,
  type RunState,
  type Simulation,
} from '@statefold/core'
import { prepare } from '../explore/prepare.js'
import { commandsOfStep } from '../explore/perform-step.js'
import type { Problem } from '../format/problem.js'
import type { PlacedManifest } from '../format/read-manifests.js'
import type { ClusterShape, Deed, FuzzHistory } from '../format/history-codec.js'
import type { ScenarioStep } from '../format/scenario-codec.js'
import { assertionProperty, brokenPromisesIn, convergenceMs, hotLoopIn, hotLoopProperty, hotLoopWindow, wordsOfError } from '../promises.js'
import { settingsOf } from '../run-scenario.js'
import type { Scenario } from '../scenario.js'
import { abstractState } from './abstract-state.js'
import { healingSteps, stepOfDeed, type Scene } from './deeds.js'
import { manifestsOfSet } from './manifests-of-set.js'
import { forces, isMeantToBreak } from './meant-to-break.js'
import { scenarioOfCluster, setUpOf } from './scenario-of-history.js'

export interface Broken {
  readonly property: string
  readonly message: string
  /** All that was done until then, with the time before each. */
  readonly steps: readonly ScenarioStep[]
  /** How long it took to show after the last of them. */
  readonly afterMs: number
}

export interface HistoryOutcome {
  /** Commands and faults that were done. */
  readonly commands: number
  readonly events: number
  /** What it looked like after each pause, and after how many deeds that was. */
  readonly states: readonly number[]
  readonly places: readonly number[]
  readonly marks: readonly string[]
  /** Violations that forced deletion is meant to bring about. */
  readonly meant: number
  /** The first violations, of one event. */
  readonly broken: readonly Broken[]
}

export interface HistoryRunnerOptions {
  /** The cluster and sets of histories that name none. */
  readonly scenario?: Scenario
  readonly seed?: number
  readonly invariants?: readonly Invariant[]
  readonly controllers?: (settings: ClusterSettings) => readonly Controller[]
}

export interface HistoryRunner {
  /**
   * `converges`: in the end all faults are healed and the cluster has to come to what is wanted, or to say what it waits for. `forksAt`: the moment
   * after so many deeds is kept for a while, and histories that begin with these go on from there. They show the same as from their beginning.
   */
  readonly run: (history: FuzzHistory, converges: boolean, forksAt?: number) => HistoryOutcome
  /** What these steps break. */
  readonly replay: (cluster: ClusterShape | undefined, steps: readonly ScenarioStep[], converges: boolean) => readonly Broken[]
}

/** After the last deed. */
const afterwardsMs = 30_000
/** Some promises have longer than that. */
const patienceMs = 2 * convergenceMs
/** The longest back-off of a work queue. */
const retryMs = 1_000_000
const retriesMax = 50
/** Families that begin as one of the last ones did have their moments. */
const forksMax = 64
/** More events than this for one deed on average, and the history is a hot loop. */
const eventsPerDeedMax = 400

/** Runs what happens in all clusters of the same settings, one history at a time: an engine of its own for each of 200 shapes takes four times the memory. */
interface Engine {
  readonly simulation: Simulation
  /** Marks of the history under way. */
  readonly marks: Set<string>
  /** Which chance the history to come draws from. */
  readonly drawAs: (chance: number) => void
}

interface Stage {
  readonly engine: Engine
  readonly chance: number
  readonly root: RunState
  readonly sets: readonly JsonObject[]
}

/** How far a run has come, and what it has shown. */
interface Moment {
  readonly state: RunState
  readonly marks: readonly string[]
  readonly steps: readonly ScenarioStep[]
  readonly meant: number
  readonly done: number
  readonly isForced: boolean
  readonly waited: number
}

/** The moment in which a family of histories forks. */
interface Fork {
  readonly history: FuzzHistory
  readonly deeds: number
  readonly moment: Moment
  readonly states: readonly number[]
  readonly places: readonly number[]
}

const isSameDeed = (one: Deed, other: Deed | undefined): boolean =>
  one === other || (one.do === other?.do && one.which === other.which && one.how === other.how && one.after === other.after)

const beginsAs = (history: FuzzHistory, { history: forked, deeds }: Fork): boolean =>
  history.deeds.length >= deeds &&
  history.deeds.every((deed, at) => at >= deeds || isSameDeed(deed, forked.deeds[at])) &&
  JSON.stringify([history.cluster, history.sets]) === JSON.stringify([forked.cluster, forked.sets])

const placed = (object: JsonObject): PlacedManifest => {
  const place = (): { readonly line: number; readonly column: number } => ({ line: 1, column: 1 })
  return { file: 'history', object, text: JSON.stringify(object), placeOf: place, placeOfKey: place }
}

const manifestsOf = ({ apply }: ScenarioStep): readonly PlacedManifest[] =>
  Array.isArray(apply) ? apply.filter(isJsonObject).map(placed) : []

/**
 * A mark that was seen need not be looked for again in this history, but in the next one it is: what a history shows does not depend on those that ran
 * before it. So the engine, which forgets a mark for good once it was hit, is not told.
 */
const onceEach = (invariants: readonly Invariant[], marks: Set<string>): readonly Invariant[] =>
  invariants.map((invariant) =>
    invariant.expectation !== 'sometimes'
      ? invariant
      : {
          ...invariant,
          expectation: 'always' as const,
          check: (observation) => {
            if (marks.has(invariant.name)) return undefined
            const found = invariant.check(observation)
            if (found !== undefined) marks.add(invariant.name)
            return undefined
          },
        },
  )

const isSet = (object: JsonObject): boolean => object['kind'] === 'StatefulSet'

export class CannotBegin extends Error {
  override readonly name = 'CannotBegin'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems[0]?.message ?? 'the cluster cannot be set up')
    this.problems = problems
  }
}

export const makeHistoryRunner = (options: HistoryRunnerOptions = {}): HistoryRunner => {
  const { invariants = allInvariants, controllers = makeControllers, scenario, seed = 1 } = options
  const stages = new Map<string, Stage>()
  const engines = new Map<string, Engine>()

  const engineOf = (chance: number, settings: ClusterSettings, judges: readonly Invariant[]): Engine => {
    const key = JSON.stringify([settings, judges.map(({ name }) => name)])
    let engine = engines.get(key)
    if (engine === undefined) {
      const marks = new Set<string>()
      let choose = seededChoose(chance)
      engine = {
        marks,
        drawAs: (other) => {
          choose = seededChoose(other)
        },
        simulation: createSimulation({
          seed: chance,
          settings,
          controllers: controllers(settings),
          invariants: onceEach(judges, marks),
          choose: (address, from) => choose(address, from),
          keepLog: false,
        }),
      }
      engines.set(key, engine)
    }
    return engine
  }

  const build = (cluster: ClusterShape | undefined): Stage => {
    const base = cluster === undefined ? (scenario === undefined ? undefined : setUpOf(scenario)) : scenarioOfCluster(cluster)
    if (base === undefined) throw new CannotBegin([{ file: 'history', line: 1, column: 1, message: 'it names no cluster' }])
    const chance = cluster?.chance ?? seed
    const excepted = new Set(base.written.invariants?.except ?? [])
    const judges = invariants.filter(({ name }) => !excepted.has(name))
    const prepared = prepare(base, chance, judges, controllers)
    if (E.isLeft(prepared)) throw new CannotBegin(prepared.left)
    return {
      engine: engineOf(chance, settingsOf(base.written.cluster), judges),
      chance,
      root: prepared.right.state(),
      sets: [...base.manifests, ...[...base.applied.values()].flat()].map(({ object }) => object).filter(isSet),
    }
  }

  const stageOf = (cluster: ClusterShape | undefined): Stage => {
    const key = cluster === undefined ? '' : JSON.stringify(cluster)
    let stage = stages.get(key)
    if (stage === undefined) {
      stage = build(cluster)
      if (stages.size > 256) stages.clear()
      stages.set(key, stage)
    }
    const { engine, chance, root } = stage
    engine.drawAs(chance)
    engine.simulation.restore(root)
    engine.marks.clear()
    return stage
  }

  /** One run under way: what was done, what was found. */
  const begin = (cluster: ClusterShape | undefined, deeds: number, watchesForLoops: boolean) => {
    const stage = stageOf(cluster)
    const { root } = stage
    const { simulation, marks } = stage.engine
    const eventsMax = root.seq + 20_000 + deeds * eventsPerDeedMax
    const steps: ScenarioStep[] = []
    const broken: Broken[] = []
    let meant = 0
    let done = 0
    let judged = 0
    let isForced = false
    let waited = 0
    // What has happened since something last came from outside, as far as it is looked at for what repeats.
    let lately: Recorded[] = []
    let loop: string | undefined
    const watching = watchesForLoops
      ? simulation.turns$.subscribe((events) => {
          for (const event of events) lately.push(event)
          if (lately.length < hotLoopWindow) return
          loop ??= hotLoopIn(lately)
          lately = []
        })
      : undefined
    const stop = (): boolean => simulation.violations().length > judged || loop !== undefined || simulation.state().seq > eventsMax
    const breaks = (property: string, message: string): void => {
      broken.push({ property, message, steps: [...steps], afterMs: waited })
    }
    const judge = (): void => {
      const violations = simulation.violations()
      for (; judged < violations.length && broken.length === 0; judged += 1) {
        const first = violations[judged]
        if (first === undefined) continue
        if (isMeantToBreak(first.invariant, isForced)) {
          meant += 1
          continue
        }
        for (const { invariant, message, seq } of violations.slice(judged))
          if (seq === first.seq && !isMeantToBreak(invariant, isForced)) breaks(invariant, message)
      }
      if (broken.length > 0) return
      if (loop !== undefined) breaks(hotLoopProperty, loop)
      else if (simulation.state().seq > eventsMax)
        breaks(hotLoopProperty, `more than ${eventsMax - root.seq} events in a history of ${deeds} commands and faults`)
    }
    const pass = (milliseconds: number): void => {
      const until = simulation.now() + milliseconds
      const began = simulation.now() - waited
      // Violations that are meant do not end it.
      while (broken.length === 0 && simulation.now() < until) {
        try {
          simulation.runUntil(until, stop)
        } finally {
          waited = simulation.now() - began
        }
        if (stop()) judge()
      }
    }
    const perform = (step: ScenarioStep): void => {
      const commands = commandsOfStep(step, manifestsOf(step), simulation.reader())
      if (E.isLeft(commands)) return
      if (forces(step)) isForced = true
      steps.push(waited > 0 ? { ...step, after: waited } : step)
      waited = 0
      lately = []
      for (const command of commands.right) simulation.submit(command)
      done += 1
      if (stop()) judge()
    }
    /** An assertion of the engine is a finding; the simulation that ran into it is of no use any more. */
    const guarded = (work: () => void): void => {
      try {
        work()
      } catch (error) {
        if (error instanceof CannotBegin) throw error
        stages.clear()
        engines.clear()
        breaks(assertionProperty, wordsOfError(error))
      } finally {
        watching?.unsubscribe()
      }
    }
    const end = (converges: boolean): void => {
      if (broken.length === 0) pass(afterwardsMs)
      if (!converges || broken.length > 0) return
      for (const step of healingSteps(simulation.state(), simulation.reader())) if (broken.length === 0) perform(step)
      let quietMs = 0
      const waitMore = (milliseconds: number): void => {
        pass(milliseconds)
        quietMs += milliseconds
      }
      const owed = (forMs: number) => (broken.length === 0 ? brokenPromisesIn(simulation.state(), forMs) : [])
      const isAmiss = (): boolean => owed(Number.POSITIVE_INFINITY).length > 0
      if (broken.length === 0) waitMore(convergenceMs)
      // Only where something is amiss it is worth the while to wait for what has longer than that.
      if (isAmiss() && owed(quietMs).length === 0) waitMore(patienceMs - convergenceMs)
      // Writes are still to fail, and what fails is tried again after up to 1,000 s.
      for (let more = 0; simulation.state().cluster.apiFaults.length > 0 && more < retriesMax && isAmiss(); more += 1) waitMore(retryMs)
      for (const { property, message } of owed(quietMs)) breaks(property, message)
    }
    const moment = (): Moment => ({ state: simulation.state(), marks: [...marks], steps: [...steps], meant, done, isForced, waited })
    /** False if this run would have been ended before. */
    const goOnFrom = (from: Moment): boolean => {
      if (from.state.seq > eventsMax) return false
      simulation.restore(from.state)
      for (const mark of from.marks) marks.add(mark)
      steps.push(...from.steps)
      ;({ meant, done, isForced, waited } = from)
      return true
    }
    return {
      stage,
      broken,
      moment,
      goOnFrom,
      pass,
      perform,
      guarded,
      end,
      done: (): number => done,
      outcome: (states: readonly number[], places: readonly number[]): HistoryOutcome => ({
        commands: done,
        events: simulation.state().seq - root.seq,
        states,
        places,
        marks: [...marks].sort((left, right) => (left < right ? -1 : 1)),
        meant,
        broken,
      }),
    }
  }

  /** What cannot be done is done otherwise, so that a history has as many commands and faults as it has deeds. */
  const stepOf = (scene: Scene, deed: Deed): ScenarioStep =>
    stepOfDeed(scene, deed) ??
    stepOfDeed(scene, { ...deed, do: 'scale' }) ??
    stepOfDeed(scene, { ...deed, do: 'create-set' }) ??
    stepOfDeed(scene, { ...deed, do: 'lag' }) ?? { sleep: 0 }

  const forks: Fork[] = []

  const longest = (history: FuzzHistory): Fork | undefined => {
    let found: Fork | undefined
    for (const fork of forks) if (fork.deeds > (found?.deeds ?? -1) && beginsAs(history, fork)) found = fork
    return found
  }

  const keep = (fork: Fork): void => {
    forks.push(fork)
    if (forks.length > forksMax) forks.shift()
  }

  return {
    run: (asked, converges, forksAt) => {
      const { cluster, sets, deeds } = asked
      const history = begin(cluster, deeds.length, false)
      const { simulation } = history.stage.engine
      const manifests = (sets ?? []).flatMap(manifestsOfSet)
      const makeable = [...history.stage.sets, ...manifests.filter(isSet)]
      const fork = longest(asked)
      const from = fork !== undefined && history.goOnFrom(fork.moment) ? fork : undefined
      const states = [...(from?.states ?? [])]
      const places = [...(from?.places ?? [])]
      const begun = from?.deeds ?? 0
      history.guarded(() => {
        if (from === undefined)
          for (const manifest of manifests) if (history.broken.length === 0) history.perform({ apply: [manifest as never] })
        for (const [index, deed] of deeds.entries()) {
          if (index < begun) continue
          if (history.broken.length > 0) break
          if (index === forksAt && index > begun)
            keep({ history: asked, deeds: index, moment: history.moment(), states: [...states], places: [...places] })
          if (deed.after !== undefined && deed.after > 0) {
            history.pass(deed.after)
            if (history.broken.length > 0) break
            states.push(abstractState(simulation.state(), simulation.reader()))
            places.push(index)
          }
          history.perform(stepOf({ run: simulation.state(), reader: simulation.reader(), sets: makeable }, deed))
        }
        history.end(converges)
        states.push(abstractState(simulation.state(), simulation.reader()))
        places.push(deeds.length)
      })
      return history.outcome(states, places)
    },
    replay: (cluster, steps, converges) => {
      const history = begin(cluster, steps.length, true)
      history.guarded(() => {
        for (const step of steps) {
          if (history.broken.length > 0) break
          if (step.after !== undefined && step.after > 0) history.pass(step.after)
          if (history.broken.length === 0) history.perform(step)
        }
        history.end(converges)
      })
      return history.broken
    },
  }
}
