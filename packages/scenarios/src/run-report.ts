/** What came of a run: data only. Text for people is made in format-run-report.ts. */
import type { Unsettled } from './convergence.js'

export type Outcome = 'passed' | 'violated' | 'notConverged' | 'nondeterministic' | 'unknown'

export interface StepReport {
  readonly index: number
  /** `scale statefulset/web to 5` */
  readonly words: string
  readonly name?: string
  readonly startedAt: number
  /** The first event that can be the step's. */
  readonly seq: number
  readonly endedAt: number
  readonly outcome: 'done' | 'failed' | 'not reached'
  /** Expected and found, when it failed. */
  readonly message?: string
  /** The lines of a console step, with what they showed. */
  readonly commands?: readonly CommandReport[]
}

export interface CommandReport {
  readonly at: number
  readonly command: string
  readonly exit: number
  readonly shown: string
}

export interface ExpectationReport {
  readonly kind: 'always' | 'never' | 'eventually' | 'sometimes'
  readonly words: string
  readonly outcome: 'held' | 'failed' | 'not judged'
  /** When it first held, or when it broke. */
  readonly at?: number
  readonly seq?: number
  readonly found?: string
  readonly because?: string
}

export interface ViolationReport {
  readonly invariant: string
  readonly message: string
  readonly seq: number
  readonly turn: number
  readonly at: number
  /** The causes, the first first: `388 NodeBecameNotReady node-2`. */
  readonly causes: readonly string[]
  readonly hint?: string
}

export interface ObjectReport {
  /** `StatefulSet default/web` */
  readonly object: string
  readonly words: string
}

export interface WaitingReport {
  readonly controller: string
  readonly key: string
  readonly because: string
}

export interface OwedReport {
  /** `Pod default/web-1` */
  readonly of: string
  readonly message: string
  /** `web-1 waits for www-web-1, which waits for a volume of class fast; nothing provisions that class` */
  readonly cause?: string
}

export interface RunReport {
  readonly outcome: Outcome
  readonly title: string
  readonly lesson?: string
  readonly file: string
  readonly seed: number
  /** Simulated milliseconds at the end. */
  readonly at: number
  readonly events: number
  /** Those that recorded something, as a log has them. */
  readonly turns: number
  readonly steps: readonly StepReport[]
  readonly expectations: readonly ExpectationReport[]
  readonly violations: readonly ViolationReport[]
  readonly invariants: readonly string[]
  readonly objects: readonly ObjectReport[]
  /** What has not come true yet, with what it waits for: empty when the run passed. */
  readonly owed: readonly OwedReport[]
  /** What stands between two states at the end. */
  readonly unsettled: readonly Unsettled[]
  /** What controllers wait for at the end. */
  readonly waiting: readonly WaitingReport[]
  readonly storedKinds: readonly string[]
  /** The bound that ended the run, with outcome `unknown`. */
  readonly limit?: string
  /** One sentence that says why, when it did not pass. */
  readonly reason?: string
  /** The command that shows this again. */
  readonly again: string
}
