/** Measures one figure in this process and prints it as JSON. A fresh process for each: no figure runs on what another has compiled. */
import { execFileSync } from 'node:child_process'
import { closeSync, existsSync, openSync, renameSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import {
  allInvariants,
  defaultClusterSettings,
  initialState,
  reduce,
  storeOf,
  valuesOf,
  type ClusterState,
  type Simulation,
} from '../../packages/core/src/index.js'
import {
  forceStep,
  lifeStep,
  machineryStep,
  nodeFaultStep,
  podFaultStep,
  userStep,
  waitStep,
} from '../../packages/core/src/testing/arbitraries/outside-step.js'
import { setShape } from '../../packages/core/src/testing/arbitraries/set-shape.js'
import { runHistory, type History } from '../../packages/core/src/testing/history.js'
import { makeHeader, makeLogWriter, replayLog } from '../../packages/replay/src/index.js'
import { fileLines, filePieces, nodeSha256 } from '../../packages/replay/src/node.js'
import { explore, fuzz, runScenario, type FuzzReport, type SearchReport } from '../../packages/scenarios/src/index.js'
import { listCatalog, readScenarioFile } from '../../packages/scenarios/src/node.js'
import { figures, type Measured } from './figures.js'
import { clusterOf, least, median, runUntilReady, setOf, timeSet } from './parallel-set.js'

const [name = '', root = '.', scratch = '.'] = process.argv.slice(2)

const repeat = <T>(times: number, work: () => T): readonly T[] => Array.from({ length: times }, work)

const timed = (work: () => void): number => {
  const start = performance.now()
  work()
  return performance.now() - start
}

const nodeDoingNothing = (): number => timed(() => execFileSync(process.execPath, ['-e', '0']))

const runCommandLine = (): Measured => {
  const main = join(root, 'packages/cli/dist/main.js')
  const once = (): number =>
    timed(() =>
      execFileSync(process.execPath, [main, 'run', join(root, 'examples/canary/canary.yaml')], { stdio: ['ignore', 'pipe', 'inherit'] }),
    )
  once()
  const runs = repeat(5, once)
  return { value: median(runs), floor: median(repeat(5, nodeDoingNothing)), note: `best ${least(runs).toFixed(0)} ms` }
}

/** What folding the run's events alone takes: no controller, no decision, no invariant. */
const foldOnly = (simulation: Simulation): number =>
  timed(() => {
    let state = initialState(simulation.options.settings)
    for (const { event, at } of simulation.log()) state = reduce(state, event, at)
  })

const podsReady = (replicas: number, warmUps: number, runs: number): Measured => {
  const first = timeSet(1_000).milliseconds
  repeat(warmUps - 1, () => timeSet(1_000))
  const measured: number[] = []
  const folds: number[] = []
  let events = 0
  for (let run = 0; run < runs; run += 1) {
    const { milliseconds, simulation } = timeSet(replicas)
    measured.push(milliseconds)
    folds.push(foldOnly(simulation))
    events = simulation.log().length
  }
  return {
    value: median(measured),
    floor: median(folds),
    note: `best ${least(measured).toFixed(0)} ms; ${events} events; the first run of 1,000 in a cold process ${first.toFixed(0)} ms`,
  }
}

const costGrowth = (): Measured => {
  repeat(20, () => timeSet(1_000))
  const cost = (pods: number, runs: number): number => (least(repeat(runs, () => timeSet(pods).milliseconds)) * 1_000) / pods
  // The small ones once more after the large one: what changes on the machine meanwhile is then in both.
  const [hundred, thousand, tenThousand, fiftyThousand] = [cost(100, 15), cost(1_000, 6), cost(10_000, 2), cost(50_000, 1)]
  const plot = [
    { pods: 100, microseconds: Math.min(hundred, cost(100, 15)) },
    { pods: 1_000, microseconds: Math.min(thousand, cost(1_000, 6)) },
    { pods: 10_000, microseconds: tenThousand },
    { pods: 50_000, microseconds: fiftyThousand },
  ]
  const [, small, , large] = plot
  return {
    value: (large?.microseconds ?? 0) / (small?.microseconds ?? 1),
    floor: null,
    note: plot.map(({ pods, microseconds }) => `${pods} Pods: ${microseconds.toFixed(0)} µs each`).join(', '),
    plot,
  }
}

const eventsWanted = 1_000_000

/** A log of 1 M events, kept beside the bundle for the next time the same engine is measured. */
const longLog = (): string => {
  const path = join(scratch, 'one-million-events.ndjson')
  if (existsSync(path)) return path
  const file = openSync(`${path}.part`, 'w')
  const replicas = 2_000
  let text = ''
  let events = 0
  const simulation = clusterOf(replicas / 50, {
    keepLog: false,
    observe: ({ options: { settings, seed }, turns$ }) => {
      const writer = makeLogWriter(makeHeader({ kubernetes: 'v1.36.3', seed, settings }), nodeSha256)
      text = writer.header
      turns$.subscribe((turn) => {
        text += writer.turn(turn)
        events += turn.length
        if (text.length < 1_000_000) return
        writeSync(file, text)
        text = ''
      })
    },
  })
  simulation.submit({ kind: 'CreateObject', object: setOf(replicas) })
  while (events < eventsWanted) {
    runUntilReady(simulation, replicas)
    for (const wanted of [0, replicas]) {
      simulation.submit({
        kind: 'PatchObject',
        target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
        patchType: 'merge',
        patch: { spec: { replicas: wanted } },
      })
      if (wanted === 0) while (events < eventsWanted && simulation.reader().listAny('Pod').length > 0) simulation.step()
    }
  }
  writeSync(file, text)
  closeSync(file)
  renameSync(`${path}.part`, path)
  return path
}

const replayRatio = (): Measured => {
  const path = longLog()
  let events = 0
  let state: ClusterState | undefined
  const replayOnce = (decode: boolean): number => {
    // The state before is nobody's any more.
    state = undefined
    return timed(() => {
      const replayed = replayLog(filePieces(path), { sha256: nodeSha256, decode })
      if (replayed._tag === 'Left') throw new Error(replayed.left.message)
      events = replayed.right.end.events
      state = replayed.right.state
    })
  }
  /** Those that were told, which are worked out when somebody looks. */
  const lookOnce = (): number =>
    timed(() => {
      if (state === undefined || valuesOf(storeOf(state, 'Event').objects).length === 0) throw new Error('the log has no Events')
    })
  const parseOnce = (): number => {
    let spent = 0
    let batch: string[] = []
    const parseBatch = (): void => {
      spent += timed(() => {
        for (const line of batch) JSON.parse(line)
      })
      batch = []
    }
    for (const line of fileLines(path)) {
      batch.push(line)
      if (batch.length === 5_000) parseBatch()
    }
    parseBatch()
    return spent
  }
  const [replays, parses]: [number[], number[]] = [[], []]
  for (let round = 0; round < 2; round += 1) {
    parses.push(parseOnce())
    replays.push(replayOnce(false))
  }
  const look = lookOnce()
  const thorough = replayOnce(true)
  return {
    value: least(replays) / least(parses),
    floor: 1,
    note: `${events} events, ${(statSync(path).size / 1e6).toFixed(0)} MB: replay ${(least(replays) / 1_000).toFixed(1)} s, JSON.parse ${(least(parses) / 1_000).toFixed(1)} s, replay of every line ${(thorough / 1_000).toFixed(1)} s; to look at the Events ${(look / 1_000).toFixed(1)} s`,
  }
}

const logBytes = (): Measured => {
  const paths = [...listCatalog().map(({ path }) => path), join(root, 'examples/canary/canary.yaml')]
  let [bytes, events, count, raw, unreadable] = [0, 0, 0, 0, 0]
  for (const path of paths) {
    const scenario = readScenarioFile(path)
    if (scenario._tag === 'Left') {
      unreadable += 1
      continue
    }
    const run = runScenario(scenario.right, {
      observe: (simulation, settings, seed) => {
        const writer = makeLogWriter(makeHeader({ kubernetes: 'v1.36.3', seed, settings, source: scenario.right.source }), nodeSha256)
        bytes += Buffer.byteLength(writer.header)
        simulation.turns$.subscribe((turn) => {
          const text = writer.turn(turn)
          bytes += Buffer.byteLength(text)
          raw += Buffer.byteLength(text.slice(0, text.lastIndexOf('\n', text.length - 2) + 1))
          events += turn.length
        })
      },
    })
    if (run._tag === 'Right') count += 1
  }
  return {
    value: bytes / events,
    floor: null,
    note: `${count} scenarios${unreadable === 0 ? '' : ` (${unreadable} could not be read)`}, ${events} events; without headers and digest lines ${(raw / events).toFixed(0)} bytes`,
  }
}

const outsideCommands = 300

/** As in the property tests: what people, luck and the machinery do, and after every third deed a while in which the cluster works. */
const randomHistories = (count: number): readonly History[] => {
  const deed = fc.oneof(
    { arbitrary: userStep(), weight: 6 },
    { arbitrary: lifeStep(), weight: 1 },
    { arbitrary: forceStep(), weight: 1 },
    { arbitrary: podFaultStep(), weight: 3 },
    { arbitrary: nodeFaultStep(), weight: 3 },
    { arbitrary: machineryStep(), weight: 4 },
  )
  const deeds = fc.array(fc.tuple(deed, deed, deed, waitStep()), {
    minLength: outsideCommands / 3,
    maxLength: outsideCommands / 3,
  })
  const histories = fc.record({
    seed: fc.nat({ max: 1_000_000 }),
    nodes: fc.integer({ min: 1, max: 3 }),
    set: setShape(),
    replicas: fc.integer({ min: 3, max: 5 }),
    deeds,
  })
  return fc
    .sample(histories, { numRuns: count, seed: 1 })
    .map(({ seed, nodes, set, replicas, deeds: chosen }) => ({ seed, nodes, set: { ...set, replicas }, steps: chosen.flat() }))
}

const propertyRuns = (): Measured => {
  const histories = randomHistories(400)
  let next = 0
  let events = 0
  const forSeconds = (seconds: number): number => {
    const start = performance.now()
    let runs = 0
    events = 0
    while (performance.now() - start < seconds * 1_000) {
      const history = histories[next % histories.length]
      next += 1
      if (history === undefined) break
      events += runHistory(history, { invariants: allInvariants, keepLog: false }).state().seq
      runs += 1
    }
    return (runs * 60_000) / (performance.now() - start)
  }
  forSeconds(15)
  const value = forSeconds(8)
  return { value, floor: null, note: `${Math.round(events / (value / 7.5))} events a history, ${Math.round(events / 8)} events a second` }
}

const fuzzHistories = (): Measured => {
  const search = (seconds: number, seed: number): FuzzReport => {
    const report = fuzz(undefined, {
      seconds,
      seed,
      steps: outsideCommands,
      runs: 1_000_000,
      convergesEvery: 0,
      clock: () => performance.now(),
    })
    if (report._tag === 'Left') throw new Error(report.left[0]?.message)
    if (report.right.findings.length > 0) throw new Error(`a property is broken: ${report.right.findings[0]?.property ?? ''}`)
    return report.right
  }
  search(15, 1)
  const { runs, events, commands, seconds } = search(10, 2)
  return {
    value: (runs * 60) / seconds,
    floor: null,
    note: `${Math.round(events / runs)} events a history and ${Math.round(commands / runs)} commands and faults, with those that make the sets; common beginnings are counted in each, and run once`,
  }
}

const simulatedToWall = (): Measured => {
  const start = clusterOf(3, { settings: defaultClusterSettings, keepLog: false })
  start.submit({ kind: 'CreateObject', object: setOf(3, 'OrderedReady') })
  start.runUntil(120_000)
  const tenMinutes = 600_000
  const once = (): number => {
    const simulation = start.fork()
    const wall = timed(() => {
      simulation.submit({
        kind: 'PatchObject',
        target: { kind: 'StatefulSet', namespace: 'default', name: 'web' },
        patchType: 'strategic',
        patch: { spec: { template: { spec: { containers: [{ name: 'nginx', image: 'nginx:1.28' }] } } } },
      })
      simulation.runUntil(start.now() + tenMinutes)
    })
    const set = simulation.reader().get('StatefulSet', 'default', 'web')
    if (set?.status.updatedReplicas !== 3 || set.status.currentRevision !== set.status.updateRevision)
      throw new Error('the rollout has not ended')
    return tenMinutes / wall
  }
  repeat(40, once)
  return { value: median(repeat(40, once)), floor: null }
}

const peakMemory = (): Measured => {
  timeSet(10_000)
  const nothing = execFileSync(process.execPath, ['-p', 'process.resourceUsage().maxRSS'], { encoding: 'utf8' })
  return { value: process.resourceUsage().maxRSS / 1_024, floor: Number(nothing) / 1_024 }
}

const searched = 'questions/scaling-with-a-slow-cache'

const searchOnce = (): SearchReport => {
  const entry = listCatalog().find(({ name: listed }) => listed === searched)
  if (entry === undefined) throw new Error(`the catalog has no ${searched}`)
  const scenario = readScenarioFile(entry.path)
  if (scenario._tag === 'Left') throw new Error(scenario.left.message)
  // In the processor's time, those of the collector's threads included: what else the machine does meanwhile counts less.
  const clock = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  }
  const explored = explore(scenario.right, { clock })
  if (explored._tag === 'Left') throw new Error(JSON.stringify(explored.left))
  if (!explored.right.complete || explored.right.findings.length > 0) throw new Error('the search is not complete, or has found something')
  return explored.right
}

