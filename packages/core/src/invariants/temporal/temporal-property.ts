/** What must come true in the end: bounded liveness over simulated time, with what it waits for when it does not. */
import type { KubernetesObject } from '../../api/object.js'
import type { TurnSide } from '../observed-turn.js'

export interface Owed {
  /** `StatefulSet default/web` */
  readonly of: string
  /** One sentence: what is expected and what is found. */
  readonly message: string
  /** Whose causes explain it. */
  readonly about?: KubernetesObject | undefined
  /** Known without asking anybody. */
  readonly because?: string | undefined
}

export interface TemporalProperty {
  /** `eventually/scale-up-ends-ready` */
  readonly name: string
  /** One sentence. */
  readonly promise: string
  readonly expectation: 'eventually'
  /** How long after the last thing that came from outside it must have come true. */
  readonly withinMs: number
  /** What is not so yet. Nothing: it has come true. */
  readonly owed: (side: TurnSide) => readonly Owed[]
}

/** Something owed after its time. */
export interface Overdue {
  readonly property: string
  readonly of: string
  readonly message: string
  /** What it waits for, as one sentence. Absent: nobody can say, and so the property is broken. */
  readonly cause?: string
}
