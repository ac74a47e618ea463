/**
 * Folds the lines of a log whose digests are right, and looks only into those that matter in the end. What happened to a Pod that is gone is
 * not parsed: its lines wait beside the state and are dropped when it goes. What people were told is gathered and put into the state at the
 * end. What is read is folded with `reduce` like any event, so the state is the same as if every line had been (a property test says so); of a
 * line that is dropped only its digest was checked.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  afterProcessesOfPods,
  ClusterEvent,
  getAt,
  initialState,
  reduce,
  storedAs,
  utf8Bytes,
  type ClusterSettings,
  type ClusterState,
  type StoredAs,
} from '@statefold/core'
import { kindsOf } from './codec-guard.js'
import {
  BytesTable,
  comma,
  digitsEnd,
  isAt,
  lineFeed,
  numberIn,
  patternOf,
  placeIn,
  plainTextEnd,
  quote,
  tableOf,
  textEnd,
  textOf,
} from './line-bytes.js'
import { strangeEvent, type LogProblem, type ReadTurns } from './log-body.js'
import { actorFields, factOf, withoutEnvelope } from './log-file.js'
import { readTold, toldLines, toObject, toRv, toUid } from './told-lines.js'
import { nowhere, WaitingLines, type Chain, type WaitingLine } from './waiting-lines.js'

const knownKinds: ReadonlySet<string> = new Set(kindsOf(ClusterEvent))

/** What objects may be like, as it was at some time. */
type Models = Pick<ClusterState, 'prototypes' | 'likenesses'>

/** Lines of one subject that wait. */
interface Waiting extends Chain {
  /** Where its name is. */
  readonly bytes: Uint8Array
  readonly from: number
  readonly end: number
  /** Nothing of the subject is in the state: it came to be in these lines. */
  readonly isWhole: boolean
}

interface WaitingPod extends Waiting {
  /** Its uid, if it came to be in these lines. */
  readonly uid: string | undefined
  /** The resourceVersion after the last line. */
  rv: number
  /** For those who are told of it, once that was asked for. */
  stored: StoredAs | undefined
}

interface WaitingProcesses extends Waiting {
  /** How many lines say SandboxCreated, and where the last of them is. */
  sandboxes: number
  sandbox: number
}

type Sort = 'pod created' | 'pod changed' | 'pod deleted' | 'sandbox' | 'process' | 'removed' | 'everywhere' | 'told'

/** What a line is to us, by the kind of its event; others are folded at once. */
const sorts = tableOf<Sort>([
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
  ['KubernetesEventRecorded', 'told'],
  ['KubernetesEventRepeated', 'told'],
])

export interface LineFold {
  /** The lines of whole turns; `number` is that of the line before them. */
  readonly take: (taken: Uint8Array, number: number) => E.Either<LogProblem, ReadTurns>
  readonly finish: () => E.Either<LogProblem, { readonly state: ClusterState; readonly at: number }>
}

/** First letters of keys: `actor` and `at`, `digest`, `kind`, `seq`. */
const letter = { a: 0x61, c: 0x63, d: 0x64, k: 0x6b, s: 0x73 }

// What follows the name of the kind, as it is written, and what may be among the changes.
const toPodUid = patternOf('","podUid":"')
const toNode = patternOf('","node":"')
const ofHost = patternOf('"hostNetwork":')
const wholeStatus = patternOf('"/status":')
const neither = 'is neither an event, nor a digest, nor the end'

