/** What a search is asked, what it answers, and what it leaves behind to go on from. */
import type { SavedSleepers } from './sleepers.js'
import type { ClusterSettings, Controller, Invariant } from '@statefold/core'

/** Which of the options, and what within: the first; ticks may follow. */
export interface Choice {
  readonly options: readonly number[]
  readonly within: readonly number[]
}

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
  /** Where an earlier search of the same scenario stopped: this one goes on from there. */
  readonly resume?: SavedSearch
  /** False: states that differ in drawn names alone are different states. */
  readonly reduce?: boolean
  /**
   * False: nodes that nobody names are told apart all the same. True: they are not, though there are controllers or invariants of one's own
   * (which then may not care for a node's name).
   */
  readonly symmetry?: boolean
  /** False: moves that come to the same in either order are made in both. */
  readonly commuting?: boolean
  /** How many looks are remembered at a time, so that they are not carried out again; 0: none. */
  readonly remember?: number
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
  /** What a later search can go on from; there when a bound has ended this one. */
  readonly saved?: () => SavedSearch
  /** What made states fewer than they would be. */
  readonly reductions: readonly string[]
}

export interface SavedSearch {
  readonly savedSearch: 1
  readonly engine: string
  /** What it must fit: the scenario and the seed. */
  readonly fits: string
  readonly lean: boolean
  readonly depth: number
  readonly transitions: number
  readonly ends: number
  readonly endings: readonly string[]
  readonly marks: readonly string[]
  readonly findings: readonly Finding[]
  /** States of this depth that are still to be expanded, and those of the next that are known. */
  readonly level: readonly number[]
  readonly next: readonly number[]
  readonly choices: readonly Choice[]
  // One number for each state, in the order of their finding …
  readonly highs: readonly number[]
  readonly lows: readonly number[]
  readonly parents: readonly number[]
  readonly decisions: readonly number[]
  readonly goals: readonly number[]
  // … and one for each transition.
  readonly sources: readonly number[]
  readonly targets: readonly number[]
  readonly sleepers?: SavedSleepers
}
