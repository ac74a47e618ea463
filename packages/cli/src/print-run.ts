/** A run as text: what it is, its timeline under the headings of its steps, its report. */
import * as E from 'fp-ts/lib/Either.js'
import {
  formatProblems,
  formatRunReport,
  loadScenario,
  noScenarioFiles,
  runScenario,
  type ReportPaint,
  type RunReport,
  type Scenario,
} from '@statefold/scenarios'
import type { Recorded, Simulation } from '@statefold/core'
import { plainPaint, timelineOf } from '@statefold/replay'
import type { Output } from './output.js'
import { timelineText } from './print-timeline.js'

type Page = Pick<Output, 'paint' | 'isTerminal' | 'columns'>

/** The title, the lesson and the timeline. */
export const runStory = (
  { written: { title } }: Scenario,
  report: Pick<RunReport, 'title' | 'lesson' | 'steps'>,
  events: readonly Recorded[],
  page: Page,
  all: boolean,
): string => {
  const lines: string[] = []
  if (title !== undefined) lines.push(`${page.paint.tone('outside', report.title)}\n`)
  if (report.lesson !== undefined) lines.push(`${page.paint.tone('faint', report.lesson)}\n`)
  if (title !== undefined) lines.push('\n')
  const seqAt = (at: number): number => events.find((recorded) => recorded.at >= at)?.seq ?? Number.MAX_SAFE_INTEGER
  const headings = report.steps.flatMap(({ name: words, seq, startedAt, commands = [] }) => [
    ...(words === undefined ? [] : [{ seq, at: startedAt, text: words }]),
    ...commands.map(({ at, command }) => ({ seq: Math.max(seq, seqAt(at)), at, text: `$ ${command.split('\n')[0] ?? ''}` })),
  ])
  const timeline = timelineOf(events, { headings, ...(all ? { all: true } : undefined) })
  if (timeline.rows.length > 0) lines.push(timelineText(timeline, page))
  return lines.join('')
}

export const reportText = (report: RunReport, { paint }: Page): string => {
  const reportPaint: ReportPaint = { tone: (tone, text) => paint.tone(tone, text) }
  return formatRunReport(report, reportPaint)
}

const plainPage: Page = { paint: plainPaint, isTerminal: false, columns: 120 }

/** What `statefold run` says of a scenario that a search has written: to lie beside it. */
export const storyOfFile = (path: string, text: string): string => {
  const loaded = loadScenario(path, text, noScenarioFiles)
  if (E.isLeft(loaded)) return formatProblems(loaded.left)
  let simulation: Simulation | undefined
  try {
    const run = runScenario(loaded.right, {
      again: `statefold run ${path}`,
      observe: (observed) => {
        simulation = observed
      },
    })
    if (E.isLeft(run)) return formatProblems(run.left)
    const { report } = run.right
    return `${runStory(loaded.right, report, run.right.simulation.log(), plainPage, false)}${reportText(report, plainPage)}`
  } catch (error) {
    const events = simulation?.log() ?? []
    const last = events.at(-1)
    return [
      runStory(loaded.right, { title: loaded.right.written.title ?? path, steps: [] }, events, plainPage, false),
      `statefold has a bug; after event ${last?.seq ?? 0}, at ${last?.at ?? 0} ms, this was thrown:\n`,
      `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    ].join('')
  }
}
