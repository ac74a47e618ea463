/**
 * Folds the lines of a log whose digests are right, and looks only into those that matter in the end. What happened to a Pod that is gone is
 * not parsed: its lines wait beside the state and are dropped when it goes. What is read is folded with `reduce` like any event, so the state
 * is the same as if every line had been (a property test says so); of a line that is dropped only its digest was checked.
 */
import * as E from 'fp-ts/lib/Either.js'
import { ClusterEvent, getAt, initialState, reduce, type ClusterSettings, type ClusterState } from '@statefold/core'
import { guardOf } from './codec-guard.js'
import { strangeEvent, type LogProblem, type ReadTurns } from './log-body.js'
import { actorFields, withoutEnvelope } from './log-file.js'

const isClusterEvent = guardOf(ClusterEvent) as (value: unknown) => value is ClusterEvent

/** What objects may be like, as it was at some time. */
type Models = Pick<ClusterState, 'prototypes' | 'likenesses'>

/** Lines of one subject that wait: each with its number, its time, and what it may be like. */
interface Waiting {
  /** Where nothing of the subject is in the state: it came to be in these lines. */
  readonly isWhole: boolean
  readonly uid: string | undefined
  /** The resourceVersion after the last line. */
  rv: string
  readonly lines: string[]
  readonly numbers: number[]
  readonly times: number[]
  readonly models: Models[]
}

const waitingOf = (isWhole: boolean, uid: string | undefined): Waiting => ({
  isWhole,
  uid,
  rv: '',
  lines: [],
  numbers: [],
  times: [],
  models: [],
})

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

