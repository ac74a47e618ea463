/** The command line: subcommands, their flags and help. No rule of Kubernetes lives here. */
import { createInterface } from 'node:readline'
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander'
import { engineVersion } from '@statefold/core'
import { parseDuration } from '@statefold/scenarios'
import { listCatalog } from '@statefold/scenarios/node'
import { bugReport } from './bug-report.js'
import { badInput, exitCodes, Stop } from './exit-codes.js'
import { processOutput, type Input, type Output } from './output.js'
import { isLogFile, parseMoment, type Moment } from './read-log-file.js'
import { completedShells, completionScript, type CompletedShell } from './subcommands/completion.js'
import { conform, type ConformOptions } from './subcommands/conform.js'
import { explore, type ExploreFlags } from './subcommands/explore.js'
import { fork, type ForkFlags } from './subcommands/fork.js'
import { diff, explain, timeline, type DiffFlags, type ExplainFlags, type TimelineFlags } from './subcommands/look.js'
import { disturbanceHere } from './self-check/surroundings.js'
import { faultWords } from './search-faults.js'
import { selfRunWord } from './self-check/factors.js'
import { selfRun } from './self-check/self-run.js'
import { replay, verify, verifySelf, type ReplayFlags, type VerifySelfFlags } from './subcommands/replay.js'
import { run, type RunFlags } from './subcommands/run.js'
import { fuzz, type FuzzFlags } from './subcommands/fuzz.js'
import { lintScenarios, listScenarios, newScenario, type LintFlags } from './subcommands/scenario.js'
import { shell, type ShellFlags } from './subcommands/shell.js'
import { kubernetesVersion } from './write-files.js'

const wholeNumber = (text: string): number => {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('a whole number, 0 or more, is expected.')
  return Number(text)
}

/** What a scenario file may have, too. */
const seedMax = 4_294_967_295

const seedNumber = (text: string): number => {
  if (!/^\d{1,10}$/.test(text) || Number(text) > seedMax) throw new InvalidArgumentError(`a whole number from 0 to ${seedMax} is expected.`)
  return Number(text)
}

const lengths = (text: string): { readonly min: number; readonly max: number } => {
  const [, min, max] = /^(\d{1,6})(?:-(\d{1,6}))?$/.exec(text) ?? []
  if (min === undefined) throw new InvalidArgumentError('a whole number is expected, or two such as 10-300.')
  return { min: Number(min), max: Number(max ?? min) }
}

const time = (text: string): number => {
  const ms = parseDuration(text)
  if (ms === undefined) throw new InvalidArgumentError('a length of time such as 30s or 1m30s is expected.')
  return ms
}

const moment = (text: string): Moment => {
  const parsed = parseMoment(text)
  if (parsed === undefined) throw new InvalidArgumentError('a turn such as 42 or a time such as 1m30s is expected.')
  return parsed
}

const processInput = (): Input => {
  const isTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true
  return {
    isTerminal,
    async *lines(prompt) {
      if (!isTerminal) {
        yield* createInterface({ input: process.stdin, terminal: false })
        return
      }
      const reader = createInterface({ input: process.stdin, output: process.stdout, historySize: 1_000 })
      // Control-C throws the line away, as in a shell; Control-D ends.
      reader.on('SIGINT', () => {
        reader.write(null, { ctrl: true, name: 'e' })
        reader.write(null, { ctrl: true, name: 'u' })
      })
      const ask = (): void => {
        reader.setPrompt(prompt())
        reader.prompt()
      }
      ask()
      for await (const line of reader) {
        yield line
        ask()
      }
      // Control-D leaves the cursor behind the prompt.
      process.stdout.write('\n')
    },
  }
}

const examples = (...lines: readonly string[]): string => `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}\n`

const takesScenario: readonly string[] = ['run', 'shell', 'explore', 'fuzz', 'verify']

const exitCodeHelp = `
Exit codes: 0 passed, 1 violated, 2 not converged, 3 not deterministic, 4 unknown (a limit ended it), 64 bad input, 70 our bug.
`

