/**
 * Reads a transcript as people paste it: lines with a prompt are commands, the lines after them are what was shown. Lines that a command needs
 * to be complete (here-documents, open quotes, a backslash at the end) belong to it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { parseScript } from '../shell/parse.js'

export interface TranscriptCommand {
  /** Counted from 1. */
  readonly line: number
  /** As written, without the blank after it: `$`, `/ #`, `➜`. */
  readonly prompt: string
  readonly command: string
  readonly expected: readonly TranscriptLine[]
  readonly anyOrder: boolean
}

export interface TranscriptLine {
  readonly line: number
  readonly text: string
}

/** What stands before a command. The order counts: the more telling first. */
const prompts: readonly RegExp[] = [
  /^➜(?:\s+~)?/u,
  /^\[[^\]\s]+@[^\]]+\]\s?[#$]/,
  /^[\w.-]+@[\w.-]+:[^\s#$]*[#$]/,
  /^(?:\/|~)[^\s#$]* [#$]/,
  /^(?:bash|sh|ash)-\d[\d.]*[#$]/,
  /^\\?\$/,
  /^#/,
]

const promptOf = (text: string): { readonly prompt: string; readonly rest: string } | undefined => {
  for (const pattern of prompts) {
    const found = pattern.exec(text)?.[0]
    if (found === undefined) continue
    const rest = text.slice(found.length)
    if (rest === '' || /^\s/.test(rest)) return { prompt: found.replace(/^\\/, '').replace(/\s+/g, ' '), rest: rest.trim() }
  }
  return undefined
}

/** Shells of people's own machines, and of containers. A bare `#` may be either. */
export const isContainerPrompt = (prompt: string): boolean =>
  /^(?:\/|~).* [#$]$/.test(prompt) || /^root@[^:]+:\/.*#$/.test(prompt) || /^(?:bash|sh|ash)-/.test(prompt)

const needsMore = (command: string): boolean => {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(command)) return true
  const parsed = parseScript(command)
  return E.isLeft(parsed) && parsed.left.incomplete
}

export const parseTranscript = (text: string): readonly TranscriptCommand[] => {
  const lines = text.replaceAll('\r', '').split('\n')
  const commands: { line: number; prompt: string; command: string; expected: TranscriptLine[]; anyOrder: boolean }[] = []
  let anyOrder = false
  for (let at = 0; at < lines.length; at += 1) {
    const raw = lines[at] ?? ''
    const trimmed = raw.trim()
    if (/^#\s*any order\b/.test(trimmed)) {
      const last = commands.at(-1)
      // After its command it speaks of that one, before a command of the next.
      if (last !== undefined && last.expected.length === 0 && nextIsOutput(lines, at)) last.anyOrder = true
      else anyOrder = true
      continue
    }
    const found = promptOf(trimmed)
    if (found === undefined) {
      commands.at(-1)?.expected.push({ line: at + 1, text: raw })
      continue
    }
    if (found.rest === '') continue
    const line = at + 1
    let command = found.rest
    while (needsMore(command) && at + 1 < lines.length) {
      at += 1
      command += `\n${(lines[at] ?? '').replace(/^> ?/, '')}`
    }
    commands.push({ line, prompt: found.prompt, command, expected: [], anyOrder })
    anyOrder = false
  }
  return commands
}

const nextIsOutput = (lines: readonly string[], at: number): boolean => {
  const next = lines.slice(at + 1).find((line) => line.trim() !== '')
  return next !== undefined && promptOf(next.trim()) === undefined
}
