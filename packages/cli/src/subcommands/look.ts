/** `statefold timeline`, `explain` and `diff`: looking at logs. */
import { diffStates, explainObject, formatExplanation, formatTime, isSpokenOf, timelineOf, type ObjectDifference } from '@statefold/replay'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { timelineText } from '../print-timeline.js'
import { parseLogPlace, readLogAt, readLogFile, turnAt, type Moment, type ReadLog } from '../read-log-file.js'

export interface TimelineFlags {
  readonly all?: boolean
  readonly about?: string
  readonly json?: boolean
  readonly at?: Moment
}

const upTo = (log: ReadLog, at: Moment | undefined): ReadLog['events'] => {
  if (at === undefined) return log.events
  const turn = turnAt(log, at)
  return log.events.filter((recorded) => recorded.turn <= turn)
}

export const timeline = (path: string, flags: TimelineFlags, output: Output): ExitCode => {
  const log = readLogFile(path, output, { decode: false })
  const made = timelineOf(upTo(log, flags.at), {
    ...(flags.all === true ? { all: true } : undefined),
    ...(flags.about === undefined ? undefined : { about: flags.about }),
  })
  if (made.rows.length === 0 && flags.about !== undefined && flags.json !== true) {
    output.note(`${path}: ${flags.all === true ? 'nothing' : 'nothing that a short story tells'} names ${flags.about}\n`)
    return exitCodes.badInput
  }
  output.print(flags.json === true ? `${JSON.stringify(made)}\n` : timelineText(made, output))
  return exitCodes.passed
}

export interface ExplainFlags {
  readonly json?: boolean
  readonly at?: Moment
}

export const explain = (path: string, name: string, flags: ExplainFlags, output: Output): ExitCode => {
  const whole = readLogFile(path, output, { decode: false })
  const events = upTo(whole, flags.at)
  const last = events.at(-1)
  const { state } =
    flags.at === undefined || last === undefined ? whole : readLogFile(path, output, { decode: false, keep: false, untilSeq: last.seq })
  const explanation = explainObject(events, state, name)
  if (flags.json === true) output.print(`${JSON.stringify(explanation)}\n`)
  else if (isSpokenOf(explanation)) output.print(formatExplanation(explanation))
  else {
    const { others } = explanation
    output.note(`${path}: nothing in the log is called ${name}${others.length === 0 ? '' : `; there is ${others.join(', ')}`}\n`)
  }
  return isSpokenOf(explanation) ? exitCodes.passed : exitCodes.badInput
}

export interface DiffFlags {
  readonly json?: boolean
}

const shownFieldsMax = 12
const short = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}

export const formatDifferences = (differences: readonly ObjectDifference[], output: Output): string => {
  const signs = {
    added: output.paint.tone('good', '+'),
    removed: output.paint.tone('bad', '-'),
    changed: output.paint.tone('waiting', '~'),
  }
  return differences
    .map(({ object, change, fields }) => {
      const shown = fields.slice(0, shownFieldsMax).map(({ path, before, after }) => `    ${path}: ${short(before)} → ${short(after)}\n`)
      const more = fields.length > shownFieldsMax ? `    … and ${fields.length - shownFieldsMax} more fields\n` : ''
      return `${signs[change]} ${object}\n${shown.join('')}${more}`
    })
    .join('')
}

/** Events are told, not kept: they are left out of comparisons. */
const isTold = ({ object }: ObjectDifference): boolean => object.startsWith('Event/')

export const diff = (left: string, right: string | undefined, flags: DiffFlags, output: Output): ExitCode => {
  const [one, other] = [parseLogPlace(left), right === undefined ? undefined : parseLogPlace(right)]
  if (other === undefined && one.place === undefined)
    throw badInput(`${left}: expected two logs, or one log with a place, LOG@EVENT or LOG@TIME (compared with its end)`)
  const place = other ?? { path: one.path, place: undefined }
  const before = readLogAt(one, output)
  const after = readLogAt(place, output)
  const differences = diffStates(before.state, after.state).filter((difference) => !isTold(difference))
  if (flags.json === true)
    output.print(`${JSON.stringify({ before: { log: one.path, at: before.at }, after: { log: place.path, at: after.at }, differences })}\n`)
  else if (differences.length === 0) output.print('the two states are the same\n')
  else
    output.print(
      `from ${one.path} at ${formatTime(before.at)} to ${place.path} at ${formatTime(after.at)}\n${formatDifferences(differences, output)}`,
    )
  return exitCodes.passed
}