export const lineFold = (settings: ClusterSettings, untilSeq: number): LineFold => {
  let state = initialState(settings)
  /** The newest resourceVersion, also of lines that wait and of what was told. */
  let revision = state.revision
  const pods = new BytesTable<WaitingPod>()
  const processes = new BytesTable<WaitingProcesses>()
  const told = toldLines()
  const lines = new WaitingLines<Models>()
  const actors = new BytesTable<string>()
  /** By node, to Pods that are gone; not yet in the state. */
  const addressesGiven = new Map<string, number>()
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

  const parsed = (line: string, number: () => number): ClusterEvent | undefined => {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      refuse(number(), 'is not JSON')
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
    problem ??= strangeEvent(number(), fields.seq, fields.kind)
    return undefined
  }

  /** Folds a line that has waited, as things were then. */
  const fold = ({ bytes, number, at: then, given: { prototypes, likenesses } }: WaitingLine<Models>): void => {
    const event = parsed(textOf(bytes), number)
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

  const drop = <W extends Waiting>(table: BytesTable<W>, waiting: W | undefined): void => {
    if (waiting === undefined) return
    table.delete(waiting.bytes, waiting.from, waiting.end)
    lines.drop(waiting)
  }

  const foldChain = (chain: Chain): void => {
    const waiting = lines.linesOf(chain)
    lines.drop(chain)
    waiting.forEach(fold)
  }

  const foldWaiting = <W extends Waiting>(table: BytesTable<W>, waiting: W | undefined): void => {
    if (waiting === undefined) return
    table.delete(waiting.bytes, waiting.from, waiting.end)
    foldChain(waiting)
  }

  const foldPod = (path: string): void => {
    const bytes = utf8Bytes(path)
    foldWaiting(pods, pods.get(bytes, 0, bytes.length))
  }

  const foldProcesses = (uid: string): void => {
    const bytes = utf8Bytes(uid)
    foldWaiting(processes, processes.get(bytes, 0, bytes.length))
  }

  const foldAll = (table: BytesTable<Waiting>): void => {
    table.takeAll().forEach(foldChain)
  }

  const settle = (): void => {
    state = told.settled(state)
  }

  /** How the object is stored at this time; of a Pod whose lines wait that is known without folding them. */
  const storedNow = (bytes: Uint8Array, from: number, end: number): StoredAs | undefined => {
    const waiting = pods.get(bytes, from, end)
    if (waiting?.uid !== undefined) return (waiting.stored ??= { apiVersion: 'v1', uid: waiting.uid, resourceVersion: String(waiting.rv) })
    foldWaiting(pods, waiting)
    return storedAs(state, textOf(bytes, from, end))
  }

  const foldNow = (bytes: Uint8Array, from: number, end: number, number: number): void => {
    const event = parsed(textOf(bytes, from, end), () => number)
    if (event === undefined) return
    received = factOf(event)
    if ('rv' in event) revision = event.rv
    if ('podUid' in event) foldProcesses(event.podUid)
    if ('object' in event && typeof event.object === 'string') {
      if (event.object.startsWith('Pod/')) foldPod(event.object)
      else if (event.object.startsWith('Event/')) settle()
    }
    if (event.kind === 'KubernetesEventRecorded' && event.about !== undefined) foldPod(event.about)
    countAddresses()
    state = reduce(state, event.kind === 'ApiFaultSet' ? withoutEnvelope(event) : event, time)
  }

  const takeTold = (bytes: Uint8Array, from: number, end: number, number: number, kindEnd: number): void => {
    const line = readTold(bytes, kindEnd)
    if (line === undefined) return foldNow(bytes, from, end, number)
    const { rv, aboutFrom, aboutEnd } = line
    received = undefined
    revision = rv
    told.keep(bytes, from, end + 1, time, actor, aboutEnd === 0 ? undefined : storedNow(bytes, aboutFrom, aboutEnd))
  }

  /** `kindEnd`: where in the line the name of the kind ends. */
  const takePod = (sort: Sort, bytes: Uint8Array, from: number, end: number, number: number, kindEnd: number): void => {
    const pathFrom = kindEnd + toObject.bytes.length
    const pathEnd = isAt(bytes, toObject, kindEnd) ? plainTextEnd(bytes, pathFrom) : -1
    if (pathEnd < 0 || !isAt(bytes, toRv, pathEnd)) return foldNow(bytes, from, end, number)
    const rvFrom = pathEnd + toRv.bytes.length
    const rvEnd = digitsEnd(bytes, rvFrom)
    const rv = numberIn(bytes, rvFrom, rvEnd)
    const known = pods.get(bytes, pathFrom, pathEnd)
    if (sort === 'pod created') {
      const uidFrom = rvEnd + toUid.bytes.length
      const uidEnd = isAt(bytes, toUid, rvEnd) ? plainTextEnd(bytes, uidFrom) : -1
      // Whole manifests are what later ones are like.
      if (known !== undefined || uidEnd < 0) return foldNow(bytes, from, end, number)
      const uid = textOf(bytes, uidFrom, uidEnd)
      const pod = { first: nowhere, last: nowhere, bytes, from: pathFrom, end: pathEnd, isWhole: true, uid, rv, stored: undefined }
      lines.add(pod, from, time, modelsNow())
      pods.add(bytes, pathFrom, pathEnd, pod)
    } else if (sort === 'pod deleted') {
      drop(pods, known)
      if (known?.isWhole !== true) return foldNow(bytes, from, end, number)
    } else {
      // A further fact of a write.
      if (known?.rv === rv && rvEnd === end - 1) return
      // A whole status is what later ones are like.
      if (placeIn(bytes, wholeStatus, rvEnd, end) >= 0) return foldNow(bytes, from, end, number)
      let pod = known
      if (pod === undefined) {
        pod = { first: nowhere, last: nowhere, bytes, from: pathFrom, end: pathEnd, isWhole: false, uid: undefined, rv, stored: undefined }
        pods.add(bytes, pathFrom, pathEnd, pod)
      }
      pod.rv = rv
      pod.stored = undefined
      lines.add(pod, from, time, modelsNow())
    }
    revision = rv
  }

  /** Is nothing left of the sandbox that was created so, but that its address was given out? Then that is counted. */
  const isCounted = (line: WaitingLine<Models> | undefined): boolean => {
    if (line === undefined || placeIn(line.bytes, ofHost, 0, line.bytes.length) >= 0) return false
    const place = placeIn(line.bytes, toNode, 0, line.bytes.length)
    const from = place + toNode.bytes.length
    const end = place < 0 ? -1 : plainTextEnd(line.bytes, from)
    if (end < 0) return false
    const node = textOf(line.bytes, from, end)
    addressesGiven.set(node, (addressesGiven.get(node) ?? 0) + 1)
    return true
  }

  const countAddresses = (): void => {
    if (addressesGiven.size === 0) return
    let { world } = state
    for (const [node, count] of addressesGiven) world = afterProcessesOfPods(world, node, count)
    state = { ...state, world }
    addressesGiven.clear()
  }

  const takeProcess = (sort: Sort, bytes: Uint8Array, from: number, end: number, number: number, kindEnd: number): void => {
    const uidFrom = kindEnd + toPodUid.bytes.length
    const uidEnd = isAt(bytes, toPodUid, kindEnd) ? plainTextEnd(bytes, uidFrom) : -1
    if (uidEnd < 0) return foldNow(bytes, from, end, number)
    const known = processes.get(bytes, uidFrom, uidEnd)
    if (sort === 'removed') {
      if (known?.isWhole !== true || known.sandboxes !== 1 || !isCounted(lines.lineAt(known.sandbox)))
        return foldNow(bytes, from, end, number)
      return drop(processes, known)
    }
    let pod = known
    if (pod === undefined) {
      const isWhole = getAt(state.world.pods, textOf(bytes, uidFrom, uidEnd)) === undefined
      pod = { first: nowhere, last: nowhere, bytes, from: uidFrom, end: uidEnd, isWhole, sandboxes: 0, sandbox: nowhere }
      processes.add(bytes, uidFrom, uidEnd, pod)
    }
    const row = lines.add(pod, from, time, modelsNow())
    if (sort !== 'sandbox') return
    pod.sandboxes += 1
    pod.sandbox = row
  }

  /** (There are few.) */
  const actorAt = (bytes: Uint8Array, from: number, end: number): string => {
    const known = actors.get(bytes, from, end)
    if (known !== undefined) return known
    // Its digest says that it was written as JSON, by us.
    const name = JSON.parse(textOf(bytes, from, end)) as string
    actors.add(new Uint8Array(bytes.subarray(from, end)), 0, end - from, name)
    return name
  }

  const takeEvent = (bytes: Uint8Array, start: number, end: number, number: number): void => {
    // The envelope, in its fixed order: seq, turn, at, by, actor; then the kind.
    let from = start + '{"seq":'.length
    const seqEnd = digitsEnd(bytes, from)
    const read = numberIn(bytes, from, seqEnd)
    if (read !== seq) return refuse(number, `event ${read} follows event ${seq - 1}`)
    seq += 1
    from = seqEnd
    for (let key = bytes[from + 2]; key !== letter.k; key = bytes[from + 2]) {
      let valueFrom = from + 2
      while (valueFrom < end && bytes[valueFrom] !== quote) valueFrom += 1
      valueFrom += 2
      const isActor = key === letter.a && bytes[from + 3] === letter.c
      let next = valueFrom
      if (isActor) next = textEnd(bytes, valueFrom + 1) + 1
      else while (next < end && bytes[next] !== comma) next += 1
      if (bytes[from] !== comma || next <= 0 || next >= end) return refuse(number, neither)
      if (isActor) actor = actorAt(bytes, valueFrom, next)
      else if (key === letter.a) time = numberIn(bytes, valueFrom, next)
      from = next
    }
    if (seq - 1 > untilSeq) return
    at = time
    const kindFrom = from + ',"kind":"'.length
    const kindEnd = textEnd(bytes, kindFrom)
    const sort = sorts.get(bytes, kindFrom, kindEnd)
    if (sort === 'told') takeTold(bytes, start, end, number, kindEnd)
    else if (sort === undefined) foldNow(bytes, start, end, number)
    else if (sort === 'everywhere') {
      foldAll(processes)
      foldNow(bytes, start, end, number)
    } else if (sort === 'sandbox' || sort === 'process' || sort === 'removed') takeProcess(sort, bytes, start, end, number, kindEnd)
    else takePod(sort, bytes, start, end, number, kindEnd)
  }

  return {
    take: (taken, number) => {
      const bytes = lines.turnPage(taken, number)
      const eventsBefore = seq
      let turns = 0
      let line = number
      for (let from = 0; from < taken.length && problem === undefined;) {
        const end = taken.indexOf(lineFeed, from)
        line += 1
        const key = bytes[from + 2]
        if (key === letter.s) takeEvent(bytes, from, end, line)
        else if (key === letter.d) turns += 1
        else refuse(line, neither)
        from = end + 1
      }
      return problem === undefined ? E.right({ events: seq - eventsBefore, turns, at: time }) : E.left(problem)
    },
    finish: () => {
      foldAll(pods)
      foldAll(processes)
      settle()
      countAddresses()
      return problem === undefined ? E.right({ state: { ...state, revision }, at }) : E.left(problem)
    },
  }
}
