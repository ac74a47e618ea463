/** Consoles on a simulation: one for a person, on virtual time, and one for a scenario's steps, that takes no time of its own. */
import type { Simulation } from '@statefold/core'
import { noFiles, type ConsoleFiles, type ConsoleParts, type ConsoleTiming, type LineResult } from './console/cluster-console.js'
import { containerLogs } from './console/applets/container-logs.js'
import { createSession, type OutputPiece, type Session } from './console/session.js'
import { quietDefaultMs, settle, watchQuiet } from './convergence.js'

export interface ConsoleAnswer extends LineResult {
  /** Both outputs, in the order in which they came. */
  readonly shown: string
  /** The same, each piece with the output that it went to. */
  readonly pieces: readonly OutputPiece[]
  /** The outermost shell was left. */
  readonly ended: boolean
}

export interface Console {
  readonly run: (line: string) => ConsoleAnswer
  /** Lets time pass until nothing is on its way, at most ten minutes. */
  readonly rest: () => boolean
  readonly prompt: () => string
}

/** Steps happen at their instant; only the API's own answers take time. */
const stepTiming: ConsoleTiming = { startMs: 0, requestMs: 6 }

/** kubectl without a shell around it: what most steps of scenarios use. */
export const kubectlParts = (simulation: Simulation, files: ConsoleFiles): ConsoleParts => ({
  simulation,
  files,
  timing: stepTiming,
  *exec() {
    yield* []
    return { exit: 1, stdout: '', stderr: 'error: exec is for lines of a console\n' }
  },
  logsOf: containerLogs(simulation),
})

export const sessionOf = (simulation: Simulation, files: ConsoleFiles): Session => createSession({ simulation, files, timing: stepTiming })

/** One line in a shell of its own. */
export const runConsoleLine = (simulation: Simulation, files: ConsoleFiles, line: string): LineResult => {
  const { exit, stdout, stderr } = sessionOf(simulation, files).run(line)
  return { exit, stdout, stderr }
}

const restMaxMs = 600_000

export const makeConsole = (simulation: Simulation, files: ConsoleFiles = noFiles): Console => {
  const quiet = watchQuiet(simulation)
  const session = createSession({ simulation, files })
  return {
    run: (line) => {
      const { exit, stdout, stderr, shown, pieces, left } = session.run(line)
      return { exit, stdout, stderr, shown, pieces, ended: left }
    },
    rest: () => settle(simulation, quiet, { quietMs: quietDefaultMs, deadline: simulation.now() + restMaxMs, whole: true }),
    prompt: session.prompt,
  }
}
