/** `statefold explore`: every choice of a scenario's search; what was covered, what broke, and the way there as a scenario. */
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import {
  canBeLean,
  formatProblems,
  makeExpander,
  makeGround,
  NotConfirmed,
  readSavedSearch,
  savedText,
  SearchRefused,
  startSearch,
  storyOf,
  writeCounterexample,
  type Expander,
  type ExpandRequest,
  type ExploreOptions,
  type Finding,
  type Ground,
  type SavedSearch,
  type Scenario,
  type SearchReport,
} from '@statefold/scenarios'
import { noteBugs } from '../bug-report.js'
import { badInput, exitCodes, fileProblem, makeLastWrites, type ExitCode } from '../exit-codes.js'
import type { ExploreWorkerAnswer, ExploreWorkerTask } from '../explore-worker.js'
import type { Output } from '../output.js'
import { readScenario } from '../read-scenario.js'
import { withFaults } from '../search-faults.js'
import { startThreads, threadsFor, type Thread } from '../threads.js'
import { refuseUnwritable, writeWhole } from '../write-files.js'
import { refuseFindings, writeFindings } from '../write-findings.js'
import { shareOut, type Expanders, type ExpanderThread } from './share-out.js'

export interface ExploreFlags {
  readonly seed?: number
  readonly faults?: string
  readonly depth?: number
  readonly states?: number
  readonly seconds?: number
  readonly memory?: number
  readonly all?: boolean
  /** Commander's name for the opposite of `--no-reductions`. */
  readonly reductions?: boolean
  readonly workers?: number
  readonly save?: string
  readonly resume?: string
  readonly write?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

const memoryDefaultMiB = 3_072

const isBroken = ({ kind }: Finding): boolean => kind !== 'sometimes'

const coveredText = (report: SearchReport): string =>
  [
    `${report.states} states, ${report.transitions} transitions, ${report.depth} decisions deep, ${report.seconds.toFixed(1)} s`,
    report.complete ? 'complete within this scope:' : `not complete (ended by ${report.limit ?? 'the first finding'}), within this scope:`,
    ...report.scope.map((line) => `  ${line}`),
    `reductions: ${report.reductions.join(', ') || 'none'}`,
    ...(report.endings.length === 0
      ? []
      : [report.endings.length === 1 ? `${report.ends} ends, all alike:` : `${report.ends} ends, of ${report.endings.length} sorts:`]),
    ...report.endings.slice(0, 5).map((ending) => `  ${ending}`),
  ].join('\n')

const problemsWords = (finding: Finding): string => (isBroken(finding) ? `broken: ${finding.property}` : `reached: ${finding.property}`)

// What a thread throws comes here as a plain error that has kept its name.
const isRefusal = (error: unknown): error is Error =>
  error instanceof SearchRefused || (error instanceof Error && error.name === 'SearchRefused')

const breath = (): Promise<void> => new Promise((settle) => void setImmediate(settle))

const here = (scenario: Scenario, ground: Ground, lean: boolean): Expanders & Pick<Expander, 'root'> => {
  const expander = makeExpander(scenario, ground, lean)
  return { root: expander.root, answer: expander.answer, marks: expander.marks, idsAtOnce: 64, close: () => Promise.resolve() }
}

type SearchThread = Thread<ExpandRequest, ExploreWorkerAnswer>

const expanderOf = ({ hasSpoken, ...thread }: SearchThread): ExpanderThread => ({ ...thread, isReady: hasSpoken })

/** So many states have been expanded, and so many wait, before it is worth the while to start threads: each takes a second to become quick. */
const worthThreads = { expanded: 8_192, waiting: 256 }

const breathEveryMs = 50

/** Walks to the end; between requests the process may hear of a signal. */
const walk = async (
  scenario: Scenario,
  options: ExploreOptions,
  ground: Ground,
  lean: boolean,
  start: (() => readonly SearchThread[]) | undefined,
): Promise<SearchReport> => {
  const search = startSearch(scenario, options, ground, lean)
  const alone = here(scenario, ground, lean)
  let expanders: Expanders = alone
  let expanded = 0
  let breathedAt = performance.now()
  try {
    for (let request = search.begin(alone.root); request !== undefined; request = search.next(expanders.idsAtOnce)) {
      search.take(await expanders.answer(request))
      expanded += request.expand.length
      if (performance.now() - breathedAt > breathEveryMs) {
        await breath()
        breathedAt = performance.now()
      }
      if (expanders === alone && start !== undefined && expanded >= worthThreads.expanded && search.waiting() >= worthThreads.waiting)
        expanders = shareOut(start().map(expanderOf), alone, search.pathTo)
    }
  } finally {
    await expanders.close()
  }
  return search.report(expanders.marks())
}

const readSaved = (path: string, scenario: Scenario, seed: number): SavedSearch => {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw fileProblem(path, error)
  }
  const saved = readSavedSearch(text, scenario, seed)
  if (E.isLeft(saved)) throw badInput(`${path}: ${saved.left}`)
  return saved.right
}

const goOnWords = (name: string, { faults, save, resume }: ExploreFlags): string =>
  save !== undefined
    ? `it can go on: statefold explore ${name}${faults === undefined ? '' : ` --faults ${faults}`} --resume ${save}`
    : `begun anew it goes as far with the same bounds; with --save PATH it can go on${resume === undefined ? '' : ' from where it is now'}, or raise the bound`

