/**
 * The engine: takes the next due item, lets its controller plan, decides each command, folds the events, and wakes whom they concern. One due
 * item and all it causes is a turn; between turns everything is data (`RunState`), so a run can be saved, forked and continued anywhere.
 */
import * as E from 'fp-ts/lib/Either.js'
import { Subject } from 'rxjs'
import type { KubernetesObject } from '../api/object.js'
import { keyOf } from '../api/object.js'
import type { ApiResult } from '../cluster/api-commands.js'
import type { ClusterCommand } from '../cluster/commands.js'
import { decide, nobody } from '../cluster/decide.js'
import type { ApiFaultSet } from '../cluster/engine-events.js'
import type { ClusterEvent } from '../cluster/events.js'
import { lateInformersOf, type LateInformer } from '../cluster/late-informers.js'
import { makeLateReader } from '../cluster/make-reader.js'
import { isObjectDeleted, splitObjectPath } from '../cluster/object-events.js'
import type { Reader } from '../cluster/reader.js'
import { reduce } from '../cluster/reduce.js'
import { initialState, readerOf, storeOf, withStore, type ClusterState } from '../cluster/state.js'
import { allObjects, findObject, type ObjectStore } from '../cluster/store.js'
import type { PlanContext, PlanOutcome, Waiting, Wake, WatchNotification } from '../controllers/controller.js'
import { makeInvariantTable } from '../invariants/invariant-table.js'
import type { Invariant, ObservedChange, ObservedRequest, Violation } from '../invariants/invariant.js'
import { observedChange } from '../invariants/observed-change.js'
import { itemsOf, nextItem, putItem, withoutItem, withoutNext, type AgendaItem } from '../kernel/agenda.js'
import { assert } from '../kernel/assert.js'
import { seededChoose, type Choose } from '../kernel/choose.js'
import type { Json } from '../kernel/json.js'
import { limits } from '../kernel/limits.js'
import { deepEqual } from '../kernel/object-difference.js'
import { forEachEntry, getAt, removeAt, setAt, sizeOf } from '../kernel/persistent-map.js'
import type { SimTime } from '../kernel/sim-time.js'
import { makeTurnQueues } from '../kernel/turn-queues.js'
import { backOffMs, emptyQueue, entryOf, makeEntry, readyTime, type QueueEntry, type WorkQueue } from '../kernel/work-queue.js'
import type { DueWork, LaggingInformer } from '../cluster/pending-work.js'
import type { Hash } from '../kernel/value-hash.js'
import type { LookMemory, PossibleEnd, RememberedFact, RememberedLook, Told, ToldStep } from './look-memory.js'
import { initialRunState, type RunState } from './run-state.js'
import { wireWatches, workerOf, type Watcher, type Worker } from './watch-wiring.js'
import type { Recorded, IssuedCommand, FoundViolation, SimulationOptions, Interference, Mood, Simulation } from './simulation.js'
import { atRevision, faultAnswer, isWrite, nameOfTarget } from './requests.js'

const noWaiting: readonly Waiting[] = []

const nothingTold: ApiResult = E.right(nobody)

/** The version before the first. */
const firstVersion = 200

const isAmong = (informers: readonly LateInformer[], name: string): boolean => {
  for (const informer of informers) if (informer.name === name) return true
  return false
}

/** The resourceVersion that it led to. */
const revisionOf = (event: ClusterEvent | { readonly rv: number }): number => ('rv' in event ? event.rv : 0)

const versionIn = ({ metadata }: KubernetesObject): number => Number(metadata.resourceVersion)

