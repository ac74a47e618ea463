/** The log for people: one line per event, with a lane for each Pod and causes indented. Columns and symbols: docs/reading-a-timeline.md. */
import { splitObjectPath, type ClusterEvent, type RecordedEvent } from '@statefold/core'
import { describeEvent, type Tone } from './describe-event.js'

export type LaneState = 'none' | 'pending' | 'scheduled' | 'running' | 'ready' | 'terminating' | 'failed'

export interface TimelineRow {
  readonly seq: number
  readonly turn: number
  readonly at: number
  readonly actor: string
  /** How many causes back the outside command is, at most 6. */
  readonly depth: number
  readonly lanes: readonly LaneState[]
  readonly text: string
  readonly tone: Tone
}

export interface Timeline {
  readonly lanes: readonly string[]
  readonly rows: readonly TimelineRow[]
}

export interface TimelineOptions {
  /** Every event, not only what a short story tells. */
  readonly all?: boolean
  /** Only events about this object name. */
  readonly about?: string
  readonly lanesMax?: number
  /** Headings, each before the first event with this seq or a later one. */
  readonly headings?: readonly { readonly seq: number; readonly at: number; readonly text: string }[]
}

const laneAfter = (kind: ClusterEvent['kind'], now: LaneState): LaneState => {
  switch (kind) {
    case 'PodCreated':
      return 'pending'
    case 'PodScheduled':
      return now === 'terminating' ? now : 'scheduled'
    case 'PodStarted':
    case 'PodBecameUnready':
      return now === 'terminating' ? now : 'running'
    case 'PodBecameReady':
      return now === 'terminating' ? now : 'ready'
    case 'PodDeletionRequested':
      return 'terminating'
    case 'PodFailed':
      return now === 'terminating' ? now : 'failed'
    case 'PodDeleted':
      return 'none'
    default:
      return now
  }
}

const depthMax = 6
const lanesMaxDefault = 10

/** `web-2` before `web-10`: by the words before the number, then by the number. */
const byOrdinal = (a: string, b: string): number => {
  const split = (name: string): readonly [string, number] => {
    const match = /^(.*?)-(\d+)$/.exec(name)
    return match === null ? [name, -1] : [match[1] ?? '', Number(match[2])]
  }
  const [[nameA, numberA], [nameB, numberB]] = [split(a), split(b)]
  return nameA === nameB ? numberA - numberB : nameA < nameB ? -1 : 1
}

const podOf = (event: ClusterEvent): string | undefined => {
  if (!('object' in event) || typeof event.object !== 'string' || !event.object.startsWith('Pod/')) return undefined
  const { namespace, name } = splitObjectPath(event.object)
  return namespace.startsWith('kube-') ? undefined : name
}

export const timelineOf = (events: readonly RecordedEvent<ClusterEvent>[], options: TimelineOptions = {}): Timeline => {
  const names = new Set<string>()
  for (const { event } of events) {
    const pod = event.kind === 'PodCreated' ? podOf(event) : undefined
    if (pod !== undefined) names.add(pod)
  }
  const all = [...names].sort(byOrdinal)
  const lanes = all.slice(0, options.lanesMax ?? lanesMaxDefault)
  const states = new Map<string, LaneState>()
  const depths = new Map<number, number>()
  const waitingOn = new Map<string, string>()
  const rows: TimelineRow[] = []
  const headings = [...(options.headings ?? [])].sort((a, b) => a.seq - b.seq)
  const addHeadings = (before: number): void => {
    for (let heading = headings[0]; heading !== undefined && heading.seq <= before; heading = headings[0]) {
      headings.shift()
      rows.push({
        seq: heading.seq,
        turn: -1,
        at: heading.at,
        actor: '',
        depth: 0,
        lanes: lanes.map((name) => states.get(name) ?? 'none'),
        text: `── ${heading.text}`,
        tone: 'faint',
      })
    }
  }
  for (const { seq, turn, at, causedBy, actor, event } of events) {
    addHeadings(seq)
    const depth = causedBy === null ? 0 : Math.min(depthMax, (depths.get(causedBy) ?? 0) + 1)
    depths.set(seq, depth)
    const pod = podOf(event)
    if (pod !== undefined) states.set(pod, laneAfter(event.kind, states.get(pod) ?? 'none'))
    if ((actor === 'bootstrap' || actor === 'import') && options.all !== true) continue
    const described = describeEvent(event)
    if (options.all !== true) {
      if (!described.telling) continue
      if (event.kind === 'WaitingChanged') {
        // Waiting for the same object for another reason is no news.
        const place = `${event.controller} ${event.key}`
        const on = event.waitingFor[0]?.on ?? ''
        if (waitingOn.get(place) === on) continue
        waitingOn.set(place, on)
      }
    }
    if (options.about !== undefined && !described.text.includes(options.about)) continue
    rows.push({
      seq,
      turn,
      at,
      actor,
      depth,
      lanes: lanes.map((name) => states.get(name) ?? 'none'),
      text: described.text,
      tone: described.tone,
    })
  }
  addHeadings(Number.MAX_SAFE_INTEGER)
  return { lanes, rows }
}

