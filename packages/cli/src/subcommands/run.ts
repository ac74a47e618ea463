/** `statefold run`: a scenario, plain manifests or a catalog name; timeline, report, log. */
import * as E from 'fp-ts/lib/Either.js'
import { formatJUnit, formatProblems, runScenario, type Outcome, type Scenario } from '@statefold/scenarios'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { reportText, runStory } from '../print-run.js'
import { readScenario } from '../read-scenario.js'
import { logSinkOf, refuseExisting, writeWhole, type LogSink } from '../write-files.js'

export interface RunFlags {
  readonly seed?: number
  readonly log?: string
  readonly overwrite?: boolean
  readonly until?: number
  readonly json?: boolean
  readonly junit?: string
  readonly quiet?: boolean
  readonly all?: boolean
}

const exitCodeOf: Readonly<Record<Outcome, ExitCode>> = {
  passed: exitCodes.passed,
  violated: exitCodes.violated,
  notConverged: exitCodes.notConverged,
  nondeterministic: exitCodes.notDeterministic,
  unknown: exitCodes.unknown,
}

const againOf = (name: string, seed: number, flags: RunFlags): string =>
  [
    'statefold run',
    /^[\w./@:-]+$/.test(name) ? name : `'${name}'`,
    `--seed ${seed}`,
    ...(flags.until === undefined ? [] : [`--until ${flags.until}ms`]),
  ].join(' ')

export const run = (name: string, flags: RunFlags, output: Output): ExitCode => {
  if (flags.log !== undefined) refuseExisting(flags.log, flags.overwrite === true)
  const scenario: Scenario = readScenario(name)
  const seed = flags.seed ?? scenario.written.seed ?? 1
  let sink: LogSink | undefined
  const result = runScenario(scenario, {
    seed,
    ...(flags.until === undefined ? undefined : { untilMs: flags.until }),
    again: againOf(name, seed, flags),
    observe: (simulation, settings) => {
      const { choices, title } = scenario.written
      sink = logSinkOf(
        simulation,
        {
          seed,
          settings,
          source: scenario.source,
          ...(title === undefined ? undefined : { title }),
          ...(choices === undefined ? undefined : { choices }),
        },
        flags.log,
        flags.overwrite === true,
      )
      simulation.turns$.subscribe((events) => {
        const [first] = events
        if (output.isTerminal && first !== undefined && first.turn % 5_000 === 0)
          output.progress(`${first.seq} events, ${Math.floor(first.at / 1_000)} s simulated`)
      })
    },
    accepted: () => sink?.open(),
  })
  output.progress('')
  if (E.isLeft(result)) throw badInput(formatProblems(result.left))
  const { report, simulation } = result.right
  sink?.close(report.outcome)
  const digest = sink?.digest() ?? ''
  if (flags.junit !== undefined) writeWhole(flags.junit, formatJUnit(report))
  if (flags.json === true) {
    output.print(`${JSON.stringify({ ...report, digest, ...(flags.log === undefined ? undefined : { log: flags.log }) })}\n`)
    return exitCodeOf[report.outcome]
  }
  if (flags.quiet !== true) output.print(runStory(scenario, report, simulation.log(), output, flags.all === true))
  output.print(reportText(report, output))
  if (flags.log !== undefined) output.print(output.paint.tone('faint', `log ${flags.log}  digest ${digest}`) + '\n')
  return exitCodeOf[report.outcome]
}