const searchWords = ({ states, transitions, depth }: SearchReport): string =>
  `${states} states, ${transitions} transitions, ${depth} decisions deep, complete`

const statesPerSecond = (): Measured => {
  const rate = ({ states, seconds }: SearchReport): number => states / seconds
  const first = searchOnce()
  repeat(4, searchOnce)
  const rates = repeat(3, () => rate(searchOnce()))
  return {
    value: rates.reduce((best, one) => (one > best ? one : best), 0),
    floor: null,
    note: `${searchWords(first)}; the first run in a cold process ${rate(first).toFixed(0)} a second`,
  }
}

const bytesPerState = (): Measured => {
  const report = searchOnce()
  return { value: report.visitedBytes / report.states, floor: null, note: searchWords(report) }
}

const twoWorkers = (): Measured => {
  const secondsWith = (workers: number): number => {
    const printed = execFileSync(
      process.execPath,
      [join(root, 'packages/cli/dist/main.js'), 'explore', searched, '--faults', 'crash=24', '--workers', String(workers), '--json'],
      { encoding: 'utf8' },
    )
    // What our own command line prints.
    return (JSON.parse(printed.trim().split('\n').at(-1) ?? 'null') as { readonly seconds: number }).seconds
  }
  const [alone, together]: [number[], number[]] = [[], []]
  for (let round = 0; round < 2; round += 1) {
    alone.push(secondsWith(1))
    together.push(secondsWith(2))
  }
  return {
    value: least(alone) / least(together),
    floor: 1,
    note: `${least(alone).toFixed(1)} s with one, ${least(together).toFixed(1)} s with two`,
  }
}

const measure: Readonly<Record<string, () => Measured>> = {
  'run-3-replicas': runCommandLine,
  'pods-1000-ready': () => podsReady(1_000, 24, 9),
  'pods-10000-ready': () => podsReady(10_000, 8, 3),
  'cost-per-pod-growth': costGrowth,
  'replay-vs-json-parse': replayRatio,
  'log-bytes-per-event': logBytes,
  'property-runs-per-minute': propertyRuns,
  'fuzz-histories-per-minute': fuzzHistories,
  'simulated-to-wall': simulatedToWall,
  'rss-10000-pods': peakMemory,
  'explore-states-per-second': statesPerSecond,
  'explore-bytes-per-state': bytesPerState,
  'explore-two-workers': twoWorkers,
}

if (!figures.some((figure) => figure.name === name)) throw new Error(`there is no figure ${name}`)
const measured = measure[name]?.()
process.stdout.write(`${JSON.stringify(measured)}\n`)
