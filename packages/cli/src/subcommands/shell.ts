/**
 * `statefold shell`: the console for a person, on virtual time. Lines go to the simulated shell; lines that begin with a colon move time: on,
 * back to any turn, or into a fork. Every turn end is kept (states share structure), so going back costs nothing.
 */
import * as E from 'fp-ts/lib/Either.js'
import { createSimulation, type Recorded, type RunState, type Simulation } from '@statefold/core'
import { explainObject, forkAt, formatExplanation, formatTime, timelineOf, type LogHeader } from '@statefold/replay'
import {
  formatProblems,
  makeConsole,
  noFiles,
  parseDuration,
  runScenario,
  type Console,
  type ConsoleFiles,
  type Scenario,
  withPrograms,
} from '@statefold/scenarios'
import { badInput, exitCodes, type ExitCode } from '../exit-codes.js'
import type { Input, Output } from '../output.js'
import { timelineText } from '../print-timeline.js'
import { isLogFile, parseMoment, readLogFile, turnAt } from '../read-log-file.js'
import { readScenario } from '../read-scenario.js'
import { logText, refuseExisting, writeWhole, type LogAbout } from '../write-files.js'

export interface ShellFlags {
  readonly seed?: number
  readonly at?: ReturnType<typeof parseMoment>
}

const help = `  kubectl …, nslookup …, curl …, loops and pipes   on the simulated cluster
  :step [N]          the next turn, or N turns
  :run TIME          let simulated time pass: :run 30s
  :rest              until nothing is on its way any more (at most 10 minutes)
  :rewind TURN|TIME  back to the end of that turn: :rewind 42, :rewind 1m30s
  :fork              keep this moment; :back returns to it
  :back              return to where :fork was called
  :timeline [all]    what has happened
  :explain NAME      why: :explain web-1
  :save PATH         write the log of this line of history
  :help  :quit
`

interface Held {
  readonly run: RunState
  /** Events recorded up to there. */
  readonly events: number
}

interface Line {
  readonly simulation: Simulation
  readonly console: Console
  readonly events: Recorded[]
  readonly turns: Held[]
}

interface Beginning {
  readonly simulation: Simulation
  readonly about: LogAbout
  readonly files: ConsoleFiles
}

const beginWithLog = (path: string, flags: ShellFlags, output: Output): Beginning => {
  const log = readLogFile(path, output)
  const header: LogHeader = log.header
  const turn = flags.at === undefined ? (log.events.at(-1)?.turn ?? 0) : turnAt(log, flags.at)
  return { simulation: forkAt(header, log.events, turn), about: header, files: noFiles }
}

const beginWithScenario = (scenario: Scenario, seed: number): Beginning => {
  // The start alone: the person takes the place of the steps.
  const { steps: _steps, expect: _expect, ...start } = scenario.written
  const run = runScenario({ ...scenario, written: { ...start, until: 0 }, isPlain: false }, { seed })
  if (E.isLeft(run)) throw badInput(formatProblems(run.left))
  const { simulation } = run.right
  return { simulation, about: { seed, settings: simulation.options.settings, source: scenario.source }, files: scenario.files }
}

