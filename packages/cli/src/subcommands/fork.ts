/** `statefold fork`: what would have happened if, at that moment, somebody had done something else. */
import { diffStates, forkAt, formatTime, timelineOf } from '@statefold/replay'
import { noFiles, runConsoleLine, settle, unsettledObjects, watchQuiet, withPrograms } from '@statefold/scenarios'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { timelineText } from '../print-timeline.js'
import { readLogFile, turnAt, type Moment } from '../read-log-file.js'
import { logSinkOf, refuseExisting } from '../write-files.js'
import { formatDifferences } from './look.js'

export interface ForkFlags {
  readonly at: Moment
  readonly log?: string
  readonly overwrite?: boolean
  readonly until?: number
  readonly json?: boolean
  readonly quiet?: boolean
}

const quietMs = 30_000
const untilDefaultMs = 600_000

const quoted = (word: string): string => (/^[\w./:=@%+,{}-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)

export const fork = (path: string, words: readonly string[], flags: ForkFlags, output: Output): ExitCode => {
  if (flags.log !== undefined) refuseExisting(flags.log, flags.overwrite === true)
  const log = readLogFile(path, output)
  const turn = turnAt(log, flags.at)
  const simulation = withPrograms(forkAt(log.header, log.events, turn))
  const { state } = simulation
  if (state().turn !== turn + 1)
    throw badInput(`${path}: turn ${turn} cannot be reached again; statefold verify ${path} shows where the runs part`)
  const start = flags.at.kind === 'time' ? flags.at.at : simulation.now()
  const { seed, settings, choices, source, title } = log.header
  const sink = logSinkOf(
    simulation,
    {
      seed,
      settings,
      ...(choices === undefined ? undefined : { choices }),
      ...(source === undefined ? undefined : { source }),
      title: `${title ?? path}, forked after turn ${turn}`,
    },
    flags.log,
    flags.overwrite === true,
    simulation.log(),
  )
  const firstNew = state().seq
  const quiet = watchQuiet(simulation)
  simulation.runUntil(start)
  sink.open()
  const line = words.map(quoted).join(' ')
  const result = words.length === 0 ? { exit: 0, stdout: '', stderr: '' } : runConsoleLine(simulation, noFiles, line)
  const deadline = Math.max(start + (flags.until ?? untilDefaultMs), simulation.now())
  const settled = settle(simulation, quiet, { quietMs, deadline, whole: true })
  const outcome = settled ? 'passed' : 'notConverged'
  sink.close(outcome)
  const differences = diffStates(log.state, state().cluster).filter(({ object }) => !object.startsWith('Event/'))
  const unsettled = unsettledObjects(simulation.reader())
  const code = result.exit !== 0 ? exitCodes.violated : settled ? exitCodes.passed : exitCodes.notConverged
  if (flags.json === true) {
    output.print(
      `${JSON.stringify({ log: path, turn, at: start, command: line, exit: result.exit, stdout: result.stdout, stderr: result.stderr, outcome, digest: sink.digest(), ...(flags.log === undefined ? undefined : { written: flags.log }), unsettled, differences })}\n`,
    )
    return code
  }
  output.print(`forked ${path} after turn ${turn} (${formatTime(start)})\n`)
  if (line !== '') output.print(`$ ${line}\n${result.stdout}${result.stderr}`)
  output.print('\n')
  if (flags.quiet !== true) {
    const all = timelineOf(simulation.log())
    const rows = all.rows.filter(({ seq }) => seq >= firstNew)
    if (rows.length > 0) output.print(timelineText({ ...all, rows }, output))
  }
  output.print(
    differences.length === 0
      ? 'it ends as it did before\n'
      : `what differs from the end of ${path} (${formatTime(log.at)}; the fork ends at ${formatTime(simulation.now())})\n${formatDifferences(differences, output)}`,
  )
  if (!settled) {
    output.print(`\n${output.paint.tone('bad', 'NOT CONVERGED')}\n`)
    for (const { object, because } of unsettled) output.print(`  ${object}: ${because}\n`)
  }
  if (flags.log !== undefined) output.print(output.paint.tone('faint', `log ${flags.log}  digest ${sink.digest().slice(0, 16)}…\n`))
  return code
}
