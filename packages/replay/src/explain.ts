/** Why something happened, and why something did not: the chain of causes, and what the controllers wait for. */
import {
  claimNamesOf,
  entriesOf,
  parentAndOrdinalOf,
  readerOf,
  resourceOfName,
  splitObjectPath,
  subjectNameOf,
  type ClusterEvent,
  type ClusterState,
  type RecordedEvent,
  type StatefulSet,
} from '@statefold/core'
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
  /** The set that wants a Pod of this name, whether it is there or not: `statefulset/web`. */
  readonly wantedBy: string | undefined
  /** The newest event about the object, with its causes. */
  readonly chain: readonly Recorded[]
  /** Who waits for the object, or on whose account the object waits. */
  readonly waiting: readonly WaitingFor[]
  /** What was told about it (Warnings), newest last. */
  readonly warnings: readonly string[]
  /** Refused requests about it. */
  readonly refusals: readonly string[]
  /** For a name that the log never speaks of: names of its that are like it, or all there are. */
  readonly others: readonly string[]
}

/** Does the log speak of the object at all? */
export const isSpokenOf = ({ exists, wantedBy, chain, waiting, warnings, refusals }: Explanation): boolean =>
  exists || wantedBy !== undefined || chain.length > 0 || waiting.length > 0 || warnings.length > 0 || refusals.length > 0

const othersMax = 12

/** `Pod/default/web-0` → `pod/web-0`, as a user writes it. */
const writtenName = (path: string): string => {
  const { kind, name } = splitObjectPath(path)
  return `${kind.toLowerCase()}/${name}`
}

/** What people name first. */
const namedFirst = ['StatefulSet', 'Deployment', 'DaemonSet', 'Job', 'ReplicaSet', 'Pod', 'Service', 'PersistentVolumeClaim', 'Node']
const placeOfKind = (path: string): number => {
  const place = namedFirst.indexOf(splitObjectPath(path).kind)
  return place < 0 ? namedFirst.length : place
}

/** What a user may have meant: the objects of the log that people name, those that share most of the beginning first. */
const othersLike = (events: readonly Recorded[], name: string): readonly string[] => {
  const paths = new Set<string>()
  for (const { event } of events)
    if (event.kind !== 'KubernetesEventRecorded' && 'object' in event && typeof event.object === 'string') paths.add(event.object)
  const shared = (path: string): number => {
    const { name: other } = splitObjectPath(path)
    let count = 0
    while (count < name.length && name[count] === other[count]) count += 1
    return count
  }
  const told = [...paths].filter(
    (path) => !/^(?:Event|Lease|EndpointSlice|Endpoints|ControllerRevision|Namespace|ServiceAccount|ConfigMap)\//.test(path),
  )
  const best = Math.max(0, ...told.map(shared))
  // A beginning in common of less than three letters is chance.
  return told
    .map((path) => ({ path, like: best < 3 ? 0 : shared(path) }))
    .filter(({ like }) => best < 3 || like > best / 2)
    .sort((one, other) => other.like - one.like || placeOfKind(one.path) - placeOfKind(other.path) || (one.path < other.path ? -1 : 1))
    .slice(0, othersMax)
    .map(({ path }) => writtenName(path))
}

/** A name as a user writes it: `web-1`, `pod/web-1`, `po/web-1`. */
interface Asked {
  readonly name: string
  /** Undefined: any kind. */
  readonly kind: string | undefined
}

const askedFor = (written: string): Asked => {
  const slash = written.lastIndexOf('/')
  const resource = written.slice(0, Math.max(0, slash))
  return {
    name: written.slice(slash + 1),
    kind: slash < 0 ? undefined : (resourceOfName(resource)?.kind ?? resource),
  }
}

const isAsked = ({ name, kind }: Asked, path: string): boolean => {
  const found = splitObjectPath(path)
  return found.name === name && (kind === undefined || found.kind === kind)
}

const isAbout = (event: ClusterEvent, asked: Asked): boolean =>
  'object' in event && typeof event.object === 'string' && !event.object.startsWith('Event/') && isAsked(asked, event.object)

/** Names in a sentence. */
const wordsOf = (message: string): readonly string[] => message.split(/[^a-z0-9.-]+/).map((word) => word.replace(/\.$/, ''))

const isKeyOf = (name: string, key: string): boolean => key === name || key.endsWith(`/${name}`)

