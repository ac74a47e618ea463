/**
 * How repeated messages become one Event that is counted up, and many similar ones become a combined one, and too many become none.
 * Follows EventCorrelator in client-go/tools/record/events_cache.go (EventAggregator, eventLogger, EventSourceObjectSpamFilter), and for
 * the scheduler's newer API recordToSink in client-go/tools/events/event_broadcaster.go. The memory of it is part of the state and a fold
 * of the recorded Events, one entry for each source and object.
 */
import { limits } from '../kernel/limits.js'
import { getAt, setAt, type PersistentMap } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'

export interface CorrelationEntry {
  /** Distinct messages of one reason and type in the window. */
  readonly similar: { readonly [reasonAndType: string]: { readonly messages: readonly string[]; readonly lastAt: SimTime } }
  /** Key of what was told → path of its Event. */
  readonly observed: { readonly [key: string]: string }
  /** The token bucket of the spam filter, in milliseconds of refill: each Event takes `refillMs`. */
  readonly tokensMs: number
  readonly filledAt: SimTime
}

export type Correlation = PersistentMap<CorrelationEntry>

/** Burst of 25, then one every five minutes. */
const spamBurst = 25
const refillMs = 300_000

const fresh: CorrelationEntry = { similar: {}, observed: {}, tokensMs: spamBurst * refillMs, filledAt: 0 }

export interface Telling {
  /** component/host/uid */
  readonly source: string
  readonly type: string
  readonly reason: string
  readonly message: string
  /** What else makes it another Event: the involved object's resourceVersion (new API only) and field path. */
  readonly detail: string
  /** The newer events API: no aggregation, no spam filter, counted as a series. */
  readonly series: boolean
}

/** `action` is there with the newer events API only. */
export const detailOf = (involved: Readonly<Record<string, string>>, action: string | undefined): string =>
  action === undefined ? (involved['fieldPath'] ?? '') : `${involved['resourceVersion'] ?? ''} ${action}`

export type Correlated =
  | { readonly kind: 'new'; readonly message: string }
  | { readonly kind: 'repeat'; readonly path: string; readonly message: string }
  | { readonly kind: 'dropped' }

const isExpired = (lastAt: SimTime, now: SimTime): boolean => now - lastAt > limits.eventWindowMs

/** The bucket's content at `now`. */
const tokensAt = (entry: CorrelationEntry, now: SimTime): number => {
  const filled = entry.tokensMs + (now - entry.filledAt)
  return filled > spamBurst * refillMs ? spamBurst * refillMs : filled
}

const groupOf = (telling: Telling): string => `${telling.type} ${telling.reason}`
const fullKey = (telling: Telling): string => `${groupOf(telling)} ${telling.detail} ${telling.message}`

/** What tells one Event from another. Many similar messages are one. */
export const keyOfTelling = (telling: Telling, isCombined: boolean): string =>
  isCombined ? `combined ${groupOf(telling)}` : fullKey(telling)

export const correlate = (correlation: Correlation, telling: Telling, now: SimTime): Correlated => {
  const entry = getAt(correlation, telling.source) ?? fresh
  if (telling.series) {
    const key = fullKey(telling)
    const path = entry.observed[key]
    return path === undefined ? { kind: 'new', message: telling.message } : { kind: 'repeat', path, message: telling.message }
  }
  const group = entry.similar[groupOf(telling)]
  const messages = group === undefined || isExpired(group.lastAt, now) ? [] : group.messages
  const distinct = messages.includes(telling.message) ? messages.length : messages.length + 1
  const combined = distinct >= limits.eventSimilarMax
  const message = combined ? `(combined from similar events): ${telling.message}` : telling.message
  const key = keyOfTelling(telling, combined)
  if (tokensAt(entry, now) < refillMs) return { kind: 'dropped' }
  const path = entry.observed[key]
  return path === undefined ? { kind: 'new', message } : { kind: 'repeat', path, message }
}

/** The memory after the telling was recorded at `path` under `key` (both '' for a repeat). */
export const remembered = (correlation: Correlation, telling: Telling, key: string, path: string, now: SimTime): Correlation => {
  const entry = getAt(correlation, telling.source) ?? fresh
  const observed = path === '' || entry.observed[key] === path ? entry.observed : { ...entry.observed, [key]: path }
  if (telling.series) return observed === entry.observed ? correlation : setAt(correlation, telling.source, { ...entry, observed })
  const name = groupOf(telling)
  const group = entry.similar[name]
  const messages = group === undefined || isExpired(group.lastAt, now) ? [] : group.messages
  const known = messages.includes(telling.message) || messages.length + 1 >= limits.eventSimilarMax
  return setAt(correlation, telling.source, {
    similar: { ...entry.similar, [name]: { messages: known ? messages : [...messages, telling.message], lastAt: now } },
    observed,
    tokensMs: tokensAt(entry, now) - refillMs,
    filledAt: now,
  })
}
