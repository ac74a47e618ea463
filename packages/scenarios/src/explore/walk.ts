/** One path through a search, chosen by addresses: what a recorded counterexample is replayed with. */
import type { Simulation } from '@statefold/core'
import { noProgress, positionOf, type Move, type SearchSpace } from './search-space.js'

/** How the choices of a path are addressed in a scenario's `choices`. What is not named takes the most ordinary option, 0. */
export const nextAddress = (decision: number): string => `search/next ${decision}`
export const withinAddress = (decision: number, index: number): string => `search/within ${decision}.${index}`

const decisionsMax = 10_000

export type Choices = Readonly<Record<string, number>>

const withinOf = (choices: Choices, decision: number): readonly number[] => {
  const chosen: number[] = []
  for (const [address, value] of Object.entries(choices)) {
    const [, wanted, index] = /^search\/within (\d+)\.(\d+)$/.exec(address) ?? []
    if (Number(wanted) === decision) chosen[Number(index)] = value
  }
  return Array.from(chosen, (value) => value ?? 0)
}

/** Walks from where the search begins to the end of the path. Left to itself nothing of `anytime` happens. */
export const walkSearch = (
  simulation: Simulation,
  space: SearchSpace,
  choices: Choices,
  onMove: (move: Move, decision: number) => void = () => undefined,
): number => {
  space.begin(simulation)
  let progress = noProgress
  for (let decision = 1; decision <= decisionsMax; decision += 1) {
    const moves = space.moves(positionOf(simulation), progress)
    const chosen = choices[nextAddress(decision)] ?? 0
    const move = moves[chosen] ?? moves[0]
    if (move === undefined || (move.kind === 'anytime' && choices[nextAddress(decision)] === undefined)) return decision - 1
    onMove(move, decision)
    progress = space.perform(simulation, progress, move, withinOf(choices, decision)).progress
  }
  return decisionsMax
}
