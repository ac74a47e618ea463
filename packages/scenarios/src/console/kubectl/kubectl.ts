/**
 * kubectl without a network: one line of words in, the texts and the exit code of the real client out. It reads and writes the cluster only
 * through `KubectlCluster`, has no clock of its own, and yields whenever simulated time must pass.
 */
import * as E from 'fp-ts/lib/Either.js'
import { applyCommand } from './apply.js'
import { lastAppliedCommands } from './apply-last.js'
import { attachCommand } from './attach.js'
import { authCommands } from './auth.js'
import { autoscaleCommand } from './autoscale.js'
import { globalFlags, type Call, type Command } from './command.js'
import { copyCommand } from './cp.js'
import { configCommands, contextName } from './config.js'
import { createCommand } from './create.js'
import { createGenerators } from './create-generators.js'
import { deleteCommand } from './delete.js'
import { describeCommand } from './describe.js'
import { diffCommand } from './diff.js'
import { cordonCommand, drainCommand, uncordonCommand } from './drain.js'
import { editCommand } from './edit.js'
import { CommandFailure, reportOf } from './errors.js'
import { eventsCommand } from './events.js'
import { execCommand } from './exec.js'
import { explainCommand } from './explain.js'
import { exposeCommand } from './expose.js'
import { flagsOf, parseWords, type FlagSpecification } from './flags.js'
import { getCommand } from './get.js'
import { informationCommands } from './information.js'
import type { ConsoleOutput, ConsoleWait, KubectlCluster } from './kubectl-cluster.js'
import { annotateCommand, labelCommand } from './label.js'
import { logsCommand } from './logs.js'
import { patchCommand } from './patch.js'
import { portForwardCommand } from './port-forward.js'
import { isRefused, refusedCommands } from './refused.js'
import { replaceCommand } from './replace.js'
import { rolloutCommands } from './rollout.js'
import { runCommand } from './run.js'
import { scaleCommand } from './scale.js'
import { setEnvCommand } from './set-env.js'
import { setOtherCommands } from './set-others.js'
import { setContainerCommands } from './set.js'
import { taintCommand } from './taint.js'
import { waitCommand } from './wait.js'

const commands: readonly Command[] = [
  getCommand,
  describeCommand,
  applyCommand,
  ...lastAppliedCommands,
  createCommand,
  ...createGenerators,
  replaceCommand,
  deleteCommand,
  scaleCommand,
  autoscaleCommand,
  patchCommand,
  editCommand,
  ...setContainerCommands,
  setEnvCommand,
  ...setOtherCommands,
  ...rolloutCommands,
  labelCommand,
  annotateCommand,
  taintCommand,
  cordonCommand,
  uncordonCommand,
  drainCommand,
  waitCommand,
  execCommand,
  attachCommand,
  portForwardCommand,
  logsCommand,
  runCommand,
  exposeCommand,
  explainCommand,
  eventsCommand,
  diffCommand,
  copyCommand,
  ...authCommands,
  ...informationCommands,
  ...configCommands,
  ...refusedCommands,
]

const topLevelNames = [...new Set(commands.map(({ name }) => name.split(' ')[0] ?? name))].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** The order in which kubectl adds its commands. Follows NewKubectlCommand in kubectl/pkg/cmd/cmd.go. */
const orderOfTree: readonly string[] = (
  'create expose run set explain get edit delete rollout scale autoscale certificate cluster-info top cordon uncordon drain taint describe ' +
  'logs attach exec port-forward proxy cp auth debug events diff apply patch replace wait kustomize label annotate completion alpha plugin ' +
  'config version api-versions api-resources options'
).split(' ')

/** Words people try. Follows SuggestFor of kubectl's commands. */
const suggestedFor: Readonly<Record<string, readonly string[]>> = {
  get: ['list', 'ls'],
  delete: ['rm', 'remove'],
  describe: ['inspect'],
  scale: ['resize'],
  expose: [],
}

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_unused, index) => index)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}

/** Follows SuggestionsFor in github.com/spf13/cobra command.go. */
const suggestionsFor = (word: string): string => {
  const lower = word.toLowerCase()
  const found = [...orderOfTree, ...topLevelNames.filter((name) => !orderOfTree.includes(name))].filter(
    (name) => distance(lower, name) <= 2 || name.startsWith(lower) || (suggestedFor[name] ?? []).includes(lower),
  )
  return found.length === 0 ? '' : `\n\nDid you mean this?\n${found.map((name) => `\t${name}\n`).join('')}`
}

const usageText = (command: Command): string =>
  `Usage:\n  kubectl ${command.name} [flags] [options]\n\nOptions:\n${command.flags.map(({ name, short }) => `    ${short === undefined ? '' : `-${short}, `}--${name}`).join('\n')}\n\nUse "kubectl options" for a list of global command-line options (applies to all commands).\n`

const overviewText = (): string =>
  `kubectl controls the Kubernetes cluster manager.\n\nCommands:\n${topLevelNames.map((name) => `  ${name}`).join('\n')}\n\nUsage:\n  kubectl [flags] [options]\n`

/** The command that the words name, and where its own words begin. */
type Found =
  | { readonly command: Command; readonly rest: readonly string[] }
  | { readonly problem: string }
  | { readonly help: string; readonly exit?: number; readonly to?: 'stderr' }