export const createSimulation = (options: SimulationOptions): Simulation => {
  const { settings } = options
  const controllers = options.controllers.map(workerOf)
  const lean = options.lean === true
  const driver = options.choose ?? seededChoose(options.seed)
  /** How often something was drawn. */
  let drawn = 0
  const choose: Choose = (address, from) => {
    drawn += 1
    return driver(address, from)
  }
  const byName = new Map(controllers.map((controller) => [controller.name, controller]))
  assert(byName.size === controllers.length, 'two controllers have one name')
  const wiring = wireWatches(controllers)
  const invariants = makeInvariantTable(options.invariants ?? [])

  const looks = options.lean === true ? options.looks : undefined
  const begun = options.from ?? initialRunState(initialState(settings))
  let run: RunState = looks === undefined ? begun : looks.known(begun)
  const log: Recorded[] = []
  const violations: FoundViolation[] = []
  const marks = new Set<string>()
  const events = new Subject<Recorded>()
  const turns = new Subject<readonly Recorded[]>()
  const commands = new Subject<IssuedCommand>()
  const changes = new Subject<WatchNotification>()

  // The turn under way. These are the engine's working variables; between turns `run` alone says everything.
  let inTurn = false
  let cluster: ClusterState = run.cluster
  let turnEvents: Recorded[] = []
  let turnCommands: IssuedCommand[] = []
  let turnChanges: WatchNotification[] = []
  /** What the plan that runs now reads. */
  let planReader: Reader | undefined
  let interference: Interference | undefined
  /** The item that this turn is about, and the request that is being carried out. */
  let turnItem: AgendaItem<DueWork> | undefined
  let request: ObservedRequest | undefined
  /** What the last event of it did. */
  let lastChange: ObservedChange | undefined
  /** Of the look that is being carried out, if it is to be remembered. */
  let facts: RememberedFact[] | undefined
  /** Of a fact that is told again for the first time. */
  let toldSteps: ToldStep[] | undefined
  let { now, seq, turn, agenda, order, informers, workers, goneVersions } = run
  const queues = makeTurnQueues(run.queues)

  const schedule = (dueAt: SimTime, work: DueWork): void => {
    agenda = putItem(agenda, { dueAt, order, work })
    order += 1
  }

  /** A controller that works on one key at a time has the keys wait for each other. */
  const inTurnOf = ({ name, serialMs }: Worker, ready: SimTime): SimTime => {
    if (serialMs === undefined) return ready
    const free = getAt(workers, name) ?? 0
    const dueAt = free > ready ? free : ready
    workers = setAt(workers, name, dueAt + serialMs)
    return dueAt
  }

  const wake = (controller: Worker, { key, afterMs }: Wake, causedBy: number | undefined): void => {
    const entry = queues.entryOf(controller.name, key)
    if (afterMs !== undefined && afterMs > 0) {
      const delayedUntil = now + afterMs
      if (entry.delayedUntil !== undefined && entry.delayedUntil <= delayedUntil) return
      const delayedBy = lean ? undefined : (causedBy ?? entry.delayedBy)
      queues.put(
        controller.name,
        key,
        makeEntry(entry.dueAt, delayedUntil, delayedBy, entry.busyUntil, entry.failures, entry.memory, entry.causedBy),
      )
      schedule(delayedUntil, { kind: 'delayed', controller: controller.name, key })
      return
    }
    const ready = readyTime(entry, now, controller.latencyMs ?? 1)
    if (ready === undefined) return
    const dueAt = inTurnOf(controller, ready)
    queues.put(
      controller.name,
      key,
      makeEntry(
        dueAt,
        entry.delayedUntil,
        entry.delayedBy,
        entry.busyUntil,
        entry.failures,
        entry.memory,
        lean ? undefined : (entry.causedBy ?? causedBy),
      ),
    )
    schedule(dueAt, { kind: 'ready', controller: controller.name, key })
  }

  const isStopped = (name: string): boolean => sizeOf(cluster.stopped) > 0 && getAt(cluster.stopped, name) === true

  // What those read whose caches are fresh while others' are late. (The last answer is kept: many look one after the other.)
  let besideStores = cluster.stores
  let besideReader = makeLateReader(besideStores)

  const readerFor = (controller: string): Reader => {
    if (sizeOf(informers) === 0) return readerOf(cluster)
    let { stores } = cluster
    const late = lateInformersOf(informers).ofController(controller)
    if (late.length === 0) {
      if (stores !== besideStores) besideReader = makeLateReader(stores)
      besideStores = stores
      return besideReader
    }
    for (const { name, kind } of late) {
      const informer = getAt(informers, name)
      if (informer !== undefined) stores = setAt(stores, kind, informer.seen)
    }
    return makeLateReader(stores)
  }

  const deliver = (watcher: Watcher, notification: WatchNotification, reader: Reader, causedBy: number): void => {
    const { controller } = watcher
    if (isStopped(controller.name)) return
    const wakes = watcher.wakes(notification, reader)
    if (toldSteps !== undefined) keepStep(toldSteps, controller, wakes, { watcher })
    for (const woken of wakes) wake(controller, woken, causedBy)
  }

  /** A controller with late caches is asked again the next time. */
  const keepStep = (steps: ToldStep[], controller: Worker, wakes: readonly Wake[], asked: ToldStep): void => {
    if (hasLateCache(controller.name)) steps.push(asked)
    else if (wakes.length > 0) steps.push({ woken: { controller, wakes } })
  }

  const hasLateCache = (controller: string): boolean =>
    sizeOf(informers) > 0 && lateInformersOf(informers).ofController(controller).length > 0

  const notificationOf = (
    before: KubernetesObject | undefined,
    after: KubernetesObject | undefined,
    event: ClusterEvent | { readonly rv: number },
  ): WatchNotification | undefined => {
    // A watch tells of a deletion with the last version at the resourceVersion of the deletion.
    if (after === undefined)
      return before === undefined ? undefined : { type: 'DELETED', object: atRevision(before, revisionOf(event)), old: before }
    if (before === undefined) return { type: 'ADDED', object: after, old: undefined }
    return before === after ? undefined : { type: 'MODIFIED', object: after, old: before }
  }

  /** A lagging informer hears of the change later. */
  const tellLater = (informer: string, { path, kind }: ObservedChange, event: ClusterEvent, eventSeq: number): void => {
    const lagging = getAt(informers, informer)
    if (lagging === undefined) return
    toldSteps?.push({ informer })
    const { key } = splitObjectPath(path)
    const last = lagging.underway.at(-1)
    const lag = getAt(cluster.informerLags, informer) ?? 0
    const dueAt = Math.max(now + lag, last?.dueAt ?? 0)
    informers = setAt(informers, informer, {
      seen: lagging.seen,
      underway: [...lagging.underway, { dueAt, kind, key, store: knownStore(kind), rv: revisionOf(event), seq: eventSeq }],
    })
    schedule(dueAt, { kind: 'deliver', informer })
  }

  const publishChange = (change: ObservedChange, event: ClusterEvent, eventSeq: number): void => {
    const { kind, before, after } = change
    const notification = notificationOf(before, after, event)
    if (notification === undefined) return
    if (changes.observed) turnChanges.push(notification)
    if (sizeOf(informers) === 0) {
      // Nobody lags: all see the same.
      const reader = readerOf(cluster)
      for (const watcher of wiring.watchersOf(kind)) deliver(watcher, notification, reader, eventSeq)
      return
    }
    const late = lateInformersOf(informers).ofKind(kind)
    for (const watcher of wiring.watchersOf(kind)) {
      const { informer, controller } = watcher
      if (isAmong(late, informer)) tellLater(informer, change, event, eventSeq)
      else deliver(watcher, notification, readerFor(controller.name), eventSeq)
    }
    // What a controller reads and does not watch has a cache too.
    for (const { name } of late) if (wiring.watcherOf(name) === undefined) tellLater(name, change, event, eventSeq)
  }

  const startController = (controller: Worker, causedBy: number): void => {
    const reader = readerFor(controller.name)
    for (const kind of Object.keys(controller.watches)) {
      const watcher = wiring.watcherOf(`${controller.name} ${kind}`)
      if (watcher === undefined) continue
      for (const object of allObjects(storeOf(cluster, kind))) deliver(watcher, { type: 'ADDED', object, old: undefined }, reader, causedBy)
    }
    for (const woken of controller.start?.(reader) ?? []) wake(controller, woken, causedBy)
  }

  const found = ({ name, expectation }: Invariant, violation: Violation): void => {
    // The event that was looked at is the last one recorded.
    if (expectation === 'sometimes') marks.add(name)
    else violations.push({ ...violation, seq: seq - 1, turn, at: now })
  }

  /** The turn has been counted already. */
  const foundAtEnd = (_invariant: Invariant, violation: Violation): void => {
    violations.push({ ...violation, seq: Math.max(0, seq - 1), turn: turn - 1, at: now })
  }

  const record = (event: ClusterEvent, actor: string, causedBy: number | null): number => {
    const recorded: Recorded = { seq, turn, at: now, causedBy, actor, event }
    seq += 1
    const before = cluster
    cluster = lean && event.kind === 'WaitingChanged' ? before : reduce(before, event, now)
    if (lean && isObjectDeleted(event)) goneVersions = setAt(goneVersions, event.object, event.rv)
    const change = 'object' in event ? observedChange(event.object, before, cluster) : undefined
    lastChange = change
    tell(recorded, before, change)
    const watching = invariants.watching(event.kind)
    if (watching !== undefined) invariants.look(watching, { before, recorded, after: cluster, view: planReader, change, request }, found)
    if (looks !== undefined) {
      // Only now: until here what is new shares with what was before all that they have in common.
      if (change !== undefined) {
        const known = knownStore(change.kind)
        if (known !== storeOf(cluster, change.kind)) cluster = withStore(cluster, change.kind, known)
      }
      facts?.push({ event, change, cluster, goneVersions, telling: { told: undefined } })
    }
    return recorded.seq
  }

  /** The store as it is now. */
  const knownStore = (kind: string): ObjectStore => {
    const store = storeOf(cluster, kind)
    return looks === undefined ? store : looks.storeLike(kind, store)
  }

  /** Whom it concerns. */
  const tell = (recorded: Recorded, before: ClusterState, change: ObservedChange | undefined): void => {
    const { event } = recorded
    turnEvents.push(recorded)
    if (change !== undefined) publishChange(change, event, recorded.seq)
    else if (event.kind === 'ControllerCrashed') queues.forget(event.controller)
    else if (event.kind === 'ControllerRestarted') {
      const controller = byName.get(event.controller)
      if (controller !== undefined) startController(controller, recorded.seq)
    } else if (event.kind === 'InformerLagSet') {
      const informer = `${event.controller} ${event.objectKind}`
      const had: LaggingInformer | undefined = getAt(informers, informer)
      if (event.lagMs > 0) informers = setAt(informers, informer, had ?? { seen: storeOf(cluster, event.objectKind), underway: [] })
      else if (had !== undefined && had.underway.length === 0) informers = removeAt(informers, informer)
    }
    if (before.world !== cluster.world)
      for (const watcher of wiring.worldWatchers) {
        const { controller } = watcher
        if (isStopped(controller.name)) continue
        const wakes = watcher.wakes(event, readerFor(controller.name))
        if (toldSteps !== undefined) keepStep(toldSteps, controller, wakes, { worldWatcher: watcher })
        for (const woken of wakes) wake(controller, woken, recorded.seq)
      }
  }

  const recordAll = (all: readonly ClusterEvent[], asked: ObservedRequest, actor: string, causedBy: number | null): void => {
    request = asked
    lastChange = undefined
    for (const event of all) record(event, actor, causedBy)
    request = undefined
  }

  const matchingFault = (command: ClusterCommand, actor: string, path: string): ApiFaultSet | undefined =>
    cluster.apiFaults.find(
      (fault) =>
        (fault.controller === undefined || fault.controller === actor) &&
        (fault.command === undefined || fault.command === command.kind) &&
        (fault.on === undefined || fault.on === path) &&
        (fault.fault !== 'conflict' || command.kind === 'ReplaceObject' || command.kind === 'PatchObject'),
    )

  /** How far the versions of the command's object have come; where that is not one object by its name, those of all. */
  const ownRevision = (command: ClusterCommand): number => {
    const { path, ref } = nameOfTarget(command)
    const isNamed = command.kind !== 'CreateObject' || (command.object.metadata?.name ?? '') !== ''
    if (ref !== undefined && isNamed && command.kind !== 'EvictPod') {
      const stored = findObject(storeOf(cluster, ref.kind), keyOf(ref.namespace, ref.name))
      return stored === undefined ? (getAt(goneVersions, path) ?? firstVersion) : versionIn(stored)
    }
    let greatest = firstVersion
    const count = (version: number): void => {
      if (version > greatest) greatest = version
    }
    forEachEntry(goneVersions, (_, version) => count(version))
    forEachEntry(cluster.stores, (_, { objects }) => {
      forEachEntry(objects, (_key, object) => count(versionIn(object)))
    })
    return greatest
  }

  const apply = (command: ClusterCommand, actor: string, causedBy: number | null, fromController: boolean): ApiResult => {
    if (lean) {
      if (command.kind === 'RecordEvent') return nothingTold
      if (isWrite(command)) cluster = { ...cluster, revision: ownRevision(command) }
    }
    const { revision } = cluster
    if (fromController && (cluster.apiFaults.length > 0 || interference !== undefined) && isWrite(command)) {
      const { path, ref } = nameOfTarget(command)
      const fault = matchingFault(command, actor, path)?.fault ?? interference?.answer?.(actor, command, path)
      if (fault !== undefined) {
        record({ kind: 'ApiFaultStruck', fault, command: command.kind, on: path }, actor, causedBy)
        if (fault === 'lost-answer') {
          const applied = decide(command, cluster, { now, actor, choose }, settings)
          if (E.isRight(applied)) recordAll(applied.right.events, { command, revision }, actor, causedBy)
        }
        return E.left(faultAnswer(fault, ref))
      }
    }
    const decided = decide(command, cluster, { now, actor, choose }, settings)
    let result: ApiResult
    if (E.isLeft(decided)) {
      result = decided
      if (isWrite(command))
        record(
          {
            kind: 'CommandRejected',
            command: command.kind,
            on: nameOfTarget(command).path,
            reason: decided.left.reason,
            message: decided.left.message,
            code: decided.left.code,
          },
          actor,
          causedBy,
        )
    } else {
      const { events: decidedEvents, object } = decided.right
      const dryRun = 'dryRun' in command && command.dryRun === true
      if (!dryRun) recordAll(decidedEvents, { command, revision }, actor, causedBy)
      result =
        object === nobody
          ? nothingTold
          : E.right(dryRun || decidedEvents.length === 0 ? object : (storedVersion(object) ?? atRevision(object, cluster.revision)))
    }
    if (commands.observed) turnCommands.push({ at: now, turn, actor, command, result })
    return result
  }

  /** What the API answers with is what it stored. */
  const storedVersion = ({ kind, metadata }: KubernetesObject): KubernetesObject | undefined => {
    const namespace = metadata.namespace ?? ''
    const isLast = lastChange?.kind === kind && lastChange.name === metadata.name && lastChange.namespace === namespace
    return isLast && looks === undefined ? lastChange?.after : findObject(storeOf(cluster, kind), keyOf(namespace, metadata.name))
  }

  /** A sync keeps its worker busy for as long as its writes take; meanwhile notifications about the key coalesce. */
  const finishSync = (
    controller: Worker,
    key: string,
    before: QueueEntry,
    outcome: PlanOutcome,
    writes: number,
    causedBy: number | null,
    isAgain = false,
  ): void => {
    const entry = queues.entryOf(controller.name, key)
    const failures = outcome.error === undefined ? 0 : (before.failures ?? 0) + 1
    const memory: Json | undefined = outcome.memory === undefined ? before.memory : outcome.memory === null ? undefined : outcome.memory
    const writingMs =
      controller.handsOutWritesInMs === undefined || writes === 0
        ? Math.min(writes * limits.apiWriteMs, limits.syncWritingMaxMs)
        : controller.handsOutWritesInMs
    const busyMs =
      interference?.takesNoTime === true
        ? 0
        : controller.busyMs === undefined
          ? writingMs
          : Math.max(writingMs, controller.busyMs(key, readerOf(cluster)))
    const busyUntil = now + busyMs
    // What the sync's own writes have woken waits until the worker is free again.
    const isHeldUp = entry.dueAt !== undefined && entry.dueAt < busyUntil
    if (isHeldUp) schedule(busyUntil, { kind: 'ready', controller: controller.name, key })
    queues.put(
      controller.name,
      key,
      makeEntry(
        isHeldUp ? busyUntil : entry.dueAt,
        entry.delayedUntil,
        entry.delayedBy,
        busyMs > 1 ? busyUntil : undefined,
        failures > 0 ? failures : undefined,
        memory,
        entry.causedBy,
      ),
    )
    // What comes later comes of what this sync did last, or else of what brought it about.
    const cause = turnEvents.at(-1)?.seq ?? causedBy ?? undefined
    if (failures > 0) wake(controller, { key, afterMs: backOffMs(failures) }, cause)
    if (outcome.requeueAfterMs !== undefined) wake(controller, { key, afterMs: Math.max(1, outcome.requeueAfterMs) }, cause)
    const waitingFor = outcome.waitingFor ?? noWaiting
    // Not kept in a lean run, so whoever waits says so each time: only the marks listen.
    const waited = lean ? noWaiting : (getAt(cluster.waiting, `${controller.name} ${key}`) ?? noWaiting)
    if (!isAgain && waitingFor !== waited && !deepEqual(waitingFor as unknown as Json, waited as unknown as Json))
      record({ kind: 'WaitingChanged', controller: controller.name, key, waitingFor }, controller.name, causedBy)
  }

  const sync = (controller: Worker, key: string): void => {
    const { delayedUntil, delayedBy, busyUntil, failures, memory, causedBy: cause } = queues.entryOf(controller.name, key)
    const entry = makeEntry(undefined, delayedUntil, delayedBy, busyUntil, failures, memory, undefined)
    queues.put(controller.name, key, entry)
    const causedBy = lean ? null : (cause ?? null)
    const moods = interference?.moods
    const mood = looks === undefined ? undefined : moods?.of(controller.name)
    if (mood !== undefined && looks !== undefined && isRemembered(looks, mood, controller, key, entry)) return
    const foundBefore = violations.length
    const askedBefore = moods?.asked() ?? 0
    const name = mood === undefined || looks === undefined ? undefined : nameOfLook(looks, controller, key, entry)
    const since = name === undefined ? undefined : moods?.listen()
    const ends: PossibleEnd[] = []
    if (since !== undefined) facts = []
    const context: PlanContext = {
      key,
      now,
      reader: readerFor(controller.name),
      world: cluster.world,
      choose,
      memory: entry.memory,
      failures: entry.failures ?? 0,
    }
    planReader = context.reader
    const plan = controller.plan(context)
    let answer = plan.next()
    let writes = 0
    for (let count = 0; answer.done !== true; count += 1) {
      assert(count < limits.commandsPerPlanMax, () => `the plan of ${controller.name} for ${key} does not end`)
      const result = apply(answer.value, controller.name, causedBy, true)
      if (E.isRight(result) && isWrite(answer.value)) writes += 1
      const command = answer.value
      const asked = (moods?.asked() ?? 0) - askedBefore
      const choices = since !== undefined && isWrite(command) ? since() : undefined
      if (interference?.crashes?.(controller.name, key, command) === true) {
        record({ kind: 'ControllerCrashed', controller: controller.name }, controller.name, causedBy)
        break
      }
      if (choices !== undefined && (moods?.asked() ?? 0) - askedBefore > asked)
        ends.push({ command, asked, choices, facts: facts?.length ?? 0 })
      answer = plan.next(result)
    }
    const outcome = answer.done === true ? answer.value : undefined
    const seen = settledFacts()
    if (outcome !== undefined) finishSync(controller, key, entry, outcome, writes, causedBy)
    planReader = undefined
    if (looks !== undefined && name !== undefined && since !== undefined && seen !== undefined && violations.length === foundBefore)
      looks.remember(name, mood?.name ?? '', { facts: seen, outcome, writes, choices: since(), ends })
  }

  /** All that the look will hang on but the mood. */
  const nameOfLook = (memory: LookMemory, controller: Worker, key: string, { memory: kept, failures }: QueueEntry): Hash | undefined =>
    memory.nameOf(cluster, informers, controller.name, key, kept, now, failures ?? 0)

  /** False: there is no look to go by; nothing is done. */
  const isRemembered = (
    memory: LookMemory,
    { name, asIn, endsAfter }: Mood,
    controller: Worker,
    key: string,
    entry: QueueEntry,
  ): boolean => {
    const ofLook = nameOfLook(memory, controller, key, entry)
    if (ofLook === undefined) return false
    const known = (mood: string): RememberedLook | undefined => memory.lookNamed(ofLook, mood)
    if (endsAfter !== undefined) {
      const whole = known(endsAfter.name)
      const end = whole?.ends.find(({ asked }) => asked === endsAfter.asked)
      if (whole !== undefined && end !== undefined) {
        interference?.moods?.comeUp(end.choices)
        tellAgain(whole.facts.slice(0, end.facts), controller.name)
        const isOver = interference?.crashes?.(controller.name, key, end.command) === true
        assert(isOver, () => `the process of ${controller.name} was to end in its look at ${key}`)
        record({ kind: 'ControllerCrashed', controller: controller.name }, controller.name, null)
        return true
      }
    }
    const look = known(name)
    const other = look === undefined && asIn !== undefined ? known(asIn) : undefined
    const same = look ?? other
    if (same === undefined) return false
    if (look !== undefined) interference?.moods?.comeUp(look.choices)
    tellAgain(same.facts, controller.name)
    if (same.outcome !== undefined) finishSync(controller, key, entry, same.outcome, same.writes, null, true)
    return true
  }

  /** The facts so far. What has come of them gives way to what is equal and has been there before. */
  const settledFacts = (): readonly RememberedFact[] | undefined => {
    const seen = facts
    facts = undefined
    if (seen === undefined || looks === undefined) return undefined
    const last = cluster
    ;({ cluster, goneVersions } = looks.contentLike({ cluster, goneVersions }))
    return seen.map((fact) => (fact.cluster === last ? { ...fact, cluster, goneVersions } : fact))
  }

  /** What has happened once happens again: what was done is the same, whom it concerns is told anew. */
  const tellAgain = (known: readonly RememberedFact[], actor: string): void => {
    for (const fact of known) {
      const { event, change, telling } = fact
      const before = cluster
      cluster = fact.cluster
      goneVersions = fact.goneVersions
      const recorded: Recorded = { seq, turn, at: now, causedBy: null, actor, event }
      seq += 1
      if (event.kind === 'ControllerCrashed' || event.kind === 'ControllerRestarted' || event.kind === 'InformerLagSet')
        tell(recorded, before, change)
      else if (telling.told?.informers === informers.keySet) tellAs(telling.told, recorded, change)
      else {
        const steps: ToldStep[] = []
        toldSteps = steps
        const told = { informers: informers.keySet, steps }
        tell(recorded, before, change)
        toldSteps = undefined
        telling.told = told
      }
    }
  }

  const tellAs = ({ steps }: Told, recorded: Recorded, change: ObservedChange | undefined): void => {
    const { event } = recorded
    turnEvents.push(recorded)
    let notification: WatchNotification | undefined
    if (change !== undefined && (changes.observed || steps.some(({ watcher }) => watcher !== undefined))) {
      notification = notificationOf(change.before, change.after, event)
      if (notification !== undefined && changes.observed) turnChanges.push(notification)
    }
    for (const { woken, watcher, informer, worldWatcher } of steps)
      if (woken !== undefined) for (const key of woken.wakes) wake(woken.controller, key, recorded.seq)
      else if (informer !== undefined) {
        if (change !== undefined) tellLater(informer, change, event, recorded.seq)
      } else if (watcher !== undefined) {
        if (notification !== undefined) deliver(watcher, notification, readerFor(watcher.controller.name), recorded.seq)
      } else if (worldWatcher !== undefined)
        for (const key of worldWatcher.wakes(event, readerFor(worldWatcher.controller.name)))
          wake(worldWatcher.controller, key, recorded.seq)
  }

  /** A command from outside. */
  const receive = (command: ClusterCommand, actor: string): ApiResult => {
    const name = looks?.nameOfRequest(cluster, command, now, actor)
    const known = name === undefined ? undefined : looks?.requestNamed(name)
    if (known !== undefined) {
      tellAgain(known.facts, actor)
      return known.result
    }
    const [foundBefore, drawnBefore] = [violations.length, drawn]
    if (name !== undefined) facts = []
    const causedBy = record({ kind: 'CommandReceived', command }, actor, null)
    const result = apply(command, actor, causedBy, false)
    const seen = settledFacts()
    // (What is drawn may be a choice of the search.)
    if (looks !== undefined && name !== undefined && seen !== undefined && violations.length === foundBefore && drawn === drawnBefore)
      looks.rememberRequest(name, { facts: seen, result })
    return result
  }

  const deliverNext = (informer: string): void => {
    const lagging = getAt(informers, informer)
    const next = lagging?.underway[0]
    if (lagging === undefined || next === undefined) return
    const before = findObject(lagging.seen, next.key)
    const underway = lagging.underway.slice(1)
    const caughtUp = underway.length === 0 && (getAt(cluster.informerLags, informer) ?? 0) === 0
    informers = caughtUp ? removeAt(informers, informer) : setAt(informers, informer, { seen: next.store, underway })
    const after = findObject(next.store, next.key)
    const notification = notificationOf(looks === undefined ? before : looks.olderOf(before, after), after, next)
    const watcher = wiring.watcherOf(informer)
    if (notification !== undefined && watcher !== undefined) deliver(watcher, notification, readerFor(watcher.controller.name), next.seq)
  }

  const beginTurn = (): void => {
    assert(!inTurn, 'an observer of a simulation may not act on it: commands are submitted between turns')
    inTurn = true
    // (The arrays of a turn are shown to observers; one that is still empty serves again.)
    if (turnEvents.length > 0) turnEvents = []
    if (turnCommands.length > 0) turnCommands = []
    if (turnChanges.length > 0) turnChanges = []
  }

  /** `counts`: reads and stale items are no turns; everything else is, also if nothing came of it, so that a rerun can count along. */
  const endTurn = (counts: boolean): void => {
    const recorded = turnEvents
    if (counts) turn += 1
    const before = run
    if (looks !== undefined && cluster !== before.cluster) ({ cluster, goneVersions } = looks.contentLike({ cluster, goneVersions }))
    run = { now, seq, turn, cluster, agenda, order, queues: queues.settle(), informers, workers, goneVersions }
    if (invariants.watchesTurns && counts) invariants.lookAtTurn({ before, after: run, item: turnItem, events: recorded }, foundAtEnd)
    turnItem = undefined
    if (recorded.length > 0 || turnCommands.length > 0) publish(recorded)
    inTurn = false
  }

  /** The turn is over, and nobody may begin another one before all observers have seen this one. */
  const publish = (recorded: readonly Recorded[]): void => {
    if (options.keepLog !== false) for (const event of recorded) log.push(event)
    if (commands.observed) for (const command of turnCommands) commands.next(command)
    if (changes.observed) for (const change of turnChanges) changes.next(change)
    if (events.observed) for (const event of recorded) events.next(event)
    if (turns.observed && recorded.length > 0) turns.next(recorded)
  }

  /** Takes the item if it still means something. False: it was stale. */
  const work = ({ dueAt: itemDueAt, work: item }: AgendaItem<DueWork>): boolean => {
    if (item.kind === 'deliver') {
      deliverNext(item.informer)
      return true
    }
    const controller = byName.get(item.controller)
    if (controller === undefined || isStopped(item.controller)) return false
    const entry = queues.entryOf(item.controller, item.key)
    if (item.kind === 'delayed') {
      if (entry.delayedUntil !== itemDueAt) return false
      const rest = makeEntry(
        entry.dueAt,
        undefined,
        undefined,
        entry.busyUntil,
        entry.failures,
        entry.memory,
        entry.causedBy ?? entry.delayedBy,
      )
      queues.put(item.controller, item.key, rest)
      const ready = readyTime(rest, now, 0)
      if (ready === undefined) return true
      const dueAt = inTurnOf(controller, ready)
      if (dueAt > now) {
        queues.put(item.controller, item.key, { ...rest, dueAt })
        schedule(dueAt, { kind: 'ready', controller: item.controller, key: item.key })
        return true
      }
      sync(controller, item.key)
      return true
    }
    if (entry.dueAt !== itemDueAt) return false
    sync(controller, item.key)
    return true
  }

  const step = (until?: SimTime): boolean => {
    for (let item = nextItem(agenda); item !== undefined; item = nextItem(agenda)) {
      if (until !== undefined && item.dueAt > until) return false
      beginTurn()
      agenda = withoutNext(agenda)
      now = item.dueAt
      turnItem = item
      const done = work(item)
      endTurn(done)
      if (done) return true
    }
    return false
  }

  // The last answer is kept: it is asked for twice where a search has come to.
  let pendingOf: RunState | undefined
  let pendingThere: readonly AgendaItem<DueWork>[] = []

  const pending = (): readonly AgendaItem<DueWork>[] => {
    if (pendingOf !== run) {
      pendingThere = pendingNow()
      pendingOf = run
    }
    return pendingThere
  }

  const pendingNow = (): readonly AgendaItem<DueWork>[] => {
    const items: AgendaItem<DueWork>[] = []
    const informersSeen: string[] = []
    // Many items, few controllers: the queue of each is looked up once.
    const controllersSeen: string[] = []
    const queuesSeen: WorkQueue[] = []
    for (const item of itemsOf(agenda)) {
      const { work: due } = item
      if (due.kind === 'deliver') {
        if (informersSeen.includes(due.informer)) continue
        informersSeen.push(due.informer)
        if ((getAt(informers, due.informer)?.underway.length ?? 0) > 0) items.push(item)
        continue
      }
      let place = controllersSeen.indexOf(due.controller)
      if (place < 0) {
        place = controllersSeen.push(due.controller) - 1
        const isWorking = byName.has(due.controller) && !isStopped(due.controller)
        queuesSeen.push((isWorking ? getAt(run.queues, due.controller) : undefined) ?? emptyQueue)
      }
      const { delayedUntil, dueAt } = entryOf(queuesSeen[place] ?? emptyQueue, due.key)
      if ((due.kind === 'delayed' ? delayedUntil : dueAt) === item.dueAt) items.push(item)
    }
    return items
  }

  const take = (item: AgendaItem<DueWork>, during: Interference | undefined): void => {
    beginTurn()
    agenda = withoutItem(agenda, item)
    if (item.work.kind === 'delayed' && item.dueAt > now) now = item.dueAt
    interference = during
    turnItem = item
    const done = work(item)
    interference = undefined
    endTurn(done)
  }

  const restore = (from: RunState): void => {
    assert(!inTurn, 'a simulation is restored between turns')
    run = looks === undefined ? from : looks.known(from)
    ;({ now, seq, turn, cluster, agenda, order, informers, workers, goneVersions } = run)
    queues.load(run.queues)
    // (To set the length of an empty list costs as much as to look a key up.)
    if (log.length > 0) log.length = 0
    if (violations.length > 0) violations.length = 0
  }

  const simulation: Simulation = {
    events$: events.asObservable(),
    turns$: turns.asObservable(),
    commands$: commands.asObservable(),
    changes$: changes.asObservable(),
    options,
    state: () => run,
    now: () => now,
    reader: () => readerOf(cluster),
    log: () => log,
    violations: () => violations,
    sometimes: () => marks,
    submit: (command, actor = 'user') => {
      beginTurn()
      const silent = command.kind === 'GetObject' || ('dryRun' in command && command.dryRun === true)
      const result = silent ? apply(command, actor, null, false) : receive(command, actor)
      endTurn(!silent)
      return result
    },
    nextDueAt: () => nextItem(agenda)?.dueAt,
    step,
    pending,
    take,
    restore,
    runUntil: (time, stop) => {
      let turnsHere = 0
      let instant = now
      while (step(time)) {
        if (stop?.() === true) return
        turnsHere = now === instant ? turnsHere + 1 : 0
        instant = now
        assert(turnsHere < limits.turnsPerInstantMax, () => `no end of turns at ${now} ms: a hot loop`)
      }
      simulation.advanceTo(time)
    },
    advanceTo: (time) => {
      if (time <= now) return
      now = time
      run = { ...run, now }
    },
    fork: (changed = {}) => createSimulation({ ...options, ...changed, from: run }),
  }
  if (options.from === undefined) {
    beginTurn()
    for (const controller of controllers)
      for (const woken of controller.start?.(readerOf(cluster)) ?? []) wake(controller, woken, undefined)
    endTurn(false)
  }
  return simulation
}
