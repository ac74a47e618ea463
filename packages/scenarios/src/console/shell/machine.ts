/** Where a shell runs: the user's own machine, a container, a node. And the programs it can start. */
import type { SimTime } from '@statefold/core'
import type { ConsoleWait } from '../kubectl/kubectl-cluster.js'
import type { Budget, Streams } from './streams.js'

export type ShellFlavour = 'busybox' | 'dash' | 'bash'

/** Paths are absolute and normal. */
export interface MachineFiles {
  readonly read: (path: string) => string | undefined
  /** Sorted names, folders with a slash at their end; undefined: no such folder. */
  readonly list: (path: string) => readonly string[] | undefined
  /** Why the file cannot be written (`Read-only file system`, …), or undefined. */
  readonly writeProblem: (path: string) => string | undefined
  /** The answers below say why it could not be done, or undefined. */
  readonly write: (path: string, content: string) => string | undefined
  readonly remove: (path: string) => string | undefined
  readonly makeFolder: (path: string) => string | undefined
  /** When it was last written; undefined: it was there from the start. */
  readonly modifiedAt: (path: string) => SimTime | undefined
}

export interface Machine {
  readonly flavour: ShellFlavour
  readonly files: MachineFiles
  readonly now: () => SimTime
  readonly environment: Readonly<Record<string, string>>
  /** Where a shell begins. */
  readonly directory: string
  readonly user: string
  readonly hostname: () => string
  readonly program: (name: string) => Program | undefined
  /** Commands that a person may try here and that are refused with a reason. */
  readonly refusal: (name: string) => string | undefined
  readonly promptOf: (flavour: ShellFlavour, directory: string) => string
}

export interface ProgramCall {
  /** As it was called, without folders. */
  readonly name: string
  readonly args: readonly string[]
  readonly streams: Streams
  readonly machine: Machine
  readonly files: MachineFiles
  /** The working directory. */
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly budget: Budget
  /** Starts another program, or a shell. */
  readonly start: (
    words: readonly string[],
    streams: Streams,
    environment?: Readonly<Record<string, string>>,
  ) => Generator<ConsoleWait, number, void>
}

/** Answers with its exit status. */
export type Program = (call: ProgramCall) => Generator<ConsoleWait, number, void>

/** A program that never waits. */
export const instant = (run: (call: ProgramCall) => number): Program =>
  function* (call): Generator<ConsoleWait, number, void> {
    return run(call)
  }

/** Absolute, without `.`, `..` and doubled slashes. */
export const pathFrom = (directory: string, path: string): string => {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${directory}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** Follows the words of glibc (and musl, which says the same for these). */
export const problems = {
  none: 'No such file or directory',
  isFolder: 'Is a directory',
  notFolder: 'Not a directory',
  exists: 'File exists',
} as const
