/**
 * How repeated messages become one Event that is counted up, and many similar ones become a combined one, and too many become none.
 * Follows EventCorrelator in client-go/tools/record/events_cache.go (EventAggregator, eventLogger, EventSourceObjectSpamFilter), and for
 * the scheduler's newer API recordToSink in client-go/tools/events/event_broadcaster.go. The memory of it is part of the state and a fold
 * of the recorded Events, one entry for each source and object.
 */
import { appended } from '../kernel/extended.js'
import { limits } from '../kernel/limits.js'
import { getAt, setAt, type PersistentMap } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'

/** Distinct messages of one type and reason in the window. */
interface SimilarGroup {
  readonly type: string
  readonly reason: string
  readonly messages: readonly string[]
  readonly lastAt: SimTime
}

/** What was told, and where its Event is. A combined Event is found by type and reason alone. */
interface Observed {
  readonly type: string
  readonly reason: string
  readonly isCombined: boolean
  readonly detail: string
  readonly message: string
  readonly path: string
}

// Short lists, not records: an object whose keys are data would have a hidden class of its own, and V8 keeps only so many of them.
export interface CorrelationEntry {
  readonly similar: readonly SimilarGroup[]
  readonly observed: readonly Observed[]
  /** The token bucket of the spam filter, in milliseconds of refill: each Event takes `refillMs`. */
  readonly tokensMs: number
  readonly filledAt: SimTime
}

// Differs from Kubernetes: nothing is forgotten; there a recorder keeps what it has told last of 4,096 (maxLruCacheEntries).
export type Correlation = PersistentMap<CorrelationEntry>

/** Burst of 25, then one every five minutes. */
const spamBurst = 25
const refillMs = 300_000

const fresh: CorrelationEntry = { similar: [], observed: [], tokensMs: spamBurst * refillMs, filledAt: 0 }

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

const groupIn = (entry: CorrelationEntry, { type, reason }: Telling): SimilarGroup | undefined => {
  for (const group of entry.similar) if (group.reason === reason && group.type === type) return group
  return undefined
}

const observedIn = (entry: CorrelationEntry, { type, reason, detail, message }: Telling, isCombined: boolean): Observed | undefined => {
  for (const observed of entry.observed)
    if (
      observed.isCombined === isCombined &&
      observed.reason === reason &&
      observed.type === type &&
      (isCombined || (observed.message === message && observed.detail === detail))
    )
      return observed
  return undefined
}

const noMessages: readonly string[] = []
const messagesOf = (group: SimilarGroup | undefined, now: SimTime): readonly string[] =>
  group === undefined || isExpired(group.lastAt, now) ? noMessages : group.messages

export const correlate = (correlation: Correlation, telling: Telling, now: SimTime): Correlated => {
  const entry = getAt(correlation, telling.source) ?? fresh
  if (telling.series) {
    const observed = observedIn(entry, telling, false)
    return observed === undefined
      ? { kind: 'new', message: telling.message }
      : { kind: 'repeat', path: observed.path, message: telling.message }
  }
  const messages = messagesOf(groupIn(entry, telling), now)
  const distinct = messages.includes(telling.message) ? messages.length : messages.length + 1
  const combined = distinct >= limits.eventSimilarMax
  const message = combined ? `(combined from similar events): ${telling.message}` : telling.message
  if (tokensAt(entry, now) < refillMs) return { kind: 'dropped' }
  const observed = observedIn(entry, telling, combined)
  return observed === undefined ? { kind: 'new', message } : { kind: 'repeat', path: observed.path, message }
}

const withObserved = (entry: CorrelationEntry, telling: Telling, isCombined: boolean, path: string): readonly Observed[] => {
  const known = observedIn(entry, telling, isCombined)
  if (known?.path === path) return entry.observed
  const { type, reason, detail, message } = telling
  const next = isCombined
    ? { type, reason, isCombined, detail: '', message: '', path }
    : { type, reason, isCombined, detail, message, path }
  return known === undefined ? appended(entry.observed, next) : entry.observed.map((other) => (other === known ? next : other))
}

/** Where a telling was recorded anew. */
export interface RecordedAt {
  readonly path: string
  readonly isCombined: boolean
}

/** What is known of the source after the telling was recorded as a new Event, or counted up (no `recordedAt`). */
export const rememberedEntry = (
  entry: CorrelationEntry = fresh,
  telling: Telling,
  recordedAt: RecordedAt | undefined,
  now: SimTime,
): CorrelationEntry => {
  const observed = recordedAt === undefined ? entry.observed : withObserved(entry, telling, recordedAt.isCombined, recordedAt.path)
  if (telling.series)
    return observed === entry.observed ? entry : { similar: entry.similar, observed, tokensMs: entry.tokensMs, filledAt: entry.filledAt }
  const { type, reason, message } = telling
  const group = groupIn(entry, telling)
  const messages = messagesOf(group, now)
  const known = messages.includes(message) || messages.length + 1 >= limits.eventSimilarMax
  const next = { type, reason, messages: known ? messages : appended(messages, message), lastAt: now }
  return {
    similar: group === undefined ? appended(entry.similar, next) : entry.similar.map((other) => (other === group ? next : other)),
    observed,
    tokensMs: tokensAt(entry, now) - refillMs,
    filledAt: now,
  }
}

/** The memory after the telling. */
export const remembered = (correlation: Correlation, telling: Telling, recordedAt: RecordedAt | undefined, now: SimTime): Correlation => {
  const before = getAt(correlation, telling.source)
  const after = rememberedEntry(before, telling, recordedAt, now)
  return after === (before ?? fresh) ? correlation : setAt(correlation, telling.source, after)
}
