/** `statefold fuzz`: random histories of a scenario's cluster, or of clusters made up; what breaks, shrunk, as a scenario. */
import {
  CannotBegin,
  formatProblems,
  makeHistoryRunner,
  scenarioText,
  startFuzz,
  stepWords,
  type FuzzFinding,
  type FuzzJob,
  type FuzzReport,
  type FuzzSearch,
  type HistoryOutcome,
  type Scenario,
} from '@statefold/scenarios'
import { noteBugs } from '../bug-report.js'
import { readCorpus, writeCorpus } from '../corpus-folder.js'
import { badInput, exitCodes, makeLastWrites, type ExitCode } from '../exit-codes.js'
import type { FuzzWorkerAnswer, FuzzWorkerTask } from '../fuzz-worker.js'
import type { Output } from '../output.js'
import { readScenario } from '../read-scenario.js'
import { startThreads, threadsFor, type Thread } from '../threads.js'
import { refuseFindings, writeFindings } from '../write-findings.js'

export interface FuzzFlags {
  readonly any?: boolean
  readonly seed?: number
  readonly runs?: number
  readonly seconds?: number
  readonly steps?: { readonly min: number; readonly max: number }
  readonly forks?: number
  readonly workers?: number
  readonly corpus?: string
  readonly write?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

const stepsWords = ({ min, max }: NonNullable<FuzzFlags['steps']>): string => (min === max ? String(min) : `${min}-${max}`)

const againWords = (name: string | undefined, flags: FuzzFlags, seed: number, run: number): string =>
  [
    'statefold fuzz',
    name ?? '--any',
    `--seed ${seed} --runs ${run + 1}`,
    ...(flags.steps === undefined ? [] : [`--steps ${stepsWords(flags.steps)}`]),
    ...(flags.forks === undefined ? [] : [`--forks ${flags.forks}`]),
    ...(flags.corpus === undefined ? [] : [`--corpus ${flags.corpus} (as it was)`]),
  ].join(' ')

const wordsOf = ({ property, message, steps, found, isConfirmed, run }: FuzzFinding, again: string): string =>
  [
    message,
    `history ${run}, ${found} commands and faults, shrunk to ${steps.length}${isConfirmed ? '' : ' (an ordinary run of these does not break it)'}`,
    ...steps.map((step) => `  ${step.after === undefined ? '' : `after ${step.after} ms: `}${stepWords(step)}`),
    property,
    `again: ${again}`,
  ].join('\n')

/** Above the scenario that shows it. */
const headingOf = (finding: FuzzFinding, again: string): string => `Broken: ${finding.property}\n${wordsOf(finding, again)}`

/** Runs the families of a round, and calls back with each outcome in the order of the jobs. False: it was told to stop first. */
interface Runners {
  readonly runAll: (
    families: readonly (readonly FuzzJob[])[],
    took: (job: FuzzJob, outcome: HistoryOutcome) => void,
    mustStop: () => boolean,
  ) => Promise<boolean>
  readonly close: () => Promise<void>
}

const breath = (): Promise<void> => new Promise((settle) => void setImmediate(settle))

/** In this thread; between histories the process may hear of a signal. */
const here = (scenario: Scenario | undefined): Runners => {
  const runner = makeHistoryRunner(scenario === undefined ? {} : { scenario, seed: scenario.written.seed ?? 1 })
  return {
    runAll: async (families, took, mustStop) => {
      for (const job of families.flat()) {
        if (mustStop()) return false
        took(job, runner.run(job.history, job.converges, job.forksAt))
        await breath()
      }
      return true
    },
    close: () => Promise.resolve(),
  }
}

/** In threads: each has a family, one job at a time, and the next family as soon as it is done. */
const inThreads = (threads: readonly Thread<FuzzJob, FuzzWorkerAnswer>[]): Runners => ({
  runAll: async (families, took, mustStop) => {
    const jobs = families.flat()
    const outcomes = new Map<number, HistoryOutcome>()
    let [given, taken] = [0, 0]
    let stopped = false
    const takeReady = (): void => {
      for (let job = jobs[taken]; job !== undefined; job = jobs[taken]) {
        const ready = outcomes.get(job.run)
        if (ready === undefined) return
        taken += 1
        took(job, ready)
      }
    }
    const work = async ({ ask }: Thread<FuzzJob, FuzzWorkerAnswer>): Promise<void> => {
      for (let family = families[given]; family !== undefined; family = families[given]) {
        given += 1
        for (const job of family) {
          stopped ||= mustStop()
          if (stopped) return
          const { run, outcome } = await ask(job)
          outcomes.set(run, outcome)
          takeReady()
        }
      }
    }
    await Promise.all(threads.map(work))
    return taken === jobs.length
  },
  close: async () => {
    await Promise.all(threads.map(({ close }) => close()))
  },
})

const searchAll = async (search: FuzzSearch, runners: Runners, mustStop: () => string | undefined): Promise<FuzzReport> => {
  for (let families = search.next(); families.length > 0 && !search.isOver(); families = search.next()) {
    const done = await runners.runAll(families, search.take, () => mustStop() !== undefined || search.isOver())
    if (!done) return search.report(mustStop())
  }
  return search.report()
}

const interrupted = 'the user'

export const fuzz = async (name: string | undefined, flags: FuzzFlags, output: Output, self: string): Promise<ExitCode> => {
  if ((name === undefined) !== (flags.any === true))
    throw badInput('fuzz: expected a scenario, manifests or a catalog name, or --any; not both')
  const scenario = name === undefined ? undefined : readScenario(name)
  if (flags.write !== undefined) refuseFindings(flags.write, flags.overwrite === true)
  const { seed, runs, seconds, steps, forks, workers = 1 } = flags
  if (workers < 1 || workers > 64) throw badInput(`--workers: expected 1 to 64, found ${workers}`)
  if (forks !== undefined && (forks < 1 || forks > 64)) throw badInput(`--forks: expected 1 to 64, found ${forks}`)
  if (steps !== undefined && (steps.min < 1 || steps.min > steps.max || steps.max > 10_000))
    throw badInput(`--steps: expected a number from 1 to 10000, or two such as 10-300, found ${stepsWords(steps)}`)
  const kept = flags.corpus === undefined ? undefined : readCorpus(flags.corpus)
  for (const line of kept?.refused ?? []) output.note(`left out of the corpus: ${line}\n`)
  const startedAt = performance.now()
  let isInterrupted = false
  // The second time, the process ends as it always would.
  const interrupt = (): void => {
    isInterrupted = true
  }
  process.once('SIGINT', interrupt)
  const mustStop = (): string | undefined => {
    if (isInterrupted) return interrupted
    return seconds !== undefined && performance.now() - startedAt > seconds * 1_000 ? `${seconds} s` : undefined
  }
  const search = startFuzz(scenario, {
    ...(seed === undefined ? undefined : { seed }),
    ...(runs === undefined ? undefined : { runs }),
    ...(seconds === undefined ? undefined : { seconds, runs: runs ?? Number.MAX_SAFE_INTEGER }),
    ...(steps === undefined ? undefined : { steps }),
    ...(forks === undefined ? undefined : { forks }),
    ...(kept === undefined ? undefined : { corpus: kept.histories }),
    clock: () => performance.now(),
    progress: (count) => {
      output.progress(
        `${count.runs} histories, ${count.commands} commands and faults, ${count.states} states, ${Math.floor(count.seconds)} s, ${Math.round((count.runs * 60) / Math.max(0.001, count.seconds))} a minute`,
      )
    },
  })
  const task: FuzzWorkerTask = { kind: 'fuzz', ...(name === undefined ? undefined : { name }) }
  const threads = threadsFor(name, workers)
  const runners = threads > 1 ? inThreads(startThreads(threads, self, task)) : here(scenario)
  let report: FuzzReport
  try {
    report = await searchAll(search, runners, mustStop)
  } catch (error) {
    if (error instanceof CannotBegin) throw badInput(formatProblems(error.problems))
    throw error
  } finally {
    process.off('SIGINT', interrupt)
    await runners.close()
    output.progress('')
  }
  const { findings, corpus, ...counts } = report
  const last = makeLastWrites()
  const { corpus: folder } = flags
  const added = folder === undefined ? 0 : last.attempt(() => writeCorpus(folder, corpus), 0)
  const written = writeFindings(
    flags,
    () => findings.map((finding) => scenarioText(finding.scenario, headingOf(finding, againWords(name, flags, counts.seed, finding.run)))),
    last,
  )
  if (flags.json === true) {
    for (const { scenario: _scenario, ...finding } of findings)
      output.print(`${JSON.stringify({ ...finding, again: againWords(name, flags, counts.seed, finding.run) })}\n`)
    output.print(`${JSON.stringify({ ...counts, corpus: corpus.length, findings: findings.length, written })}\n`)
  } else {
    for (const finding of findings)
      output.print(
        `${output.paint.tone('bad', `broken: ${finding.property}`)}\n${wordsOf(finding, againWords(name, flags, counts.seed, finding.run))}\n\n`,
      )
    output.print(
      `${counts.runs} histories, ${counts.commands} commands and faults, ${counts.events} events, ${counts.states} different states, ${counts.marks.length} marks, ${counts.seconds.toFixed(1)} s${counts.limit === undefined ? '' : `, ended by ${counts.limit}`}\n` +
        (counts.meant > 0 ? `${counts.meant} times two processes had one name after a forced deletion, as they may\n` : '') +
        (flags.corpus === undefined ? '' : `${corpus.length} histories in the corpus, ${added} new in ${flags.corpus}\n`) +
        written.map((path) => `written to ${path}  (statefold run ${path})\n`).join(''),
    )
  }
  last.settle()
  if (noteBugs(findings, flags.write, output)) return exitCodes.ourBug
  if (findings.length > 0) return exitCodes.violated
  // Where nothing was run, nothing is known.
  return counts.limit === interrupted || counts.runs === 0 ? exitCodes.unknown : exitCodes.passed
}
