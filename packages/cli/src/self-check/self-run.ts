/** What a child process of the self-check does: runs one scenario, watched, and writes the log and what a person would see. */
import { writeFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { formatProblems, formatRunReport, plainReportPaint, runScenario, type Scenario, type ScenarioRun } from '@statefold/scenarios'
import { formatTimeline, plainPaint, timelineOf } from '@statefold/replay'
import { badInput } from '../exit-codes.js'
import { readScenario } from '../read-scenario.js'
import { logText } from '../write-files.js'
import type { Disturbance } from './factors.js'
import { settleDown, watched, type Touch } from './surroundings.js'

/** What the child answers on its standard output, as JSON. */
export interface SelfRun {
  readonly events: number
  readonly outcome: string
  readonly touched: readonly Touch[]
}

const runOf = (scenario: Scenario, seed: number): ScenarioRun => {
  const run = runScenario(scenario, { seed })
  if (E.isLeft(run)) throw badInput(formatProblems(run.left))
  return run.right
}

export const selfRun = async (name: string, disturbance: Disturbance): Promise<SelfRun> => {
  await settleDown(disturbance)
  const scenario = readScenario(name)
  const seed = disturbance.seed ?? scenario.written.seed ?? 1
  if (disturbance.disturbed.includes('history')) runOf(scenario, seed + 1)
  const { result, touched } = watched(() => {
    const { report, simulation } = runOf(scenario, seed)
    const about = { seed, settings: simulation.options.settings, source: scenario.source }
    const story = formatTimeline(timelineOf(simulation.log()), plainPaint)
    return {
      log: logText(about, simulation.log(), report.outcome),
      text: `${story}${formatRunReport(report, plainReportPaint)}`,
      report,
    }
  })
  writeFileSync(`${disturbance.out}.ndjson`, result.log)
  writeFileSync(`${disturbance.out}.txt`, result.text)
  return { events: result.report.events, outcome: result.report.outcome, touched }
}
