/**
 * Which nodes a search need not tell apart: those that nobody names. Any of them could be any other, as long as every choice among nodes is a choice
 * of the search: what one of them can do, then all can.
 */
import { entriesOf, interchangeableMax, isNamedIn, type Simulation } from '@statefold/core'
import type { Scenario } from '../scenario.js'
import type { SearchScope } from './search-space.js'

/** The draw among nodes that suit a Pod equally well. */
const drawAmongNodes = 'kube-scheduler/tie'

/** None, or at least two; in their order. */
export const interchangeableNodes = (
  { written, applied }: Scenario,
  { chance }: SearchScope,
  simulation: Simulation,
): readonly string[] => {
  if (!chance.includes(drawAmongNodes)) return []
  const nodes = entriesOf(simulation.state().cluster.world.machines).map(([node]) => node)
  // How the nodes are is in the state; what is still going to be said of them is here.
  const { cluster: _cluster, manifests: _manifests, ...told } = written
  const words = JSON.stringify([told, [...applied]])
  const unnamed = nodes.filter((node) => !isNamedIn(node, words) && !nodes.some((other) => other !== node && isNamedIn(node, other)))
  return unnamed.length < 2 ? [] : unnamed.slice(0, interchangeableMax)
}