/** The words after `--`, which are not ours to read. */
const splitAtDashes = (args: readonly string[]): { readonly own: readonly string[]; readonly rest: readonly string[] } => {
  const at = args.indexOf('--')
  return at < 0 ? { own: args, rest: [] } : { own: args.slice(0, at), rest: args.slice(at + 1) }
}

export interface Surroundings {
  readonly output?: Output
  readonly input?: Input
  /** The file that a fresh process of this program is started with. */
  readonly self?: string
}

export const runProgram = async (
  args: readonly string[],
  { output = processOutput(), input = processInput(), self = process.argv[1] ?? '' }: Surroundings = {},
): Promise<number> => {
  let exit: number = exitCodes.passed
  const { own, rest } = splitAtDashes(args)
  const program = new Command('statefold')
    .description('A Kubernetes cluster on your desk that does the same thing every time.')
    .version(`statefold ${engineVersion} (follows Kubernetes ${kubernetesVersion})`, '-V, --version')
    .exitOverride()
    .showHelpAfterError('(statefold help lists the subcommands)')
    .configureOutput({ writeErr: output.note, writeOut: output.print })
    .addHelpText(
      'after',
      `${examples(
        'statefold run web.yaml                       apply manifests, run until at rest',
        'statefold run scenario.yaml --log run.ndjson run a scenario and keep its log',
        'statefold explain run.ndjson web-1           why is web-1 not ready?',
        'statefold fork run.ndjson --at 2m -- kubectl delete pod web-2',
        'statefold shell web.yaml                     kubectl on virtual time',
      )}${exitCodeHelp}`,
    )

  program
    .command('run')
    .description('run a scenario, Kubernetes manifests (until at rest) or a scenario of the catalog')
    .argument('<file>', 'scenario file, manifest file, folder of manifests, or catalog name')
    .option('--seed <n>', 'seed of all that is chance (default: the scenario’s, or 1)', seedNumber)
    .option('--until <time>', 'end the run at this simulated time at the latest (default: 10m)', time)
    .option('--log <path>', 'write the log')
    .option('--overwrite', 'the log may replace an existing file')
    .option('--json', 'print the report as JSON')
    .option('--junit <path>', 'write the report as JUnit XML')
    .option('--quiet', 'no timeline')
    .option('--all', 'every event in the timeline, not only what a short story tells')
    .addHelpText(
      'after',
      `${examples(
        'statefold run web.yaml                         apply manifests to a cluster of three nodes, run until at rest',
        'statefold run examples/canary/canary.yaml      a scenario',
        'statefold run canary.yaml --seed 7 --log canary.ndjson',
        'statefold run manifests/ --until 30m --json',
      )}
At rest: for 30 simulated seconds no object was written (Events, Leases and routine node reports aside), and every workload,
Pod and claim is where its spec wants it. What is done again and again without a pause ends a run (temporal/no-hot-loop).
Ctrl-C ends a run at once; of its log whole turns are left.
${exitCodeHelp}`,
    )
    .action((file: string, flags: RunFlags) => {
      exit = run(file, flags, output)
    })

  program
    .command('replay')
    .description('fold a log, check every digest, show the state it leads to')
    .argument('<log>', 'log file')
    .option('--at <turn|time>', 'the state after this turn, or at this time', moment)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      examples('statefold replay run.ndjson', 'statefold replay run.ndjson --at 1m30s', 'statefold replay run.ndjson --at 42 --json'),
    )
    .action((log: string, flags: ReplayFlags) => {
      exit = replay(log, flags, output)
    })

  program
    .command('verify')
    .description('replay a log, run its commands again, and compare: same seed, same events')
    .usage('[options] <log>\n       statefold verify --self [options] [scenario...]')
    .argument('[file...]', 'log file; with --self: scenarios (default: the whole catalog)')
    .option('--self', 'check the program: run scenarios in fresh processes under other surroundings, and name what makes a difference')
    .option('--seed <n>', 'with --self: seed of all that is chance', seedNumber)
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      `${examples('statefold verify run.ndjson', 'statefold verify --self scenario.yaml', 'statefold verify --self --json')}
With --self a scenario runs as it is, once more, and with everything different at once: clock, uptime, chance, process id, environment,
folder, time zone, locale, the order of ties in sorts, an earlier run, pace, heap and the seeds of V8. If the logs differ, halving finds
which of these makes the difference; the first line that differs and who reads the outside world are named.
${exitCodeHelp}`,
    )
    .action(async (files: string[], flags: ReplayFlags & VerifySelfFlags & { readonly self?: boolean }) => {
      if (flags.self === true) {
        const log = files.find(isLogFile)
        if (log !== undefined) throw badInput(`${log}: it is a log; --self takes scenarios (statefold verify ${log} checks the log)`)
        exit = await verifySelf(files, flags, output, self)
        return
      }
      const [log, ...more] = files
      if (log === undefined) throw badInput('expected a log file: statefold verify run.ndjson (or --self to check the program itself)')
      if (more.length > 0) throw badInput(`expected one log file, found ${files.length}: ${files.join(' ')}`)
      exit = verify(log, flags, output)
    })

  program
    .command(selfRunWord, { hidden: true })
    .argument('<disturbance>')
    .argument('<file>')
    .action(async (_told: string, file: string) => {
      if (disturbanceHere === undefined) throw badInput(`${selfRunWord} is what statefold verify --self starts`)
      output.print(`${JSON.stringify(await selfRun(file, disturbanceHere))}\n`)
    })

  program
    .command('timeline')
    .description('a log as a story: one line an event, a lane for each Pod')
    .argument('<log>', 'log file')
    .option('--all', 'every event')
    .option('--about <name>', 'only what names this object')
    .option('--at <turn|time>', 'only up to there', moment)
    .option('--json', 'print as JSON')
    .addHelpText('after', examples('statefold timeline run.ndjson', 'statefold timeline run.ndjson --about web-1 --all'))
    .action((log: string, flags: TimelineFlags) => {
      exit = timeline(log, flags, output)
    })

  program
    .command('explain')
    .description('why something happened, or why it did not: causes, and what is waited for')
    .argument('<log>', 'log file')
    .argument('<name>', 'an object: web-1, pod/web-1, pvc/www-web-1')
    .option('--at <turn|time>', 'as it was then', moment)
    .option('--json', 'print as JSON')
    .addHelpText('after', examples('statefold explain run.ndjson web-1', 'statefold explain run.ndjson statefulset/web --at 3m30s'))
    .action((log: string, name: string, flags: ExplainFlags) => {
      exit = explain(log, name, flags, output)
    })

  program
    .command('diff')
    .description('compare two states: of one log at two places, or of two logs at their ends')
    .argument('<left>', 'LOG, LOG@EVENT or LOG@TIME')
    .argument('[right]', 'the same (default: the end of the left log)')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      examples('statefold diff run.ndjson@120 run.ndjson@180', 'statefold diff run.ndjson@1m30s', 'statefold diff run.ndjson other.ndjson'),
    )
    .action((left: string, right: string | undefined, flags: DiffFlags) => {
      exit = diff(left, right, flags, output)
    })

  program
    .command('fork')
    .description('continue from a turn end with another command, and show what differs')
    .usage('<log> --at <turn|time> [options] -- kubectl …')
    .argument('<log>', 'log file')
    .requiredOption('--at <turn|time>', 'where to leave the log', moment)
    .option('--log <path>', 'write the log of the fork')
    .option('--overwrite', 'the log may replace an existing file')
    .option('--until <time>', 'how long the fork may take to come to rest (default: 10m)', time)
    .option('--quiet', 'no timeline')
    .option('--json', 'print as JSON')
    .addHelpText(
      'after',
      examples(
        'statefold fork run.ndjson --at 2m -- kubectl delete pod web-2',
        'statefold fork run.ndjson --at 210 --log other.ndjson -- kubectl scale statefulset/web --replicas=5',
      ),
    )
    .action((log: string, flags: ForkFlags) => {
      exit = fork(log, rest, flags, output)
    })

  program
    .command('shell')
    .description('kubectl on virtual time: step, rewind to any turn, fork')
    .argument('<file>', 'scenario, manifests, catalog name or log')
    .option('--seed <n>', 'seed of all that is chance', seedNumber)
    .option('--at <turn|time>', 'of a log: begin there', moment)
    .addHelpText(
      'after',
      examples(
        'statefold shell web.yaml',
        'statefold shell run.ndjson --at 2m',
        "printf 'kubectl get pods\\n:run 30s\\nkubectl get pods\\n' | statefold shell web.yaml",
      ),
    )
    .action(async (file: string, flags: ShellFlags) => {
      exit = await shell(file, flags, output, input)
    })

  program
    .command('explore')
    .description('walk every order, crash and late cache that a scenario’s `search` allows; write what breaks as a scenario')
    .argument('<file>', 'scenario file or catalog name')
    .option('--seed <n>', 'seed of all that is chance', seedNumber)
    .option('--faults <list>', `what else may go wrong, and how often: crash=2,conflict (${faultWords.join(', ')})`)
    .option('--depth <n>', 'decisions on a path at most', wholeNumber)
    .option('--states <n>', 'different states at most (default: 5000000)', wholeNumber)
    .option('--seconds <n>', 'seconds at most', wholeNumber)
    .option('--memory <MiB>', 'memory at most (default: 3072)', wholeNumber)
    .option('--workers <n>', 'threads that share the states out (default: 1); what is found does not depend on it', wholeNumber)
    .option('--no-reductions', 'tell states apart that differ in drawn names or alike nodes alone, and make moves in every order')
    .option('--save <path>', 'where to write how far it came, if a bound or Ctrl-C ends it')
    .option('--resume <path>', 'go on from what --save has written')
    .option('--all', 'go on after the first finding, to the first of each kind')
    .option('--write <path>', 'where to write the finding as a scenario, its run beside it as .txt (with --all: -2, -3 … are added)')
    .option('--overwrite', 'it may replace an existing file')
    .option('--json', 'print a JSON line for each finding, then one with what was covered')
    .addHelpText(
      'after',
      `${examples(
        'statefold explore questions/scaling-with-a-slow-cache',
        'statefold explore rollout.yaml --faults crash,lost-answer=2 --depth 40',
        'statefold explore rollout.yaml --seconds 60 --write broken.yaml && statefold run broken.yaml',
      )}
Prints exactly what was covered. Complete: 0, something broke: 1, ended by a bound or by Ctrl-C: 4, a bug of statefold itself: 70.
`,
    )
    .action(async (file: string, flags: ExploreFlags) => {
      exit = await explore(file, flags, output, self)
    })

  program
    .command('fuzz')
    .description('random commands and faults on a scenario’s cluster, or on clusters made up; write what breaks, shrunk, as a scenario')
    .argument('[file]', 'scenario file, manifest file, folder of manifests, or catalog name')
    .option('--any', 'clusters and StatefulSets made up, instead of a scenario')
    .option('--runs <n>', 'histories (default: 1000, or as many as --seconds allows)', wholeNumber)
    .option('--seconds <n>', 'seconds at most', wholeNumber)
    .option('--steps <n>', 'commands and faults of a history: 30, or between two numbers: 10-300 (default: 30)', lengths)
    .option('--seed <n>', 'seed of the histories: the same seed, the same histories, whatever the workers', seedNumber)
    .option('--workers <n>', 'threads that run histories (default: 1)', wholeNumber)
    .option('--forks <n>', 'histories that begin alike and go on from one moment (default: 8; 1: each from its beginning)', wholeNumber)
    .option('--corpus <dir>', 'keep histories that showed something new in this folder, and begin with those that are there')
    .option('--write <path>', 'where to write what breaks as a scenario, its run beside it as .txt (further ones: -2, -3 …)')
    .option('--overwrite', 'it may replace an existing file')
    .option('--json', 'print a JSON line for each finding, then one with the counts')
    .addHelpText(
      'after',
      `${examples(
        'statefold fuzz web.yaml --seconds 60 --write broken.yaml',
        'statefold fuzz web.yaml --runs 200 --steps 300 --json',
        'statefold fuzz --any --seconds 600 --steps 10-300 --workers 2 --corpus corpus',
      )}
Nothing broke: 0, also when --seconds or --runs ended it. Something broke: 1. Ctrl-C: what was found so far, and 4 if that is nothing.
A bug of statefold itself: 70.
`,
    )
    .action(async (file: string | undefined, flags: FuzzFlags) => {
      exit = await fuzz(file, flags, output, self)
    })

  const scenarios = program
    .command('scenario')
    .description('make, check and list scenario files')
    .addHelpText('after', examples('statefold scenario new my.yaml', 'statefold scenario lint my.yaml', 'statefold scenario list'))
  scenarios
    .command('new')
    .description('write a scenario to begin with')
    .argument('<file>', 'where: my-scenario.yaml')
    .addHelpText('after', examples('statefold scenario new scenarios/node-loss.yaml'))
    .action((file: string) => {
      exit = newScenario(file, output)
    })
  scenarios
    .command('lint')
    .description('check scenario files without running them')
    .argument('<file...>', 'scenario files')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples('statefold scenario lint scenarios/*.yaml'))
    .action((files: string[], flags: LintFlags) => {
      exit = lintScenarios(files, flags, output)
    })
  scenarios
    .command('list')
    .description('the scenarios of the catalog, each with its lesson')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples('statefold scenario list'))
    .action((flags: LintFlags) => {
      exit = listScenarios(flags, output)
    })

  program
    .command('conform')
    .description('run conformance scripts as the recorded cluster would and write their traces')
    .argument('<script...>', 'script files (YAML)')
    .requiredOption('--out <dir>', 'folder for the traces')
    .option('--seed <n>', 'seed of all that is chance', seedNumber, 1)
    .option('--show', 'say what differs from the recordings, field by field, and which event wrote it')
    .option('--recordings <dir>', 'folder with the expected items of each script')
    .addHelpText(
      'after',
      examples(
        'statefold conform conformance/scripts/*.yaml --out /tmp/traces',
        'statefold conform conformance/scripts/scale-up.yaml --out /tmp/traces --show --recordings conformance/expected',
      ),
    )
    .action((scripts: string[], options: ConformOptions) => {
      exit = conform(scripts, options, output)
    })

  program
    .command('completion')
    .description('print a completion script for a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(completedShells))
    .addHelpText(
      'after',
      examples('source <(statefold completion bash)', 'statefold completion fish > ~/.config/fish/completions/statefold.fish'),
    )
    .action((name: CompletedShell) => {
      const commands = program.commands
        .filter((command) => command.name() !== selfRunWord)
        .map((command) => ({
          name: command.name(),
          description: command.description(),
          flags: command.options.flatMap(({ long }) => (long === undefined || long === null ? [] : [long])),
          subcommands: command.commands.map((subcommand) => subcommand.name()),
          names: takesScenario.includes(command.name()) ? listCatalog().map((entry) => entry.name) : [],
        }))
      output.print(completionScript(name, commands))
    })

  program
    .command('version')
    .description('print the version and the Kubernetes version it follows')
    .option('--json', 'print as JSON')
    .addHelpText('after', examples('statefold version --json'))
    .action((flags: { json?: boolean }) =>
      output.print(
        flags.json === true
          ? `${JSON.stringify({ statefold: engineVersion, kubernetes: kubernetesVersion })}\n`
          : `statefold ${engineVersion}\nKubernetes ${kubernetesVersion}\n`,
      ),
    )

  try {
    const [word, asked] = own
    if (word === 'help' && asked !== undefined && !program.commands.some((command) => command.name() === asked) && asked !== 'help')
      throw badInput(
        `there is no subcommand ${asked}: ${program.commands
          .map((command) => command.name())
          .filter((name) => name !== selfRunWord)
          .join(', ')}`,
      )
    await program.parseAsync(['node', 'statefold', ...own])
    return exit
  } catch (error) {
    if (error instanceof Stop) {
      output.note(`${error.message}\n`)
      return error.code
    }
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.passed : exitCodes.badInput
    output.note(bugReport(error, args))
    return exitCodes.ourBug
  }
}
