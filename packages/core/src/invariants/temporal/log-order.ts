/** C1 and A11, over a whole log: numbers have no gaps, time and turns never fall, causes come first. */
import type { ClusterEvent } from '../../cluster/events.js'
import type { RecordedEvent } from '../../kernel/recorded-event.js'

/** The first event that is out of order, in a sentence; undefined when there is none. */
export const findDisorder = (log: readonly RecordedEvent<ClusterEvent>[]): string | undefined => {
  const [first] = log
  let before = first
  for (const recorded of log) {
    const { seq, at, turn, causedBy, actor, event } = recorded
    const place = `event ${seq} (${event.kind})`
    if (actor === '') return `${place} does not say who did it`
    if (causedBy !== null && causedBy >= seq) return `${place} names event ${causedBy} as its cause; expected an earlier one`
    if (before !== undefined && before !== recorded) {
      if (seq !== before.seq + 1) return `${place} follows event ${before.seq}`
      if (at < before.at) return `${place} is at ${at} ms, after event ${before.seq} at ${before.at} ms; expected time never to fall`
      if (turn < before.turn) return `${place} is in turn ${turn}, after turn ${before.turn}`
      if (turn === before.turn && at !== before.at) return `${place} is at ${at} ms, but its turn ${turn} is at ${before.at} ms`
    }
    before = recorded
  }
  return undefined
}
