/** The command line, run in this process: how it ends and what it prints. */
import { plainPaint } from '@statefold/replay'
import { runProgram } from '../src/program.js'

export interface Ended {
  readonly exit: number
  readonly printed: string
  readonly noted: string
  /** Both in the order in which they came. */
  readonly parts: readonly (readonly ['printed' | 'noted', string])[]
}

/** `input`: lines that come through a pipe. */
export const statefold = async (args: readonly string[], input: readonly string[] = []): Promise<Ended> => {
  const parts: (readonly ['printed' | 'noted', string])[] = []
  const all = (wanted: 'printed' | 'noted'): string => parts.flatMap(([where, text]) => (where === wanted ? [text] : [])).join('')
  const exit = await runProgram(args, {
    output: {
      print: (text) => void parts.push(['printed', text]),
      note: (text) => void parts.push(['noted', text]),
      progress: () => undefined,
      paint: plainPaint,
      isTerminal: false,
      columns: 120,
    },
    input: {
      isTerminal: false,
      async *lines() {
        yield* input
      },
    },
  })
  return { exit, printed: all('printed'), noted: all('noted'), parts }
}
