/** The command line: subcommands, their flags and help. No rule of Kubernetes lives here. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { engineVersion } from '@statefold/core'
import { plainPaint } from '@statefold/replay'
import { exitCodes, Stop } from './exit-codes.js'
import { colourPaint, type Output } from './output.js'
import { conform } from './subcommands/conform.js'

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number, 0 or more, is expected.')
  return Number(text)
}

const makeOutput = (): Output => {
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
    columns: process.stdout.columns ?? 120
  }
}

export const runProgram = async (args: readonly string[]): Promise<number> => {
  const output = makeOutput()
  let exit: number = exitCodes.passed
  const program = new Command('statefold')
    .description('A Kubernetes cluster on your desk that does the same thing every time.')
    .version(`statefold ${engineVersion} (follows Kubernetes v1.36.3)`, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(statefold help lists the subcommands)')
    .configureOutput({ writeErr: output.note, writeOut: output.print })

  program
    .command('conform')
    .description('run conformance scripts as the recorded cluster would and write their traces')
    .argument('<script...>', 'script files (YAML)')
    .requiredOption('--out <dir>', 'folder for the traces')
    .option('--seed <n>', 'seed of all that is chance', wholeNumber, 1)
    .action((scripts: string[], options: { out: string; seed: number }) => {
      exit = conform(scripts, options, output)
    })

  program
    .command('version')
    .description('print the version and the Kubernetes version it follows')
    .action(() => output.print(`statefold ${engineVersion}\nKubernetes v1.36.3\n`))

  try {
    await program.parseAsync(['node', 'statefold', ...args])
    return exit
  } catch (error) {
    if (error instanceof Stop) {
      output.note(`${error.message}\n`)
      return error.code
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.badInput
    output.note(`statefold has a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nPlease report this with the command line, the seed and the input.\n`)
    return exitCodes.ourBug
  }
}
