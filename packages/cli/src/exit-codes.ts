/** What the process ends with. Stable: scripts rely on it. */
export const exitCodes = {
  passed: 0,
  violated: 1,
  notConverged: 2,
  notDeterministic: 3,
  unknown: 4,
  badInput: 64,
  ourBug: 70,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Ends the subcommand with a sentence on stderr: what, where, expected and found, what to do. */
export class Stop extends Error {
  override readonly name = 'Stop'
  readonly code: ExitCode

  constructor(code: ExitCode, message: string) {
    super(message)
    this.code = code
  }
}

export const badInput = (message: string): Stop => new Stop(exitCodes.badInput, message)

/** For what is written at the end of a long search: what was found is told first, also when it cannot be written. */
export interface LastWrites {
  readonly attempt: <T>(write: () => T, otherwise: T) => T
  /** Now the first that went wrong ends it. */
  readonly settle: () => void
}

export const makeLastWrites = (): LastWrites => {
  let refusal: Stop | undefined
  return {
    attempt: (write, otherwise) => {
      try {
        return write()
      } catch (error) {
        if (!(error instanceof Stop)) throw error
        refusal ??= error
        return otherwise
      }
    },
    settle: () => {
      if (refusal !== undefined) throw refusal
    },
  }
}

/** What the operating system says of a file, as a sentence. */
export const fileProblem = (path: string, error: unknown, use: 'read' | 'write' = 'read'): Stop => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  const why: Readonly<Record<string, string>> = {
    ENOENT: use === 'read' ? 'there is no such file' : 'the folder it should be in does not exist',
    EACCES: 'it may not be read or written by this user',
    EPERM: 'it may not be read or written by this user',
    EISDIR: 'it is a folder, not a file',
    ENOTDIR: 'a part of its path is not a folder',
    EEXIST: 'it exists already; name another file or add --overwrite',
    ENOSPC: 'the disk is full',
    EROFS: 'the file system is read-only',
    EMFILE: 'too many files are open',
  }
  return badInput(`${path}: ${why[code] ?? (error instanceof Error ? error.message : 'it cannot be used')}`)
}