const boundWords =
  'to make the scope smaller: fewer steps, lower `most` of caches, crashes and answers, `anytimeMost`, a shorter `horizon`, fewer controllers in `order`'

export const explore = async (name: string, flags: ExploreFlags, output: Output, self: string): Promise<ExitCode> => {
  const scenario = withFaults(readScenario(name), flags.faults)
  if (scenario.written.search === undefined)
    throw badInput(
      `${name}: expected a \`search\` section that says what may be chosen (order, caches, crashes, answers, anytime), or --faults; found none`,
    )
  if (flags.write !== undefined) refuseFindings(flags.write, flags.overwrite === true)
  if (flags.save !== undefined) refuseUnwritable(flags.save, flags.overwrite === true || flags.save === flags.resume)
  const { depth, states, seconds, workers = 1 } = flags
  if (workers < 1 || workers > 64) throw badInput(`--workers: expected 1 to 64, found ${workers}`)
  const seed = flags.seed ?? scenario.written.seed ?? 1
  const resume = flags.resume === undefined ? undefined : readSaved(flags.resume, scenario, seed)
  let isInterrupted = false
  // The second time, the process ends as it always would.
  const interrupt = (): void => {
    isInterrupted = true
  }
  const options: ExploreOptions = {
    seed,
    ...(flags.all === true ? { all: true } : undefined),
    ...(flags.reductions === false ? { reduce: false } : undefined),
    ...(resume === undefined ? undefined : { resume }),
    clock: () => performance.now(),
    // Threads have heaps of their own.
    heapUsed: () => (workers > 1 ? process.memoryUsage.rss() : process.memoryUsage().heapUsed),
    mustStop: () => isInterrupted,
    bounds: {
      memory: (flags.memory ?? memoryDefaultMiB) * 1_048_576,
      ...(depth === undefined ? undefined : { depth }),
      ...(states === undefined ? undefined : { states }),
      ...(seconds === undefined ? undefined : { seconds }),
    },
    progress: (count) => {
      output.progress(`${count.states} states, ${count.depth} deep, ${count.frontier} waiting, ${Math.floor(count.seconds)} s`)
    },
  }
  const lean = canBeLean(scenario, options)
  const threads = threadsFor(name, workers)
  const startAs = (isLean: boolean) => (): readonly SearchThread[] => {
    const task: ExploreWorkerTask = { kind: 'explore', name, faults: flags.faults, seed, lean: isLean }
    // This thread is one of them.
    return startThreads(threads - 1, self, task)
  }
  process.once('SIGINT', interrupt)
  let report: SearchReport
  try {
    const ground = makeGround(scenario, options)
    if (E.isLeft(ground)) throw badInput(formatProblems(ground.left))
    const walkAs = (isLean: boolean, how: ExploreOptions): Promise<SearchReport> =>
      walk(scenario, how, ground.right, isLean, threads > 1 ? startAs(isLean) : undefined)
    try {
      report = await walkAs(lean, options)
    } catch (error) {
      if (!lean || !(error instanceof NotConfirmed)) throw error
      const { resume: _resume, ...anew } = options
      report = await walkAs(false, anew)
    }
  } catch (error) {
    if (isRefusal(error)) throw badInput(`${name}: ${error.message}`)
    throw error
  } finally {
    process.off('SIGINT', interrupt)
    output.progress('')
  }
  const last = makeLastWrites()
  const { save } = flags
  const written = writeFindings(flags, () => report.findings.map((finding) => writeCounterexample(scenario, finding, seed)), last)
  const { findings, scope, saved, ...counts } = report
  if (save !== undefined && saved !== undefined) last.attempt(() => writeWhole(save, savedText(saved())), undefined)
  if (flags.json === true) {
    for (const finding of findings) output.print(`${JSON.stringify(finding)}\n`)
    output.print(`${JSON.stringify({ ...counts, seed, workers, findings: findings.length, written, scope })}\n`)
  } else {
    for (const finding of findings)
      output.print(
        `${output.paint.tone(isBroken(finding) ? 'bad' : 'good', problemsWords(finding))}\n${finding.message}\n${storyOf(finding)
          .map((line) => `  ${line}`)
          .join('\n')}\n\n`,
      )
    output.print(`${coveredText(report)}\n`)
    if (saved !== undefined) output.print(`${goOnWords(name, flags)}\n${boundWords}\n`)
    for (const words of report.unmet) output.print(`${output.paint.tone('bad', `never reached: ${words}`)}\n`)
    output.print(
      `${report.visitedBytes} bytes for what was visited, ${(report.visitedBytes / Math.max(1, report.states)).toFixed(0)} a state\n`,
    )
    for (const path of written) output.print(`written to ${path}  (statefold run ${path})\n`)
  }
  last.settle()
  if (noteBugs(findings, flags.write, output)) return exitCodes.ourBug
  if (findings.some(isBroken)) return exitCodes.violated
  if (!report.complete) return exitCodes.unknown
  return report.unmet.length > 0 ? exitCodes.violated : exitCodes.passed
}
