/** Why something happened, and why something did not: the chain of causes, and what the controllers wait for. */
import { entriesOf, splitObjectPath, type ClusterEvent, type ClusterState, type RecordedEvent } from '@statefold/core'
import { describeEvent } from './describe-event.js'
import { formatTime } from './timeline.js'

type Recorded = RecordedEvent<ClusterEvent>

/** The event and its causes, the first cause first. */
export const causesOf = (events: readonly Recorded[], seq: number): readonly Recorded[] => {
  const chain: Recorded[] = []
  const bySeq = new Map(events.map((recorded) => [recorded.seq, recorded]))
  for (let current = bySeq.get(seq); current !== undefined; current = current.causedBy === null ? undefined : bySeq.get(current.causedBy))
    chain.unshift(current)
  return chain
}

export interface WaitingFor {
  readonly controller: string
  readonly key: string
  readonly because: string
  readonly on: string
}

/** Everything that some controller waits for, in the order of controllers and keys. */
export const waitingIn = (state: ClusterState): readonly WaitingFor[] =>
  entriesOf(state.waiting).flatMap(([place, list]) => {
    const space = place.indexOf(' ')
    return list.map((waiting) => ({
      controller: place.slice(0, space),
      key: place.slice(space + 1),
      because: waiting.because,
      on: waiting.on,
    }))
  })

export interface Explanation {
  readonly object: string
  readonly exists: boolean
  /** The newest event about the object, with its causes. */
  readonly chain: readonly Recorded[]
  /** Who waits for the object, or on whose account the object waits. */
  readonly waiting: readonly WaitingFor[]
  /** What was told about it (Warnings), newest last. */
  readonly warnings: readonly string[]
  /** Refused requests about it. */
  readonly refusals: readonly string[]
}

const isAbout = (event: ClusterEvent, name: string): boolean =>
  'object' in event && typeof event.object === 'string' && !event.object.startsWith('Event/') && splitObjectPath(event.object).name === name

/** `name`: an object's name, perhaps with its kind (`pod/web-1`). */
export const explainObject = (events: readonly Recorded[], state: ClusterState, name: string): Explanation => {
  const bare = name.includes('/') ? name.slice(name.lastIndexOf('/') + 1) : name
  const last =
    events.findLast(({ event }) => isAbout(event, bare) && describeEvent(event).telling) ??
    events.findLast(({ event }) => isAbout(event, bare))
  const exists = entriesOf(state.stores).some(
    ([kind, store]) => kind !== 'Event' && entriesOf(store.objects).some(([key]) => key === bare || key.endsWith(`/${bare}`)),
  )
  const all = waitingIn(state)
  // Who names it, and then whom those wait for, one step more.
  const direct = all.filter(({ key, on }) => key.endsWith(bare) || on.endsWith(bare))
  const owner = bare.replace(/-\d+$/, '')
  const ofOwner = direct.length > 0 ? [] : all.filter(({ key }) => key.endsWith(`/${owner}`))
  const told = events.flatMap(({ event }) =>
    event.kind === 'KubernetesEventRecorded' &&
    event.type === 'Warning' &&
    (event.involved['name'] === bare || event.message.includes(bare))
      ? [`${event.reason}: ${event.message}`]
      : [],
  )
  const refusals = events.flatMap(({ event }) => (event.kind === 'CommandRejected' && event.on.endsWith(`/${bare}`) ? [event.message] : []))
  return {
    object: bare,
    exists,
    chain: last === undefined ? [] : causesOf(events, last.seq),
    waiting: [...direct, ...ofOwner],
    warnings: [...new Set(told)].slice(-5),
    refusals: [...new Set(refusals)].slice(-5),
  }
}

export const formatExplanation = (explanation: Explanation): string => {
  const lines: string[] = []
  lines.push(
    `${explanation.object}: ${explanation.exists ? 'exists' : explanation.chain.length > 0 ? 'does not exist any more' : 'has never existed'}`,
  )
  if (explanation.chain.length > 0) {
    lines.push('', 'what happened last, and why:')
    explanation.chain.forEach((recorded, index) => {
      lines.push(
        `  ${'  '.repeat(index)}${index === 0 ? '' : '└ '}${formatTime(recorded.at)}  #${recorded.seq}  ${recorded.actor}: ${describeEvent(recorded.event).text}`,
      )
    })
  }
  if (explanation.waiting.length > 0) {
    lines.push('', 'what is waited for:')
    for (const waiting of explanation.waiting) lines.push(`  ${waiting.controller} (${waiting.key}): ${waiting.because}`)
  }
  if (explanation.warnings.length > 0) lines.push('', 'warnings about it:', ...explanation.warnings.map((warning) => `  ${warning}`))
  if (explanation.refusals.length > 0)
    lines.push('', 'requests that were refused:', ...explanation.refusals.map((refusal) => `  ${refusal}`))
  if (explanation.chain.length === 0 && explanation.waiting.length === 0) lines.push('', 'nothing in the log speaks of it')
  return `${lines.join('\n')}\n`
}
