/** The one small type that carries the idea: a command becomes a refusal or events, and an event becomes the next state. */
import type { Either } from 'fp-ts/lib/Either.js'
import type { Choose } from './choose.js'
import type { SimTime } from './sim-time.js'

export interface DecideContext {
  readonly now: SimTime
  readonly actor: string
  readonly choose: Choose
}

export interface Decider<State, Command, Event, Rejection> {
  readonly initialState: State
  /** Pure. The refusal is data; nothing is thrown. */
  readonly decide: (command: Command, state: State, context: DecideContext) => Either<Rejection, readonly Event[]>
  /** Pure and total: an event is a fact. */
  readonly reduce: (state: State, event: Event, at: SimTime) => State
}
