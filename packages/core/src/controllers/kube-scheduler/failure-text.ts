/** The sentences of a Pod that cannot be placed. Follows FitError.Error in pkg/scheduler/framework/types.go (and its preemption part). */

/** Why one node will not do. `resolvable`: evicting others could help. */
export interface Rejection {
  readonly reasons: readonly string[]
  readonly resolvable: boolean
}

export const noNodes = 'no nodes available to schedule pods'

const histogram = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort((left, right) => (left < right ? -1 : left > right ? 1 : 0))
    .join(', ')

const count = (counts: Map<string, number>, reason: string, by = 1): void => {
  counts.set(reason, (counts.get(reason) ?? 0) + by)
}

/** The whole Pod was rejected before any node was looked at. */
export const preFilterText = (nodeCount: number, message: string): string => `0/${nodeCount} nodes are available: ${message}. not found`

export interface FitFailure {
  readonly nodeCount: number
  /** Of each node that was looked at. */
  readonly rejections: readonly Rejection[]
  /** Nodes that were not even looked at, and why. */
  readonly absent?: { readonly count: number; readonly reason: string }
  readonly neverPreempts: boolean
  /** Others were evicted to make room: nothing more is said. */
  readonly cleared?: boolean
}

const notHelpful = 'Preemption is not helpful for scheduling'
const noVictims = 'No preemption victims found for incoming pod'

export const fitText = ({ nodeCount, rejections, absent, neverPreempts, cleared }: FitFailure): string => {
  const reasons = new Map<string, number>()
  const preemption = new Map<string, number>()
  for (const rejection of rejections) {
    for (const reason of rejection.reasons) count(reasons, reason)
    count(preemption, rejection.resolvable ? noVictims : notHelpful)
  }
  if (absent !== undefined && absent.count > 0) {
    count(reasons, absent.reason, absent.count)
    count(preemption, notHelpful, absent.count)
  }
  const failure = `0/${nodeCount} nodes are available: ${histogram(reasons)}.`
  if (cleared === true) return failure
  const tail = neverPreempts
    ? 'not eligible due to preemptionPolicy=Never.'
    : `0/${nodeCount} nodes are available: ${histogram(preemption)}.`
  return `${failure} no new claims to deallocate, preemption: ${tail}`
}

const messageMax = 1_024

/** Events are cut off. Follows truncateMessage in pkg/scheduler/schedule_one.go. */
export const truncated = (message: string): string => (message.length <= messageMax ? message : `${message.slice(0, messageMax - 4)} ...`)
