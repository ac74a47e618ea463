/**
 * Rerun: executes what came from outside again, from the log's own records, and lets the same engine decide everything else. Verify compares
 * the two logs; fork continues from a turn end with other commands.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  createSimulation,
  makeControllers,
  overriddenChoose,
  seededChoose,
  type ClusterCommand,
  type ClusterEvent,
  type Controller,
  type Invariant,
  type RecordedEvent,
  type Simulation,
} from '@statefold/core'
import { eventLine, type LogHeader } from './log-file.js'

type Recorded = RecordedEvent<ClusterEvent>

export interface RerunOptions {
  readonly controllers?: readonly Controller[]
  readonly invariants?: readonly Invariant[]
  /** Rerun only the turns before this one. */
  readonly untilTurn?: number
  readonly keepLog?: boolean
}

/** A command as it was recorded. What `decide` accepts it checks itself. */
const commandOf = (recorded: Recorded): ClusterCommand | undefined =>
  recorded.event.kind === 'CommandReceived' ? (recorded.event.command as ClusterCommand) : undefined

export const rerun = (header: LogHeader, events: readonly Recorded[], options: RerunOptions = {}): Simulation => {
  const seeded = seededChoose(header.seed)
  const simulation = createSimulation({
    seed: header.seed,
    settings: header.settings,
    controllers: options.controllers ?? makeControllers(header.settings),
    choose: header.choices === undefined ? seeded : overriddenChoose(header.choices, seeded),
    ...(options.invariants === undefined ? undefined : { invariants: options.invariants }),
    ...(options.keepLog === undefined ? undefined : { keepLog: options.keepLog }),
  })
  const until = options.untilTurn ?? Number.MAX_SAFE_INTEGER
  const turns = (): number => simulation.state().turn
  for (const recorded of events) {
    if (recorded.turn >= until) break
    const command = commandOf(recorded)
    if (command === undefined) continue
    while (turns() < recorded.turn && simulation.step(recorded.at)) continue
    simulation.advanceTo(recorded.at)
    simulation.submit(command, recorded.actor)
  }
  const last = events.at(-1)
  const end = Math.min(until, (last?.turn ?? -1) + 1)
  while (turns() < end && simulation.step(last?.at)) continue
  return simulation
}

export interface Difference {
  readonly seq: number
  readonly recorded: string | undefined
  readonly again: string | undefined
  /** The last event that both share. */
  readonly shared: string | undefined
}

/** Where two logs part. */
export const firstDifference = (recorded: readonly Recorded[], again: readonly Recorded[]): Difference | undefined => {
  const length = Math.max(recorded.length, again.length)
  for (let index = 0; index < length; index += 1) {
    const [one, other] = [recorded[index], again[index]]
    const [left, right] = [
      one === undefined ? undefined : eventLine(one).trimEnd(),
      other === undefined ? undefined : eventLine(other).trimEnd(),
    ]
    if (left === right) continue
    const before = recorded[index - 1]
    return { seq: index, recorded: left, again: right, shared: before === undefined ? undefined : eventLine(before).trimEnd() }
  }
  return undefined
}

/** Right: the log says what the engine does. Left: the first difference. */
export const verifyLog = (
  header: LogHeader,
  events: readonly Recorded[],
  options: RerunOptions = {},
): E.Either<Difference, { readonly events: number; readonly simulation: Simulation }> => {
  const simulation = rerun(header, events, options)
  const difference = firstDifference(events, simulation.log().slice(0, events.length))
  return difference === undefined ? E.right({ events: events.length, simulation }) : E.left(difference)
}

/** A live run that stands at the end of the turn: submit other commands and let it go on. */
export const forkAt = (header: LogHeader, events: readonly Recorded[], turn: number, options: RerunOptions = {}): Simulation =>
  rerun(header, events, { ...options, untilTurn: turn + 1 })
