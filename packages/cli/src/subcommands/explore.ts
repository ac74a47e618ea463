/** `statefold explore`: every choice of a scenario's search; what was covered, what broke, and the way there as a scenario. */
import * as E from 'fp-ts/lib/Either.js'
import {
  explore as search,
  formatProblems,
  SearchRefused,
  storyOf,
  writeCounterexample,
  type Finding,
  type SearchReport,
} from '@statefold/scenarios'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { readScenario } from '../read-scenario.js'
import { refuseExisting, writeWhole } from '../write-files.js'

export interface ExploreFlags {
  readonly seed?: number
  readonly depth?: number
  readonly states?: number
  readonly seconds?: number
  readonly memory?: number
  readonly all?: boolean
  readonly write?: string
  readonly overwrite?: boolean
  readonly json?: boolean
}

const memoryDefaultMiB = 3_072

const numbered = (path: string, index: number): string => (index === 0 ? path : path.replace(/(\.ya?ml)?$/, `-${index + 1}$1`))

const isBroken = ({ kind }: Finding): boolean => kind !== 'sometimes'

const coveredText = (report: SearchReport): string =>
  [
    `${report.states} states, ${report.transitions} transitions, ${report.depth} decisions deep, ${report.ends} ends, ${report.seconds.toFixed(1)} s`,
    report.complete ? 'complete within this scope:' : `not complete (ended by ${report.limit ?? 'the first finding'}), within this scope:`,
    ...report.scope.map((line) => `  ${line}`),
  ].join('\n')

const problemsWords = (finding: Finding): string => (isBroken(finding) ? `broken: ${finding.property}` : `reached: ${finding.property}`)

export const explore = (name: string, flags: ExploreFlags, output: Output): ExitCode => {
  const scenario = readScenario(name)
  if (scenario.written.search === undefined)
    throw badInput(
      `${name}: expected a \`search\` section that says what may be chosen (order, caches, crashes, answers, anytime); found none`,
    )
  if (flags.write !== undefined) refuseExisting(flags.write, flags.overwrite === true)
  const seed = flags.seed ?? scenario.written.seed ?? 1
  const { depth, states, seconds } = flags
  let explored: ReturnType<typeof search>
  try {
    explored = search(scenario, {
      seed,
      ...(flags.all === true ? { all: true } : undefined),
      clock: () => performance.now(),
      heapUsed: () => process.memoryUsage().heapUsed,
      bounds: {
        memory: (flags.memory ?? memoryDefaultMiB) * 1_048_576,
        ...(depth === undefined ? undefined : { depth }),
        ...(states === undefined ? undefined : { states }),
        ...(seconds === undefined ? undefined : { seconds }),
      },
      progress: (count) => {
        output.progress(`${count.states} states, ${count.depth} deep, ${count.frontier} waiting, ${Math.floor(count.seconds)} s`)
      },
    })
  } catch (error) {
    if (error instanceof SearchRefused) throw badInput(`${name}: ${error.message}`)
    throw error
  }
  output.progress('')
  if (E.isLeft(explored)) throw badInput(formatProblems(explored.left))
  const report = explored.right
  const written: string[] = []
  if (flags.write !== undefined)
    for (const [index, finding] of report.findings.entries()) {
      const path = numbered(flags.write, index)
      writeWhole(path, writeCounterexample(scenario, finding, seed))
      written.push(path)
    }
  const { findings, scope, ...counts } = report
  if (flags.json === true) {
    for (const finding of findings) output.print(`${JSON.stringify(finding)}\n`)
    output.print(`${JSON.stringify({ ...counts, seed, findings: findings.length, written, scope })}\n`)
  } else {
    for (const finding of findings)
      output.print(
        `${output.paint.tone(isBroken(finding) ? 'bad' : 'good', problemsWords(finding))}\n${finding.message}\n${storyOf(finding)
          .map((line) => `  ${line}`)
          .join('\n')}\n\n`,
      )
    output.print(`${coveredText(report)}\n`)
    for (const words of report.unmet) output.print(`${output.paint.tone('bad', `never reached: ${words}`)}\n`)
    output.print(
      `${report.visitedBytes} bytes for what was visited, ${(report.visitedBytes / Math.max(1, report.states)).toFixed(0)} a state\n`,
    )
    for (const path of written) output.print(`written to ${path}  (statefold run ${path})\n`)
  }
  if (findings.some(isBroken)) return exitCodes.violated
  if (!report.complete) return exitCodes.unknown
  return report.unmet.length > 0 ? exitCodes.violated : exitCodes.passed
}
