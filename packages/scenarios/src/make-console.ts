/** A console for a person or a scenario: one line at a time, on virtual time. */
import * as E from 'fp-ts/lib/Either.js'
import type { Simulation } from '@statefold/core'
import { runKubectl, type ConsoleFiles, type ConsoleParts, type LineResult } from './console/cluster-console.js'
import { splitWords } from './console/split-words.js'
import { quietDefaultMs, settle, watchQuiet } from './convergence.js'

export interface ConsoleAnswer extends LineResult {
  /** The outermost shell has been left. */
  readonly ended: boolean
}

export interface Console {
  readonly run: (line: string) => ConsoleAnswer
  /** Lets time pass until nothing is on its way, at most ten minutes. */
  readonly rest: () => boolean
  readonly prompt: () => string
}

/** kubectl without a shell around it: what steps of scenarios use. */
export const kubectlParts = (simulation: Simulation, files: ConsoleFiles): ConsoleParts => ({
  simulation,
  files,
  timing: { startMs: 0, requestMs: 6 },
  *exec() {
    yield* []
    return { exit: 1, stdout: '', stderr: 'error: exec needs a console step\n' }
  },
  logsOf: () => [],
})

export const runConsoleLine = (simulation: Simulation, files: ConsoleFiles, line: string): LineResult => {
  const words = splitWords(line)
  if (E.isLeft(words)) return { exit: 2, stdout: '', stderr: `${words.left}\n` }
  const [program = '', ...args] = words.right
  return program === 'kubectl'
    ? runKubectl(kubectlParts(simulation, files), args, '')
    : { exit: 127, stdout: '', stderr: `${program}: command not found\n` }
}

const restMaxMs = 600_000

export const makeConsole = (simulation: Simulation, files: ConsoleFiles): Console => {
  const quiet = watchQuiet(simulation)
  return {
    run: (line) => (line.trim() === 'exit' ? { exit: 0, stdout: '', stderr: '', ended: true } : { ...runConsoleLine(simulation, files, line), ended: false }),
    rest: () => settle(simulation, quiet, { quietMs: quietDefaultMs, deadline: simulation.now() + restMaxMs, whole: true }),
    prompt: () => '$ ',
  }
}
