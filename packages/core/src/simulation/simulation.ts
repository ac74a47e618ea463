/** What a simulation is, to those who run one, watch one, or search with one. */
import type { Observable } from 'rxjs'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import type { ApiFault } from '../cluster/engine-events.js'
import type { ClusterEvent } from '../cluster/events.js'
import type { Reader } from '../cluster/reader.js'
import type { ClusterSettings } from '../cluster/state.js'
import type { Controller, WatchNotification } from '../controllers/controller.js'
import type { Invariant, Violation } from '../invariants/invariant.js'
import type { AgendaItem } from '../kernel/agenda.js'
import type { Choose } from '../kernel/choose.js'
import type { RecordedEvent } from '../kernel/recorded-event.js'
import type { SimTime } from '../kernel/sim-time.js'
import type { DueWork } from '../cluster/pending-work.js'
import type { LookMemory } from './look-memory.js'
import type { RunState } from './run-state.js'

export type Recorded = RecordedEvent<ClusterEvent>

export interface IssuedCommand {
  readonly at: SimTime
  readonly turn: number
  readonly actor: string
  readonly command: ClusterCommand
  readonly result: ApiResult
}

export interface FoundViolation extends Violation {
  readonly seq: number
  readonly turn: number
  readonly at: SimTime
}

export interface SimulationOptions {
  readonly seed: number
  readonly settings: ClusterSettings
  readonly controllers: readonly Controller[]
  readonly invariants?: readonly Invariant[]
  /** Who answers choices; by default draws from the seed. */
  readonly choose?: Choose
  /** Continue from here instead of an empty cluster. */
  readonly from?: RunState
  /** Keep the events in memory (default true). */
  readonly keepLog?: boolean
  /**
   * For searches: what only tells and explains is left out (Events, what plans wait for, which event caused a look), and each object counts its
   * own versions, on through deletions. So two ways to one state make the very same objects, down to their uids.
   */
  readonly lean?: boolean
  /** For lean runs: looks that have been carried out once are not carried out again. */
  readonly looks?: LookMemory
}

/** What a driver of a search does to the one turn that it takes. */
export interface Interference {
  /** Writes keep no worker busy. */
  readonly takesNoTime?: boolean
  /** What becomes of a controller's write, instead of being answered as it should. */
  readonly answer?: (controller: string, command: ClusterCommand, path: string) => ApiFault | undefined
  /** The controller's process ends here, after the answer to this command and before the next. */
  readonly crashes?: (controller: string, key: string, command: ClusterCommand) => boolean
  /** For looks that are remembered; without it none is. */
  readonly moods?: Moods
}

/** How a driver is disposed towards a look, so that what came of one can stand for another. */
export interface Moods {
  /** For a look of this controller that begins now. */
  readonly of: (controller: string) => Mood
  /** How many choices have come up in this turn. */
  readonly asked: () => number
  /** Answers, when it is asked, what has come up since now; … */
  readonly listen: () => () => unknown
  /** … which comes up again. */
  readonly comeUp: (choices: unknown) => void
}

export interface Mood {
  /** Looks that are met in moods of one name are done alike to. */
  readonly name: string
  /** Nothing comes up now, and nothing was done to a look that was met in this mood. */
  readonly asIn?: string
  /** As in this mood until so many choices have come up; with the next the process ends. */
  readonly endsAfter?: { readonly name: string; readonly asked: number }
}

export interface Simulation {
  /** Every recorded event, published when its turn ends. */
  readonly events$: Observable<Recorded>
  /** The events of each turn together. */
  readonly turns$: Observable<readonly Recorded[]>
  /** Every command and its answer, published when its turn ends. */
  readonly commands$: Observable<IssuedCommand>
  /** Every change of a stored object, as an informer without lag sees it, published when its turn ends. */
  readonly changes$: Observable<WatchNotification>
  readonly options: SimulationOptions
  readonly state: () => RunState
  readonly now: () => SimTime
  /** The API's own view. */
  readonly reader: () => Reader
  /** The events recorded since this simulation began (with `keepLog`). */
  readonly log: () => readonly Recorded[]
  readonly violations: () => readonly FoundViolation[]
  /** The `sometimes` marks seen so far, by name. */
  readonly sometimes: () => ReadonlySet<string>
  /** A command from outside: a turn of its own, at the present instant. */
  readonly submit: (command: ClusterCommand, actor?: string) => ApiResult
  /** When the next turn is due, or undefined if nothing is. */
  readonly nextDueAt: () => SimTime | undefined
  /** One turn. False when nothing is due at or before `until`. */
  readonly step: (until?: SimTime) => boolean
  /**
   * What could go next if order were free, in the order of a normal run: every key that is ready, the next notification of every informer
   * that lags, and every delayed look. For searches.
   */
  readonly pending: () => readonly AgendaItem<DueWork>[]
  /** One turn out of order: takes this pending item now. Only a delayed look moves the clock, to its time if that is still to come. */
  readonly take: (item: AgendaItem<DueWork>, interference?: Interference) => void
  /** Goes on from that state; what was recorded and found so far is forgotten (marks are kept). */
  readonly restore: (run: RunState) => void
  /** All turns due up to and at this time; then it is that time. Stops early when `stop` says so (asked after each turn). */
  readonly runUntil: (time: SimTime, stop?: () => boolean) => void
  /** It is that time, without a turn: nothing may be due before. */
  readonly advanceTo: (time: SimTime) => void
  /** A second run that starts where this one is; the two share nothing that changes. */
  readonly fork: (changes?: Partial<SimulationOptions>) => Simulation
}