/** `0.000s`, `12.300s`, `2m14.300s`, `1h02m03s` */
export const formatTime = (at: number): string => {
  const hours = Math.floor(at / 3_600_000)
  const minutes = Math.floor(at / 60_000) % 60
  const seconds = Math.floor(at / 1_000) % 60
  const milliseconds = String(at % 1_000).padStart(3, '0')
  if (hours > 0) return `${hours}h${String(minutes).padStart(2, '0')}m${String(seconds).padStart(2, '0')}.${milliseconds}s`
  if (minutes > 0) return `${minutes}m${String(seconds).padStart(2, '0')}.${milliseconds}s`
  return `${seconds}.${milliseconds}s`
}

const symbols: Readonly<Record<LaneState, string>> = {
  none: '·',
  pending: '○',
  scheduled: '◔',
  running: '◑',
  ready: '●',
  terminating: '◌',
  failed: '✕',
}

export const legend = `${symbols.none} none  ${symbols.pending} pending  ${symbols.scheduled} scheduled  ${symbols.running} running  ${symbols.ready} ready  ${symbols.terminating} terminating  ${symbols.failed} failed`

/** How a piece of text is coloured; the identity in a pipe. */
export interface Paint {
  readonly tone: (tone: Tone, text: string) => string
  readonly lane: (state: LaneState, text: string) => string
}

export const plainPaint: Paint = { tone: (_, text) => text, lane: (_, text) => text }

/** Actors in a word: `statefulset-controller` is `statefulset`. */
const shortActor = (actor: string): string =>
  actor
    .replace(/-controller$/, '')
    .replace(/^default-scheduler$/, 'scheduler')
    .replace(/^example\.com\/.*/, 'provisioner')

export interface TimelineFormat {
  /** Longer lines are cut; without it they are as long as they are. */
  readonly columns?: number
}

const cutTo = (text: string, width: number): string => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`)

export const formatTimeline = (timeline: Timeline, paint: Paint = plainPaint, { columns }: TimelineFormat = {}): string => {
  const laneWidth = Math.max(1, ...timeline.lanes.map((lane) => lane.length))
  const wide = laneWidth * timeline.lanes.length <= 60
  const width = wide ? laneWidth : 1
  const actorWidth = Math.max(5, ...timeline.rows.map((row) => shortActor(row.actor).length))
  const timeWidth = Math.max(6, ...timeline.rows.map((row) => formatTime(row.at).length))
  const center = (text: string): string => {
    const left = Math.floor((width - 1) / 2)
    return `${' '.repeat(left)}${text}${' '.repeat(width - left - 1)}`
  }
  const lines: string[] = []
  const heads = wide
    ? timeline.lanes.map((lane) => lane.padEnd(width)).join(' ')
    : `${timeline.lanes[0] ?? ''} … ${timeline.lanes.at(-1) ?? ''}`.padEnd(timeline.lanes.length * 2 - 1)
  lines.push(`${'time'.padStart(timeWidth)}  ${heads}  ${'who'.padEnd(actorWidth)}  what`.trimEnd())
  let shown = ''
  for (const row of timeline.rows) {
    const time = formatTime(row.at)
    const lanes = row.lanes.map((state) => paint.lane(state, center(symbols[state]))).join(' ')
    const indent = '  '.repeat(Math.max(0, Math.min(row.depth, 4)))
    const before = timeWidth + 2 + row.lanes.length * (width + 1) + 1 + actorWidth + 2 + indent.length
    const words = columns === undefined ? row.text : cutTo(row.text, Math.max(20, columns - before))
    lines.push(
      `${(time === shown ? '' : time).padStart(timeWidth)}  ${lanes}  ${shortActor(row.actor).padEnd(actorWidth)}  ${indent}${paint.tone(row.tone, words)}`.trimEnd(),
    )
    shown = time
  }
  return `${lines.join('\n')}\n`
}
