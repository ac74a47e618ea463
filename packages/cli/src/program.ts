/** The command line: subcommands, their flags and help. No rule of Kubernetes lives here. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { engineVersion } from '@statefold/core'
import { parseDuration } from '@statefold/scenarios'
import { exitCodes, Stop } from './exit-codes.js'
import { processOutput, type Output } from './output.js'
import { conform } from './subcommands/conform.js'
import { run, type RunFlags } from './subcommands/run.js'

const wholeNumber = (text: string): number => {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number, 0 or more, is expected.')
  return Number(text)
}

const time = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('a length of time such as 30s or 1m30s is expected.')
  return ms
}

export const runProgram = async (args: readonly string[], output: Output = processOutput()): Promise<number> => {
  let exit: number = exitCodes.passed
  const program = new Command('statefold')
    .description('A Kubernetes cluster on your desk that does the same thing every time.')
    .version(`statefold ${engineVersion} (follows Kubernetes v1.36.3)`, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(statefold help lists the subcommands)')
    .configureOutput({ writeErr: output.note, writeOut: output.print })

  program
    .command('run')
    .description('run a scenario, Kubernetes manifests (until at rest) or a scenario of the catalog')
    .argument('<file>', 'scenario file, manifest file, folder of manifests, or catalog name')
    .option('--seed <n>', 'seed of all that is chance (default: the scenario’s, or 1)', wholeNumber)
    .option('--until <time>', 'end the run at this simulated time at the latest (default: 10m)', time)
    .option('--log <path>', 'write the log')
    .option('--overwrite', 'the log may replace an existing file')
    .option('--json', 'print the report as JSON')
    .option('--junit <path>', 'write the report as JUnit XML')
    .option('--quiet', 'no timeline')
    .option('--all', 'every event in the timeline, not only what a short story tells')
    .addHelpText(
      'after',
      `
Examples:
  statefold run web.yaml                         apply manifests to a cluster of three nodes, run until at rest
  statefold run examples/canary/canary.yaml      a scenario
  statefold run canary.yaml --seed 7 --log canary.ndjson
  statefold run manifests/ --until 30m --json

Exit codes: 0 passed, 1 violated, 2 not converged, 4 unknown (a limit ended it), 64 bad input, 70 our bug.`,
    )
    .action((file: string, flags: RunFlags) => {
      exit = run(file, flags, output)
    })

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
    output.note(
      `statefold has a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\nPlease report this with the command line, the seed and the input.\n`,
    )
    return exitCodes.ourBug
  }
}
