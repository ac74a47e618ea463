/**
 * Folds the lines of a log whose digests are right, and looks only into those that matter in the end. What happened to a Pod that is gone is
 * not parsed: its lines wait beside the state and are dropped when it goes. What is read is folded with `reduce` like any event, so the state
 * is the same as if every line had been (a property test says so); of a line that is dropped only its digest was checked.
 */
import * as E from 'fp-ts/lib/Either.js'
import { afterProcessesOfOnePod, ClusterEvent, getAt, initialState, reduce, type ClusterSettings, type ClusterState } from '@statefold/core'
import { kindsOf } from './codec-guard.js'
import { strangeEvent, type LogProblem, type ReadTurns } from './log-body.js'
import { actorFields, factOf, withoutEnvelope } from './log-file.js'

const knownKinds: ReadonlySet<string> = new Set(kindsOf(ClusterEvent))

/** What objects may be like, as it was at some time. */
type Models = Pick<ClusterState, 'prototypes' | 'likenesses'>

/** A line that waits, and how things were then. */
interface WaitingLine {
  readonly line: string
  readonly number: number
  readonly at: number
  readonly models: Models
}

/** Lines of one subject that wait. */
interface Waiting {
  /** Nothing of the subject is in the state: it came to be in these lines. */
  readonly isWhole: boolean
  readonly uid: string | undefined
  /** The resourceVersion after the last line. */
  rv: string
  readonly lines: WaitingLine[]
}

type Sort = 'pod created' | 'pod changed' | 'pod deleted' | 'sandbox' | 'process' | 'removed' | 'everywhere'

/** What a line is to us, by the kind of its event; others are folded at once. */
const sorts: ReadonlyMap<string, Sort> = new Map<string, Sort>([
  ['PodCreated', 'pod created'],
  ...[
    'PodScheduled',
    'PodUnschedulable',
    'PodStarted',
    'PodBecameReady',
    'PodBecameUnready',
    'PodDeletionRequested',
    'PodSucceeded',
    'PodFailed',
    'PodAdopted',
    'PodReleased',
    'PodChanged',
    'PodStatusChanged',
  ].map((kind): [string, Sort] => [kind, 'pod changed']),
  ['PodDeleted', 'pod deleted'],
  ['SandboxCreated', 'sandbox'],
  ...[
    'VolumesAwaited',
    'ImagePullStarted',
    'ImagePullFailed',
    'ContainerCreated',
    'ContainerStarted',
    'ContainerExited',
    'ContainerRefused',
    'TerminationStarted',
    'ProbeAnswered',
  ].map((kind): [string, Sort] => [kind, 'process']),
  ['SandboxRemoved', 'removed'],
  // These look at processes, or at files that go with them.
  ...['NodeCrashed', 'NodeRestarted', 'MachineRemoved', 'AssetDeleted', 'FileWritten', 'DirectoryCreated', 'FileRemoved'].map(
    (kind): [string, Sort] => [kind, 'everywhere'],
  ),
])

export interface LineFold {
  /** The lines of whole turns; `number` is that of the line before them. */
  readonly take: (text: string, number: number) => E.Either<LogProblem, ReadTurns>
  readonly finish: () => E.Either<LogProblem, { readonly state: ClusterState; readonly at: number }>
}

const [comma, backslash] = [0x2c, 0x5c]
const [zero, nine] = [0x30, 0x39]
/** First letters of keys: `actor` and `at`, `digest`, `kind`, `seq`. */
const letter = { a: 0x61, c: 0x63, d: 0x64, k: 0x6b, s: 0x73 }

// What follows the name of the kind, as it is written.
const [toPath, toRv, toUid, toPodUid] = ['","object":"', '","rv":', ',"uid":"', '","podUid":"']
const noneInvolved: Readonly<Record<string, string>> = {}
const neither = 'is neither an event, nor a digest, nor the end'

/** The text that begins with a quote there, as a string of its own: a part of the lines would keep all of them in memory. */
const ownText = (text: string, from: number): string => {
  let end = text.indexOf('"', from + 1)
  while (text.charCodeAt(end - 1) === backslash) end = text.indexOf('"', end + 1)
  // Its digest says that it was written as JSON, by us.
  return JSON.parse(text.slice(from, end + 1)) as string
}

