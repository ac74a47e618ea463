/** L10: when nobody does anything any more, the cluster falls silent. If it does not, what repeats is named: a hot loop has a cycle. */
import type { ClusterEvent } from '../../cluster/events.js'
import type { RecordedEvent } from '../../kernel/recorded-event.js'

export interface Unrest {
  readonly events: number
  /** What repeats, in order, shortest form: `statefulset-controller StatefulSetStatusChanged StatefulSet/default/web`. */
  readonly cycle: readonly string[]
  /** How often the cycle was seen at the end. */
  readonly repeats: number
}

export const labelOf = ({ actor, event }: RecordedEvent<ClusterEvent>): string =>
  `${actor} ${event.kind} ${'object' in event ? event.object : ''}`.trimEnd()

const cycleMax = 200

/** How often the last `length` labels repeat at the end. */
const repeatsOf = (labels: readonly string[], length: number): number => {
  let same = 0
  while (same + length < labels.length && labels[labels.length - 1 - same] === labels[labels.length - 1 - same - length]) same += 1
  return Math.floor(same / length) + 1
}

/**
 * `quiet` is the part of a log in which nothing came from outside. Events that repeat, heartbeats, probes and refusals (of what is tried again
 * after a growing back-off) are talk, not unrest.
 */
export const unrestIn = (quiet: readonly RecordedEvent<ClusterEvent>[]): Unrest | undefined => {
  const labels = quiet.filter((recorded) => !isTalk(recorded)).map(labelOf)
  if (labels.length === 0) return undefined
  for (let length = 1; length <= Math.min(cycleMax, Math.floor(labels.length / 2)); length += 1) {
    const repeats = repeatsOf(labels, length)
    if (repeats >= 3) return { events: labels.length, cycle: labels.slice(-length), repeats }
  }
  return { events: labels.length, cycle: [], repeats: 0 }
}

const talk: ReadonlySet<string> = new Set([
  'KubernetesEventRecorded',
  'KubernetesEventRepeated',
  'LeaseRenewed',
  'NodeStatusChanged',
  'ProbeAnswered',
  'CommandRejected',
])

export const isTalk = ({ event }: RecordedEvent<ClusterEvent>): boolean => talk.has(event.kind)