/** The StatefulSet that has a Pod of this name among those it wants. */
const setThatWants = (state: ClusterState, { name, kind }: Asked): StatefulSet | undefined => {
  const { parent, ordinal } = parentAndOrdinalOf(name)
  if (ordinal < 0 || (kind !== undefined && kind !== 'Pod')) return undefined
  return readerOf(state)
    .list('StatefulSet')
    .find(({ metadata, spec }) => {
      const place = ordinal - (spec.ordinals?.start ?? 0)
      return metadata.name === parent && place >= 0 && place < (spec.replicas ?? 1)
    })
}

/** Who waits for one of these, and then whom those wait for, as far as it goes. */
const waitsBehind = (all: readonly WaitingFor[], first: readonly string[]): readonly WaitingFor[] => {
  const found: WaitingFor[] = []
  const names = [...first]
  for (let next = names.shift(); next !== undefined; next = names.shift()) {
    for (const waiting of all) {
      if (found.includes(waiting) || !isKeyOf(next, waiting.key)) continue
      found.push(waiting)
      const { name } = splitObjectPath(waiting.on)
      if (name !== '') names.push(name)
    }
  }
  return found
}

const claimsBehind = (state: ClusterState, { name, kind }: Asked): readonly string[] =>
  kind !== undefined && kind !== 'Pod'
    ? []
    : readerOf(state)
        .list('Pod')
        .filter(({ metadata }) => metadata.name === name)
        .flatMap(claimNamesOf)

/** `name`: an object's name, perhaps with its kind (`pod/web-1`). */
export const explainObject = (events: readonly Recorded[], state: ClusterState, name: string): Explanation => {
  const asked = askedFor(name)
  const { name: bare } = asked
  const last =
    events.findLast(({ event }) => isAbout(event, asked) && describeEvent(event).telling) ??
    events.findLast(({ event }) => isAbout(event, asked))
  const exists = entriesOf(state.stores).some(
    ([kind, store]) =>
      kind !== 'Event' && (asked.kind === undefined || asked.kind === kind) && entriesOf(store.objects).some(([key]) => isKeyOf(bare, key)),
  )
  const all = waitingIn(state)
  // Who names it, and then whom those wait for, one step more.
  const isKnown = exists || last !== undefined
  const direct = all.filter(({ key, on }) => (isKnown || asked.kind === undefined ? isKeyOf(bare, key) : false) || isAsked(asked, on))
  const set = setThatWants(state, asked)
  // What is not there waits with its set; what is there, with its claims.
  const owner = bare.replace(/-\d+$/, '')
  const ofOwner = direct.length > 0 || !(isKnown || set !== undefined) ? [] : all.filter(({ key }) => key.endsWith(`/${owner}`))
  const behind = waitsBehind(all, [
    ...claimsBehind(state, asked),
    ...[...direct, ...ofOwner].map(({ on }) => splitObjectPath(on).name).filter((on) => on !== '' && on !== bare),
  ])
  const told = events.flatMap(({ event }) =>
    event.kind === 'KubernetesEventRecorded' &&
    event.type === 'Warning' &&
    (subjectNameOf(event) === bare || wordsOf(event.message).includes(bare))
      ? [`${event.reason}: ${event.message}`]
      : [],
  )
  const refusals = events.flatMap(({ event }) => (event.kind === 'CommandRejected' && isAsked(asked, event.on) ? [event.message] : []))
  const found = {
    object: bare,
    exists,
    wantedBy: set === undefined ? undefined : `statefulset/${set.metadata.name}`,
    chain: last === undefined ? [] : causesOf(events, last.seq),
    waiting: [...new Set([...direct, ...ofOwner, ...behind])],
    // Of a name alone every warning that names it counts; with a kind, only if there is or was such an object.
    warnings: isKnown || asked.kind === undefined ? [...new Set(told)].slice(-5) : [],
    refusals: [...new Set(refusals)].slice(-5),
    others: [],
  }
  return isSpokenOf(found) ? found : { ...found, others: othersLike(events, bare) }
}

export const formatExplanation = (explanation: Explanation): string => {
  const lines: string[] = []
  lines.push(
    `${explanation.object}: ${explanation.exists ? 'exists' : explanation.chain.length > 0 ? 'does not exist any more' : 'has never existed'}${explanation.exists || explanation.wantedBy === undefined ? '' : `; ${explanation.wantedBy} wants it`}`,
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
  if (!isSpokenOf(explanation))
    lines.push(
      '',
      'nothing in the log speaks of it',
      ...(explanation.others.length === 0 ? [] : [`there is: ${explanation.others.join(', ')}`]),
    )
  return `${lines.join('\n')}\n`
}
