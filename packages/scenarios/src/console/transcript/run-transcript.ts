/**
 * Runs a pasted transcript and compares. Several terminals are told apart by their prompts: while a shell in a container is open, a line with
 * the prompt of the user's machine is typed at another terminal, and a line with a container's prompt goes on inside.
 */
import type { SimTime } from '@statefold/core'
import type { LimitReached } from '../shell/shell-limits.js'
import { compareOutput, type Mismatch } from './compare-output.js'
import { isContainerPrompt, parseTranscript, type TranscriptCommand } from './parse-transcript.js'

/** Plain JSON. */
export interface TranscriptResult {
  readonly passed: boolean
  readonly commands: readonly TranscriptCommandResult[]
  readonly mismatches: readonly Mismatch[]
}

export interface TranscriptCommandResult {
  readonly line: number
  readonly command: string
  readonly at: SimTime
  readonly exit: number
  readonly shown: string
  readonly ended?: LimitReached
}

/** What a transcript needs of a session. */
export interface TranscriptTerminal {
  readonly run: (
    line: string,
    options?: { readonly watchLines?: number },
  ) => { readonly exit: number; readonly shown: string; readonly ended?: LimitReached }
  readonly depth: () => number
  readonly prompt: () => string
}

export interface TranscriptDesk {
  readonly first: TranscriptTerminal
  readonly open: () => TranscriptTerminal
  readonly now: () => SimTime
}

export const runTranscript = ({ first, open, now }: TranscriptDesk, text: string): TranscriptResult => {
  const terminals: TranscriptTerminal[] = [first]
  let current = first
  const commands: TranscriptCommandResult[] = []
  const mismatches: Mismatch[] = []

  /** Undefined: the line is a comment. */
  const terminalFor = ({ prompt, command }: TranscriptCommand): TranscriptTerminal | string | undefined => {
    const isInside = current.depth() > 0
    if (prompt === '#') {
      const plain = [current, ...terminals].find((terminal) => terminal.depth() > 0 && terminal.prompt().trim() === '#')
      return plain ?? (isInside && current.prompt().trim().endsWith('#') ? current : undefined)
    }
    if (isContainerPrompt(prompt)) {
      if (isInside) return current
      return terminals.find((terminal) => terminal.depth() > 0) ?? 'no shell in a container is open: begin with kubectl exec -it … -- sh'
    }
    // A prompt that tells of another place than a container, or the way out of one.
    if (!isInside || /^(?:exit|logout)\b/.test(command)) return current
    const outside = terminals.find((terminal) => terminal.depth() === 0)
    if (outside !== undefined) return outside
    const opened = open()
    terminals.push(opened)
    return opened
  }

  for (const each of parseTranscript(text)) {
    const terminal = terminalFor(each)
    if (terminal === undefined) continue
    if (typeof terminal === 'string') {
      mismatches.push({ line: each.line, command: each.command, expected: `${each.prompt} ${each.command}`, found: terminal })
      continue
    }
    current = terminal
    const at = now()
    const wild = each.expected.some(({ text: expected }) => ['…', '...'].includes(expected.trim()))
    const watchLines = wild
      ? undefined
      : each.expected.filter(({ text: expected }) => expected.trim() !== '' && expected.trim() !== '^C').length
    const { exit, shown, ended } = current.run(each.command, watchLines === undefined || watchLines === 0 ? {} : { watchLines })
    commands.push({ line: each.line, command: each.command, at, exit, shown, ...(ended === undefined ? undefined : { ended }) })
    const expected = each.expected.filter(({ text: line }) => line.trim() !== '^C')
    const saysSomething = expected.some(({ text: line }) => line.trim() !== '')
    if (ended !== undefined && ended !== 'interrupted')
      mismatches.push({ line: each.line, command: each.command, expected: '', found: `the line was ended: ${ended}` })
    // A command without output in the transcript is only expected to succeed.
    if (saysSomething) mismatches.push(...compareOutput(each.command, each.line, expected, shown, each.anyOrder))
    else if (exit !== 0 && ended === undefined && current.depth() === 0)
      mismatches.push({ line: each.line, command: each.command, expected: '', found: `exit ${exit}: ${shown.trim()}` })
  }
  return { passed: mismatches.length === 0, commands, mismatches }
}
