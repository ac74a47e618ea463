/** What commands read from and write to. */
import { shellLimits, type LimitReached } from './shell-limits.js'

export type Sink = (text: string) => void

/** Text that is taken once: whoever reads first has it, as with a pipe. */
export interface Input {
  /** With its newline, if it has one; undefined at the end. */
  readonly readLine: () => string | undefined
  readonly rest: () => string
}

export const inputOf = (text: string): Input => {
  let at = 0
  return {
    readLine: () => {
      if (at >= text.length) return undefined
      const end = text.indexOf('\n', at)
      const line = text.slice(at, end < 0 ? text.length : end + 1)
      at += line.length
      return line
    },
    rest: () => {
      const rest = text.slice(at)
      at = text.length
      return rest
    },
  }
}

export const noInput: Input = { readLine: () => undefined, rest: () => '' }

/** Where a person types. A shell that yields `read-line` finds the line here when it goes on. */
export interface Terminal {
  /** Undefined: the person ended the input (control-D). */
  readonly take: () => string | undefined
  readonly setPrompt: (prompt: string) => void
  /** The exit status of the last line. */
  readonly setStatus: (status: number) => void
}

export interface Streams {
  readonly stdin: Input
  readonly stdout: Sink
  readonly stderr: Sink
  /** Standard input is a terminal. */
  readonly terminal: Terminal | undefined
  /** Standard output is a terminal: names stand in columns there. */
  readonly isShown: boolean
}

/** What one line has used up so far. */
export interface Budget {
  readonly reached: () => LimitReached | undefined
  /** False: no more. */
  readonly countRound: () => boolean
  readonly countCommand: () => boolean
  readonly countOutput: (characters: number) => boolean
  /** Ends what runs, as control-C does; the shells of people go on with their next line. */
  readonly interrupt: (reason: LimitReached) => void
  /** How many shells talk with a person, one inside the other. */
  readonly conversations: () => number
  readonly converse: (change: 1 | -1) => void
  readonly enter: () => boolean
  readonly leave: () => void
  readonly reset: () => void
}

export const newBudget = (): Budget => {
  let rounds = 0
  let commands = 0
  let characters = 0
  let depth = 0
  let reached: LimitReached | undefined
  let conversations = 0
  const within = (holds: boolean, limit: LimitReached): boolean => {
    if (!holds) reached ??= limit
    return reached === undefined
  }
  return {
    reached: () => reached,
    interrupt: (reason) => {
      reached ??= reason
    },
    conversations: () => conversations,
    converse: (change) => {
      conversations += change
    },
    countRound: () => within((rounds += 1) <= shellLimits.loopRounds, 'too many rounds of loops'),
    countCommand: () => within((commands += 1) <= shellLimits.commands, 'too many commands'),
    countOutput: (count) => within((characters += count) <= shellLimits.outputCharacters, 'too much output'),
    enter: () => within((depth += 1) <= shellLimits.depth, 'shells nested too deeply'),
    leave: () => {
      depth -= 1
    },
    reset: () => {
      rounds = 0
      commands = 0
      characters = 0
      reached = undefined
    },
  }
}

/** A sink that keeps what it gets. */
export const collector = (budget: Budget): { readonly sink: Sink; readonly text: () => string } => {
  const pieces: string[] = []
  return {
    sink: (text) => {
      if (budget.countOutput(text.length)) pieces.push(text)
    },
    text: () => pieces.join(''),
  }
}