/** A command that only has subcommands: asked for help it helps, otherwise it fails. Follows DefaultSubCommandRun in kubectl/pkg/cmd/util/helpers.go. */
const parentHelp = (path: string, children: readonly Command[], words: readonly string[]): Found => {
  const names = children.flatMap(({ name, isAlias }) => (isAlias === true ? [] : [name.slice(path.length + 1)]))
  const help = `Available Commands:\n${[...names]
    .sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
    .map((name) => `  ${name}`)
    .join('\n')}\n\nUsage:\n  kubectl ${path} SUBCOMMAND [options]\n`
  if (words.includes('-h') || words.includes('--help')) return { help }
  return path === 'rollout' ? { help, exit: 1 } : { help, exit: 1, to: 'stderr' }
}

const find = (args: readonly string[]): Found => {
  const leading = parseWords(globalFlags, args, true)
  if (E.isLeft(leading)) return { problem: `${leading.left}\nSee 'kubectl --help' for usage.` }
  const globals = args.slice(0, leading.right.rest)
  const [verb, ...rest] = args.slice(leading.right.rest)
  if (verb === undefined || verb === 'help' || verb === 'options') return { help: overviewText() }
  const family = commands.filter(({ name }) => name === verb || name.startsWith(`${verb} `))
  if (family.length === 0) return { problem: `unknown command ${JSON.stringify(verb)} for "kubectl"${suggestionsFor(verb)}` }
  const parents = family.filter(({ name }) => name !== verb)
  const own = family.find(({ name }) => name === verb)
  if (parents.length > 0) {
    // The subcommand is the first word that is no flag.
    const any: readonly FlagSpecification[] = [...globalFlags, ...family.flatMap(({ flags }) => flags)]
    const between = parseWords(any, rest, true)
    const place = E.isRight(between) ? between.right.rest : 0
    const word = rest[place]
    const deeper = parents.filter(({ name }) => name.startsWith(`${verb} ${word ?? ''} `))
    const next = rest[place + 1]
    const grandchild = deeper.find(({ name }) => name === `${verb} ${word ?? ''} ${next ?? ''}`)
    if (grandchild !== undefined) return { command: grandchild, rest: [...globals, ...rest.slice(0, place), ...rest.slice(place + 2)] }
    const child = parents.find(({ name }) => name === `${verb} ${word ?? ''}`)
    if (child !== undefined) return { command: child, rest: [...globals, ...rest.slice(0, place), ...rest.slice(place + 1)] }
    if (own === undefined || deeper.length > 0) {
      if (deeper.length > 0 && word !== undefined) {
        const path = `${verb} ${word}`
        return next === undefined || next.startsWith('-')
          ? parentHelp(path, deeper, rest)
          : {
              problem: `unknown command ${JSON.stringify(rest.slice(place + 1).join(' '))}\nSee 'kubectl ${path} -h' for help and examples`,
            }
      }
      return word === undefined || E.isLeft(between)
        ? parentHelp(verb, parents, rest)
        : { problem: `unknown command ${JSON.stringify(rest.slice(place).join(' '))}\nSee 'kubectl ${verb} -h' for help and examples` }
    }
  }
  return own === undefined ? { help: overviewText() } : { command: own, rest: [...globals, ...rest] }
}

/** One kubectl line (without the word `kubectl`); the answer is the exit code. */
export function* kubectl(
  args: readonly string[],
  stdin: string,
  cluster: KubectlCluster,
  output: ConsoleOutput,
): Generator<ConsoleWait, number, void> {
  const found = find(args)
  if ('help' in found) {
    output[found.to ?? 'stdout'](found.help)
    return found.exit ?? 0
  }
  if ('problem' in found) {
    output.stderr(`error: ${found.problem}${found.problem.endsWith('\n') ? '' : '\n'}`)
    return 1
  }
  const { command, rest } = found
  // A command's own flag wins over a global one of the same letter.
  const letters = new Set(command.flags.map(({ short }) => short))
  const specifications = [
    ...command.flags,
    ...globalFlags.map((flag) => (flag.short !== undefined && letters.has(flag.short) ? { ...flag, short: '' } : flag)),
  ]
  const parsed = parseWords(specifications, isRefused(command.name) ? [] : rest)
  if (E.isLeft(parsed)) {
    output.stderr(`error: ${parsed.left}\nSee 'kubectl ${command.name} --help' for usage.\n`)
    return 1
  }
  const flags = flagsOf(specifications, parsed.right.values)
  if (flags.on('help')) {
    output.stdout(usageText(command))
    return 0
  }
  const [namespace, context] = [flags.text('namespace'), flags.text('context')]
  if (context !== '' && context !== contextName && !command.name.startsWith('config ')) {
    output.stderr(`Error in configuration: context was not found for specified context: ${context}\n`)
    return 1
  }
  const call: Call = {
    cluster,
    output,
    stdin,
    path: `kubectl ${command.name}`,
    flags,
    words: parsed.right.words,
    dashAt: parsed.right.dashAt,
    namespace: namespace || cluster.context?.namespace() || 'default',
    namespaceGiven: namespace !== '',
  }
  try {
    return yield* command.run(call)
  } catch (failure) {
    if (!(failure instanceof CommandFailure)) throw failure
    const { text, code } = reportOf(failure.problems)
    output.stderr(text)
    return code === 1 ? (command.failureCode ?? code) : code
  }
}