const comma = 0x2c
const [zero, nine] = [0x30, 0x39]
/** First letters of keys: `actor` and `at`, `digest`, `kind`, `seq`. */
const letter = { a: 0x61, c: 0x63, d: 0x64, k: 0x6b, s: 0x73 }

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
    const fields = value as { readonly seq: number; readonly kind: string; controller?: string; component?: string }
    const actorField = actorFields[fields.kind]
    if (actorField !== undefined) fields[actorField] ??= actor
    if (isClusterEvent(value)) return value
    problem ??= strangeEvent(number, fields.seq, fields.kind)
    return undefined
  }

  /** Folds a line that has waited, as things were then. */
  const fold = (line: string, number: number, then: number, { prototypes, likenesses }: Models): void => {
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

  const foldWaiting = ({ lines, numbers, times, models: then }: Waiting): void => {
    for (const [index, line] of lines.entries()) fold(line, numbers[index] ?? 0, times[index] ?? 0, then[index] ?? state)
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
    foldWaiting(waiting)
  }

  const foldProcesses = (uid: string): void => {
    const waiting = processes.get(uid)
    if (waiting === undefined) return
    processes.delete(uid)
    foldWaiting(waiting)
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
    return { ...event, involved: { apiVersion: 'v1', uid: waiting.uid, resourceVersion: waiting.rv, ...event.involved } }
  }

  const foldNow = (line: string, number: number): void => {
    const event = parsed(line, number)
    if (event === undefined) return
    if ('podUid' in event) foldProcesses(event.podUid)
    if ('object' in event && typeof event.object === 'string' && event.object.startsWith('Pod/')) foldPod(event.object)
    // (This may fold what has waited.)
    const whole = event.kind === 'ApiFaultSet' ? withoutEnvelope(event) : withInvolvedPod(event)
    state = reduce(state, whole, time)
    if ('rv' in event) revision = event.rv
  }

  const wait = (waiting: Waiting, line: string, number: number): void => {
    waiting.lines.push(line)
    waiting.numbers.push(number)
    waiting.times.push(time)
    waiting.models.push(modelsNow())
  }

  /** The text up to the quote that ends it, from just after the one that begins it. */
  const quoted = (line: string, from: number): string => line.slice(from, line.indexOf('"', from))

  const takePod = (sort: Sort, line: string, number: number, kindEnd: number): void => {
    const pathFrom = kindEnd + '","object":"'.length
    const path = line.startsWith('","object":"', kindEnd) ? quoted(line, pathFrom) : ''
    const rvFrom = pathFrom + path.length + '","rv":'.length
    if (path === '' || path.includes('\\') || !line.startsWith('","rv":', pathFrom + path.length)) return foldNow(line, number)
    let rvEnd = rvFrom
    while (line.charCodeAt(rvEnd) >= zero && line.charCodeAt(rvEnd) <= nine) rvEnd += 1
    const rv = line.slice(rvFrom, rvEnd)
    const known = pods.get(path)
    if (sort === 'pod created') {
      // Whole manifests are what later ones are like.
      if (known !== undefined || !line.startsWith(',"uid":"', rvEnd)) return foldNow(line, number)
      const waiting = waitingOf(true, quoted(line, rvEnd + ',"uid":"'.length))
      waiting.rv = rv
      wait(waiting, line, number)
      pods.set(path, waiting)
    } else if (sort === 'pod deleted') {
      pods.delete(path)
      if (known?.isWhole !== true) return foldNow(line, number)
    } else {
      // A whole status is what later ones are like.
      if (line.includes('"/status":', rvEnd)) return foldNow(line, number)
      // A further fact of a write.
      if (known?.rv === rv && rvEnd === line.length - 1) return
      const waiting = known ?? waitingOf(false, undefined)
      if (known === undefined) pods.set(path, waiting)
      waiting.rv = rv
      wait(waiting, line, number)
    }
    revision = Number(rv)
  }

  const takeProcess = (sort: Sort, line: string, number: number, kindEnd: number): void => {
    const uid = line.startsWith('","podUid":"', kindEnd) ? quoted(line, kindEnd + '","podUid":"'.length) : ''
    if (uid === '' || uid.includes('\\')) return foldNow(line, number)
    const known = processes.get(uid)
    if (sort === 'removed' && known?.isWhole === true) {
      processes.delete(uid)
      // Its address was given out, that is all that is left.
      const sandboxes = known.lines.flatMap((_, index) => (known.lines[index]?.includes('"kind":"SandboxCreated"') === true ? [index] : []))
      const [only] = sandboxes
      if (only === undefined || sandboxes.length > 1) foldWaiting(known)
      else fold(known.lines[only] ?? '', known.numbers[only] ?? 0, known.times[only] ?? 0, state)
      fold(line, number, time, state)
      return
    }
    if (sort === 'removed') return foldNow(line, number)
    const waiting = known ?? waitingOf(getAt(state.world.pods, uid) === undefined, uid)
    if (known === undefined) processes.set(uid, waiting)
    wait(waiting, line, number)
  }

  const takeEvent = (line: string, number: number): void => {
    // The envelope, in its fixed order: seq, turn, at, by, actor; then the kind.
    let from = '{"seq":'.length
    let read = 0
    for (let digit = line.charCodeAt(from); digit >= zero && digit <= nine; digit = line.charCodeAt(from)) {
      read = read * 10 + digit - zero
      from += 1
    }
    if (read !== seq) return refuse(number, `event ${read} follows event ${seq - 1}`)
    seq += 1
    for (let key = line.charCodeAt(from + 2); key !== letter.k; key = line.charCodeAt(from + 2)) {
      const valueFrom = line.indexOf(':', from) + 1
      const isActor = key === letter.a && line.charCodeAt(from + 3) === letter.c
      const end = isActor ? line.indexOf('",', valueFrom + 1) + 1 : line.indexOf(',', valueFrom)
      if (line.charCodeAt(from) !== comma || valueFrom === 0 || end <= 0)
        return refuse(number, 'is neither an event, nor a digest, nor the end')
      if (isActor) actor = JSON.parse(line.slice(valueFrom, end)) as string
      else if (key === letter.a) time = Number(line.slice(valueFrom, end))
      from = end
    }
    if (seq - 1 > untilSeq) return
    at = time
    const kindFrom = from + ',"kind":"'.length
    const kindEnd = line.indexOf('"', kindFrom)
    const sort = sorts.get(line.slice(kindFrom, kindEnd))
    if (sort === undefined) foldNow(line, number)
    else if (sort === 'everywhere') {
      foldAllProcesses()
      foldNow(line, number)
    } else if (sort === 'sandbox' || sort === 'process' || sort === 'removed') takeProcess(sort, line, number, kindEnd)
    else takePod(sort, line, number, kindEnd)
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
        if (key === letter.s) takeEvent(text.slice(from, end), line)
        else if (key === letter.d) turns += 1
        else refuse(line, 'is neither an event, nor a digest, nor the end')
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