export const lineFold = (settings: ClusterSettings, untilSeq: number): LineFold => {
  let state = initialState(settings)
  /** The newest resourceVersion, also of lines that wait. */
  let revision = state.revision
  const pods = new Map<string, Waiting>()
  const processes = new Map<string, Waiting>()
  let seq = 0
  let time = 0
  /** The time of the last event that counts. */
  let at = 0
  let actor = ''
  /** What the command just before did to the world. */
  let received: object | undefined
  let problem: LogProblem | undefined

  const refuse = (number: number, message: string): void => {
    problem ??= { kind: 'damaged', line: number, message: `line ${number}: ${message}` }
  }

  const parsed = (line: string, number: number): ClusterEvent | undefined => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      refuse(number, 'is not JSON')
      return undefined
    }
    // The line was parsed here and is nobody else's.
    const fields = value as {
      readonly seq: number
      readonly kind: string
      controller?: string
      component?: string
      readonly received?: boolean
    }
    const actorField = actorFields[fields.kind]
    if (actorField !== undefined) fields[actorField] ??= actor
    if (fields.received === true) Object.assign(fields, received)
    // Its digest says that the rest is as its codec wrote it.
    if (knownKinds.has(fields.kind)) return value as ClusterEvent
    problem ??= strangeEvent(number, fields.seq, fields.kind)
    return undefined
  }

  /** Folds a line that has waited, as things were then. */
  const fold = ({ line, number, at: then, models: { prototypes, likenesses } }: WaitingLine): void => {
    const event = parsed(line, number)
    if (event === undefined) return
    const present = state
    if (prototypes === present.prototypes && likenesses === present.likenesses) {
      state = reduce(present, event, then)
      return
    }
    const after = reduce({ ...present, prototypes, likenesses }, event, then)
    // A line that waits tells of nothing that others are like.
    state = { ...after, prototypes: present.prototypes, likenesses: present.likenesses }
  }

  let models: Models = { prototypes: state.prototypes, likenesses: state.likenesses }
  /** One object for as long as nothing changes. */
  const modelsNow = (): Models => {
    const { prototypes, likenesses } = state
    if (models.prototypes !== prototypes || models.likenesses !== likenesses) models = { prototypes, likenesses }
    return models
  }

  const foldPod = (path: string): void => {
    const waiting = pods.get(path)
    if (waiting === undefined) return
    pods.delete(path)
    waiting.lines.forEach(fold)
  }

  const foldProcesses = (uid: string): void => {
    const waiting = processes.get(uid)
    if (waiting === undefined) return
    processes.delete(uid)
    waiting.lines.forEach(fold)
  }

  const foldAllProcesses = (): void => {
    for (const uid of processes.keys()) foldProcesses(uid)
  }

  /** An Event is about an object as it is stored: of a Pod whose lines wait that is known without folding them. */
  const withInvolvedPod = (event: ClusterEvent): ClusterEvent => {
    if (event.kind !== 'KubernetesEventRecorded' || event.about === undefined) return event
    const waiting = pods.get(event.about)
    if (waiting === undefined) return event
    if (waiting.uid === undefined) {
      foldPod(event.about)
      return event
    }
    const { apiVersion = 'v1', uid = waiting.uid, resourceVersion = waiting.rv, fieldPath } = event.involved ?? noneInvolved
    const involved = fieldPath === undefined ? { apiVersion, uid, resourceVersion } : { apiVersion, uid, resourceVersion, fieldPath }
    // The line was parsed here and is nobody else's; copying all its fields would cost more than the rest.
    return Object.assign(event, { involved })
  }

  const foldNow = (line: string, number: number): void => {
    const event = parsed(line, number)
    if (event === undefined) return
    received = factOf(event)
    if ('podUid' in event) foldProcesses(event.podUid)
    if ('object' in event && typeof event.object === 'string' && event.object.startsWith('Pod/')) foldPod(event.object)
    // (This may fold what has waited.)
    const whole = event.kind === 'ApiFaultSet' ? withoutEnvelope(event) : withInvolvedPod(event)
    state = reduce(state, whole, time)
    if ('rv' in event) revision = event.rv
  }

  const waitingLine = (line: string, number: number): WaitingLine => ({ line, number, at: time, models: modelsNow() })

  /** `kindEnd`: where in the text the name of the kind ends. */
  const takePod = (sort: Sort, text: string, from: number, end: number, number: number, kindEnd: number): void => {
    const pathFrom = kindEnd + toPath.length
    const pathEnd = text.indexOf('"', pathFrom)
    if (!text.startsWith(toPath, kindEnd) || !text.startsWith(toRv, pathEnd)) return foldNow(text.slice(from, end), number)
    const path = text.slice(pathFrom, pathEnd)
    const rvFrom = pathEnd + toRv.length
    let rvEnd = rvFrom
    for (let digit = text.charCodeAt(rvEnd); digit >= zero && digit <= nine; digit = text.charCodeAt(rvEnd)) rvEnd += 1
    const rv = text.slice(rvFrom, rvEnd)
    const known = pods.get(path)
    const line = text.slice(from, end)
    if (sort === 'pod created') {
      // Whole manifests are what later ones are like.
      if (known !== undefined || !text.startsWith(toUid, rvEnd)) return foldNow(line, number)
      const uid = ownText(text, rvEnd + toUid.length - 1)
      pods.set(path, { isWhole: true, uid, rv, lines: [waitingLine(line, number)] })
    } else if (sort === 'pod deleted') {
      pods.delete(path)
      if (known?.isWhole !== true) return foldNow(line, number)
    } else {
      // A further fact of a write.
      if (known?.rv === rv && rvEnd === end - 1) return
      // A whole status is what later ones are like.
      if (line.includes('"/status":', rvEnd - from)) return foldNow(line, number)
      if (known === undefined) pods.set(path, { isWhole: false, uid: undefined, rv, lines: [waitingLine(line, number)] })
      else {
        known.rv = rv
        known.lines.push(waitingLine(line, number))
      }
    }
    revision = Number(rv)
  }

  const takeProcess = (sort: Sort, text: string, from: number, end: number, number: number, kindEnd: number): void => {
    const line = text.slice(from, end)
    if (!text.startsWith(toPodUid, kindEnd)) return foldNow(line, number)
    const uidFrom = kindEnd + toPodUid.length
    const uid = text.slice(uidFrom, text.indexOf('"', uidFrom))
    const known = processes.get(uid)
    if (sort === 'removed') {
      if (known?.isWhole !== true) return foldNow(line, number)
      processes.delete(uid)
      const sandboxes = known.lines.filter((waiting) => waiting.line.includes('"kind":"SandboxCreated"'))
      const [only] = sandboxes
      if (only === undefined || sandboxes.length > 1) {
        known.lines.forEach(fold)
        fold(waitingLine(line, number))
        return
      }
      const created = parsed(only.line, only.number)
      if (created?.kind === 'SandboxCreated') state = { ...state, world: afterProcessesOfOnePod(state.world, created) }
    } else if (known === undefined) {
      const isWhole = getAt(state.world.pods, uid) === undefined
      processes.set(uid, { isWhole, uid, rv: '', lines: [waitingLine(line, number)] })
    } else known.lines.push(waitingLine(line, number))
  }

  const takeEvent = (text: string, start: number, end: number, number: number): void => {
    // The envelope, in its fixed order: seq, turn, at, by, actor; then the kind.
    let from = start + '{"seq":'.length
    let read = 0
    for (let digit = text.charCodeAt(from); digit >= zero && digit <= nine; digit = text.charCodeAt(from)) {
      read = read * 10 + digit - zero
      from += 1
    }
    if (read !== seq) return refuse(number, `event ${read} follows event ${seq - 1}`)
    seq += 1
    for (let key = text.charCodeAt(from + 2); key !== letter.k; key = text.charCodeAt(from + 2)) {
      const valueFrom = text.indexOf(':', from) + 1
      const isActor = key === letter.a && text.charCodeAt(from + 3) === letter.c
      const next = isActor ? text.indexOf('",', valueFrom + 1) + 1 : text.indexOf(',', valueFrom)
      if (text.charCodeAt(from) !== comma || valueFrom === 0 || next <= 0 || next >= end) return refuse(number, neither)
      if (isActor) actor = ownText(text, valueFrom)
      else if (key === letter.a) time = Number(text.slice(valueFrom, next))
      from = next
    }
    if (seq - 1 > untilSeq) return
    at = time
    const kindFrom = from + ',"kind":"'.length
    const kindEnd = text.indexOf('"', kindFrom)
    const sort = sorts.get(text.slice(kindFrom, kindEnd))
    if (sort === undefined) foldNow(text.slice(start, end), number)
    else if (sort === 'everywhere') {
      foldAllProcesses()
      foldNow(text.slice(start, end), number)
    } else if (sort === 'sandbox' || sort === 'process' || sort === 'removed') takeProcess(sort, text, start, end, number, kindEnd)
    else takePod(sort, text, start, end, number, kindEnd)
  }

  return {
    take: (text, number) => {
      const eventsBefore = seq
      let turns = 0
      let line = number
      for (let from = 0; from < text.length && problem === undefined;) {
        const end = text.indexOf('\n', from)
        line += 1
        const key = text.charCodeAt(from + 2)
        if (key === letter.s) takeEvent(text, from, end, line)
        else if (key === letter.d) turns += 1
        else refuse(line, neither)
        from = end + 1
      }
      return problem === undefined ? E.right({ events: seq - eventsBefore, turns, at: time }) : E.left(problem)
    },
    finish: () => {
      for (const path of pods.keys()) foldPod(path)
      foldAllProcesses()
      return problem === undefined ? E.right({ state: { ...state, revision }, at }) : E.left(problem)
    },
  }
}