export const shell = async (name: string, flags: ShellFlags, output: Output, input: Input): Promise<ExitCode> => {
  const begin = isLogFile(name)
    ? beginWithLog(name, flags, output)
    : ((): Beginning => {
        const scenario = readScenario(name)
        return beginWithScenario(scenario, flags.seed ?? scenario.written.seed ?? 1)
      })()

  const follow = (simulation: Simulation, events: Recorded[], turns: Held[]): Line => {
    simulation.turns$.subscribe((recorded) => {
      for (const event of recorded) events.push(event)
      turns.push({ run: simulation.state(), events: events.length })
    })
    return { simulation, events, turns, console: makeConsole(simulation, begin.files) }
  }
  const from = (run: RunState): Simulation => withPrograms(createSimulation({ ...begin.simulation.options, from: run, keepLog: false }))

  const started = begin.simulation
  const turnStates: Held[] = [{ run: started.state(), events: started.log().length }]
  let line = follow(from(started.state()), [...started.log()], turnStates)
  let kept: Line | undefined

  /** The turn that has just ended: what `:rewind` would come back to. */
  const place = (): string => `${formatTime(line.simulation.now())} turn ${Math.max(0, line.simulation.state().turn - 1)}`
  const goBack = (turn: number, at: number | undefined): string => {
    reach(turn)
    if (at !== undefined) line.simulation.advanceTo(at)
    return `back at ${place()}\n`
  }
  /** A moment before the shell began is reached by running the log's own commands again. */
  const reach = (turn: number): void => {
    const held = line.turns.findLast(({ run }) => run.turn <= turn + 1)
    if (held === undefined) {
      const events = line.events.filter((recorded) => recorded.turn <= turn)
      const { seed, settings, choices } = begin.about
      const header = { seed, settings, ...(choices === undefined ? undefined : { choices }) }
      const again = forkAt(header as LogHeader, events, turn)
      const run = again.state()
      line = follow(from(run), [...again.log()], [{ run, events: again.log().length }])
      return
    }
    const turns = line.turns.slice(0, line.turns.indexOf(held) + 1)
    line = follow(from(held.run), line.events.slice(0, held.events), turns)
  }
  const timelineSince = (seq: number): string => {
    const all = timelineOf(line.events)
    const rows = all.rows.filter((row) => row.seq >= seq)
    return rows.length === 0 ? '' : timelineText({ ...all, rows }, output)
  }

  const command = (words: readonly string[]): string | undefined => {
    const [verb = '', argument = ''] = words
    const { simulation } = line
    const seq = simulation.state().seq
    switch (verb) {
      case ':step': {
        const count = argument === '' ? 1 : Number(argument)
        if (!Number.isInteger(count) || count < 1) return 'expected a number of turns: :step 5\n'
        for (let done = 0; done < count && simulation.step(); done += 1) continue
        return `${timelineSince(seq)}${place()}\n`
      }
      case ':run': {
        const ms = parseDuration(argument)
        if (ms === undefined) return 'expected a length of time: :run 30s\n'
        simulation.runUntil(simulation.now() + ms)
        return `${timelineSince(seq)}${place()}\n`
      }
      case ':rest':
        line.console.rest()
        return `${timelineSince(seq)}${place()}\n`
      case ':rewind': {
        const moment = parseMoment(argument)
        if (moment === undefined) return 'expected a turn or a time: :rewind 42 or :rewind 1m30s\n'
        const turn = moment.kind === 'turn' ? moment.turn : (line.events.findLast(({ at }) => at <= moment.at)?.turn ?? 0)
        const isPast = moment.kind === 'turn' ? turn < simulation.state().turn - 1 : moment.at < simulation.now()
        if (!isPast) return `that is not in the past: now is ${place()}\n`
        return goBack(turn, moment.kind === 'time' ? moment.at : undefined)
      }
      case ':fork':
        kept = { ...line, events: [...line.events], turns: [...line.turns] }
        line = follow(from(simulation.state()), [...line.events], [...line.turns])
        return `forked at ${place()}; :back returns here\n`
      case ':back': {
        if (kept === undefined) return 'there is no fork to return from\n'
        const { simulation: before, events, turns } = kept
        kept = undefined
        line = follow(from(before.state()), events, turns)
        return `back at ${place()}\n`
      }
      case ':timeline': {
        const made = timelineOf(line.events, argument === 'all' ? { all: true } : {})
        return made.rows.length === 0 ? 'nothing has happened\n' : timelineText(made, output)
      }
      case ':explain':
        return argument === ''
          ? 'expected a name: :explain web-1\n'
          : formatExplanation(explainObject(line.events, simulation.state().cluster, argument))
      case ':save': {
        if (argument === '') return 'expected a file: :save run.ndjson\n'
        refuseExisting(argument, false)
        writeWhole(argument, logText(begin.about, line.events, 'unknown'))
        return `${argument}: ${line.events.length} events\n`
      }
      case ':help':
        return help
      case ':quit':
      case ':q':
      case ':exit':
        return undefined
      default:
        return `there is no ${verb}; :help lists what there is\n`
    }
  }

  if (input.isTerminal) output.print(`${output.paint.tone('faint', `virtual time stands still until you let it pass; :help`)}\n`)
  const prompt = (): string => `${output.paint.tone('faint', `[${place()}]`)} ${line.console.prompt()}`
  let last = 0
  for await (const written of input.lines(prompt)) {
    const trimmed = written.trim()
    if (trimmed.startsWith(':')) {
      let answer: string | undefined
      try {
        answer = command(trimmed.split(/\s+/))
      } catch (error) {
        if (!(error instanceof Error) || error.name !== 'Stop') throw error
        answer = `${error.message}\n`
      }
      if (answer === undefined) break
      output.print(answer)
    } else if (trimmed !== '' && !trimmed.startsWith('#')) {
      const result = line.console.run(written)
      // Both outputs in the order in which they came; on a terminal they are one.
      if (input.isTerminal) output.print(result.shown)
      else for (const { to, text } of result.pieces) (to === 'stdout' ? output.print : output.note)(text)
      last = result.exit
      if (result.ended) break
    }
  }
  return last === 0 || input.isTerminal ? exitCodes.passed : exitCodes.violated
}
