/** Files that subcommands write: whole or not at all, never over an existing one unless asked. */
import { accessSync, constants, existsSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ClusterSettings, Recorded, Simulation } from '@statefold/core'
import { makeHeader, makeLogWriter } from '@statefold/replay'
import { createLogFile, nodeSha256 } from '@statefold/replay/node'
import { badInput, fileProblem } from './exit-codes.js'

export const kubernetesVersion = 'v1.36.3'

export interface LogAbout {
  readonly seed: number
  readonly settings: ClusterSettings
  readonly choices?: Readonly<Record<string, number>>
  readonly source?: string
  readonly title?: string
}

export interface LogSink {
  /** From now on turns are written; before, they are kept. Creates the file. */
  readonly open: () => void
  readonly close: (outcome: string) => void
  /** The digest after the last turn. */
  readonly digest: () => string
}

/** Refuses early what would be refused at the end. */
export const refuseExisting = (path: string, overwrite: boolean): void => {
  if (!overwrite && existsSync(path)) throw badInput(`${path}: it exists already; name another file or add --overwrite`)
}

/** The same for what is only written when a long search has ended. */
export const refuseUnwritable = (path: string, overwrite: boolean): void => {
  if (isSpecialFile(path)) {
    if (statSync(path).isDirectory()) throw badInput(`${path}: it is a folder, not a file`)
    return
  }
  refuseExisting(path, overwrite)
  const folder = dirname(path)
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw fileProblem(path, error, 'write')
  }
}

/**
 * Follows a simulation and writes its log. Without a path only the digest is kept. Until `open` nothing is on the disk, so that refused
 * input leaves nothing behind; then whole turns are appended as they end.
 */
export const logSinkOf = (
  simulation: Simulation,
  about: LogAbout,
  path: string | undefined,
  overwrite: boolean,
  history: readonly Recorded[] = [],
): LogSink => {
  const writer = makeLogWriter(makeHeader({ kubernetes: kubernetesVersion, ...about }), nodeSha256)
  let kept = writer.header
  let file: ReturnType<typeof createLogFile> | undefined
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw fileProblem(path ?? '', error, 'write')
    }
  }
  const append = (text: string): void => {
    if (file === undefined) kept += text
    else guarded(() => file?.append(text))
  }
  for (const events of turnsOf(history)) append(writer.turn(events))
  simulation.turns$.subscribe((events) => {
    const lines = writer.turn(events)
    if (path !== undefined) append(lines)
  })
  return {
    open: () => {
      if (path === undefined || file !== undefined) return
      file = guarded(() => createLogFile(path, overwrite))
      append(kept)
      kept = ''
    },
    close: (outcome) => {
      if (file === undefined) return
      append(writer.footer(outcome))
      guarded(() => file?.close())
    },
    digest: writer.digest,
  }
}

/** Recorded events turn by turn. */
const turnsOf = (events: readonly Recorded[]): readonly (readonly Recorded[])[] => {
  const turns: Recorded[][] = []
  for (const recorded of events) {
    const last = turns.at(-1)
    if (last?.[0]?.turn === recorded.turn) last.push(recorded)
    else turns.push([recorded])
  }
  return turns
}

/** The whole log of a run that has been kept in memory. */
export const logText = (about: LogAbout, events: readonly Recorded[], outcome: string): string => {
  const writer = makeLogWriter(makeHeader({ kubernetes: kubernetesVersion, ...about }), nodeSha256)
  return `${writer.header}${turnsOf(events).map(writer.turn).join('')}${writer.footer(outcome)}`
}

/** Whether something other than a plain file stands there: a device or a pipe, which a rename would replace. */
export const isSpecialFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === false

/** A whole file at once: beside its place first, then renamed into it. A device or a pipe is written into. */
export const writeWhole = (path: string, text: string): void => {
  if (isSpecialFile(path)) {
    try {
      writeFileSync(path, text)
    } catch (error) {
      throw fileProblem(path, error, 'write')
    }
    return
  }
  const beside = `${path}.${process.pid}.part`
  try {
    writeFileSync(beside, text, { flag: 'wx' })
    renameSync(beside, path)
  } catch (error) {
    rmSync(beside, { force: true })
    throw fileProblem(path, error, 'write')
  }
}
