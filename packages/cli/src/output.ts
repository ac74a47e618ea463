/** What the subcommands print with: text on stdout, words about the run on stderr, colours only on a terminal. */
import { plainPaint, type LaneState, type Paint, type Tone } from '@statefold/replay'

export interface Output {
  readonly print: (text: string) => void
  readonly note: (text: string) => void
  /** A line that replaces itself, on a terminal only. */
  readonly progress: (text: string) => void
  readonly paint: Paint
  readonly isTerminal: boolean
  readonly columns: number
}

/** Where interactive subcommands read from. */
export interface Input {
  readonly isTerminal: boolean
  /** All lines, as they come; a person is shown the prompt before each. */
  readonly lines: (prompt: () => string) => AsyncIterable<string>
}

const code = (numbers: string, text: string): string => `\u001b[${numbers}m${text}\u001b[0m`

const toneCodes: Readonly<Record<Tone, string>> = {
  outside: '1;36',
  good: '32',
  bad: '31',
  going: '33',
  plain: '0',
  waiting: '35',
  faint: '2',
}
const laneCodes: Readonly<Record<LaneState, string>> = {
  none: '2',
  pending: '33',
  scheduled: '33',
  running: '36',
  ready: '32',
  terminating: '35',
  failed: '31',
}

const colourPaint: Paint = {
  tone: (tone, text) => (tone === 'plain' ? text : code(toneCodes[tone], text)),
  lane: (state, text) => code(laneCodes[state], text),
}

/** The process's own streams. */
export const processOutput = (): Output => {
  const isTerminal = process.stdout.isTTY === true
  const coloured = isTerminal && (process.env['NO_COLOR'] ?? '') === '' && process.env['TERM'] !== 'dumb'
  return {
    print: (text) => {
      process.stdout.write(text)
    },
    note: (text) => {
      process.stderr.write(text)
    },
    progress: (text) => {
      if (process.stderr.isTTY === true) process.stderr.write(`\r\u001b[K${text}`)
    },
    paint: coloured ? colourPaint : plainPaint,
    isTerminal,
    columns: process.stdout.columns ?? 120,
  }
}
