/** Carries the moves of a search out, one state from another. */
import type { AgendaItem, DueWork, FoundViolation, RunState, Simulation, StateHash, StateHasher, StateSums } from '@statefold/core'
import { codeOf, type Move, type Moved, type Progress, type SearchSpace } from './search-space.js'

export interface SearchState {
  readonly run: RunState
  /** As the simulation gives it. */
  readonly pending: readonly AgendaItem<DueWork>[]
  readonly sums: StateSums
}

export interface CarriedOut extends Pick<Moved, 'progress' | 'within'> {
  /** The run that the move began from, as the simulation has it: what the move has left alone is the same instance in the run after it. */
  readonly before: RunState
  readonly after: SearchState
  readonly violations: readonly FoundViolation[]
}

export interface SearchMachine {
  readonly begin: () => SearchState
  /** The simulation then stands where the move has led. */
  readonly carryOut: (from: SearchState, progress: Progress, move: Move, within: readonly number[]) => CarriedOut
  readonly hash: (state: SearchState, progress: Progress) => StateHash
}

const none: readonly FoundViolation[] = []

export const makeSearchMachine = (simulation: Simulation, space: SearchSpace, hasher: StateHasher): SearchMachine => ({
  begin: () => {
    const run = simulation.state()
    return { run, pending: simulation.pending(), sums: hasher.sumsOf(run) }
  },
  carryOut: ({ run: from, sums }, progress, move, choices) => {
    simulation.restore(from)
    const before = simulation.state()
    const moved = space.perform(simulation, progress, move, choices)
    const run = simulation.state()
    const found = simulation.violations()
    return {
      before,
      after: { run, pending: simulation.pending(), sums: hasher.sumsAfter(sums, from, run) },
      progress: moved.progress,
      within: moved.within,
      violations: found.length === 0 ? none : found.slice(),
    }
  },
  hash: ({ sums, run, pending }, progress) => hasher.combine(sums, run, pending, codeOf(progress)),
})
