/** What every kubectl command is, and what it is called with. */
import type { ApiCommand, ApiStatus, FieldValidation, KubernetesObject } from '@statefold/core'
import type * as E from 'fp-ts/lib/Either.js'
import { fail } from './errors.js'
import { commaList, duration, list, numberFlag, switchFlag, text, withBare, type FlagSpecification, type Flags } from './flags.js'
import type { ConsoleOutput, ConsoleWait, KubectlCluster } from './kubectl-cluster.js'

/** The answer is the exit code. */
export type Running = Generator<ConsoleWait, number, void>

export interface Call {
  readonly cluster: KubectlCluster
  readonly output: ConsoleOutput
  readonly stdin: string
  /** `kubectl rollout status` */
  readonly path: string
  readonly flags: Flags
  /** The words that are no flags. */
  readonly words: readonly string[]
  /** How many of them stood before `--`. */
  readonly dashAt: number | undefined
  readonly namespace: string
  /** True when -n was given. */
  readonly namespaceGiven: boolean
}

export interface Command {
  /** `get`, `rollout status` */
  readonly name: string
  readonly flags: readonly FlagSpecification[]
  readonly run: (call: Call) => Running
  /** Another name of the command before it: help does not list it. */
  readonly isAlias?: boolean
  /** The exit code of a failure, where 1 means something else. */
  readonly failureCode?: number
}

/** Flags that every command takes. Follows AddFlags in cli-runtime/pkg/genericclioptions/config_flags.go. */
export const globalFlags: readonly FlagSpecification[] = [
  text('namespace', 'n'),
  text('context'),
  text('cluster'),
  text('user'),
  text('kubeconfig'),
  text('server', 's'),
  text('token'),
  text('as'),
  list('as-group'),
  text('as-uid'),
  text('cache-dir'),
  text('certificate-authority'),
  text('client-certificate'),
  text('client-key'),
  text('tls-server-name'),
  switchFlag('insecure-skip-tls-verify'),
  text('request-timeout'),
  switchFlag('disable-compression'),
  switchFlag('match-server-version'),
  switchFlag('warnings-as-errors'),
  text('username'),
  text('password'),
  text('profile'),
  text('profile-output'),
  text('kuberc'),
  numberFlag('v', '0', 'v'),
  text('vmodule'),
  switchFlag('help', 'h'),
]

export const outputFlags: readonly FlagSpecification[] = [
  text('output', 'o'),
  text('template'),
  switchFlag('show-managed-fields'),
  switchFlag('allow-missing-template-keys', undefined, 'true'),
]

export const fileFlags: readonly FlagSpecification[] = [commaList('filename', 'f'), text('kustomize', 'k'), switchFlag('recursive', 'R')]

export const dryRunFlag: FlagSpecification = withBare(text('dry-run', undefined, 'none'), 'unchanged')
export const validateFlag: FlagSpecification = withBare(text('validate', undefined, 'strict'), 'strict')
export const fieldManagerFlag: FlagSpecification = text('field-manager')
export const selectorFlag: FlagSpecification = text('selector', 'l')
export const fieldSelectorFlag: FlagSpecification = text('field-selector')
export const timeoutFlag: FlagSpecification = duration('timeout', '0s')

/** Each line tells a warning once, whichever request it came with. Follows WarningWriterOptions.Deduplicate in client-go/rest/warnings.go. */
const told = new WeakMap<KubectlCluster, Set<string>>()

export const tellWarning = ({ cluster, output }: Call, warning: string): void => {
  const before = told.get(cluster) ?? new Set<string>()
  if (before.has(warning)) return
  told.set(cluster, new Set([...before, warning]))
  output.stderr(`Warning: ${warning}\n`)
}

/** What --validate asks of the server. Follows GetValidationDirective in kubectl/pkg/cmd/util/helpers.go. */
export const fieldValidationOf = ({ flags }: Call): FieldValidation => {
  const value = flags.text('validate')
  if (value === 'strict' || value === 'true') return 'Strict'
  if (value === 'warn') return 'Warn'
  if (value === 'ignore' || value === 'false') return 'Ignore'
  return fail(`invalid - validate option ${JSON.stringify(value)}; must be one of strict (or true), warn, ignore (or false)`)
}

/** Asks the server; its warnings are printed at once. */
export const ask = (call: Call, command: ApiCommand): E.Either<ApiStatus, KubernetesObject> => {
  const answer = call.cluster.request(command)
  for (const warning of call.cluster.warnings?.() ?? []) tellWarning(call, warning)
  return answer
}

/** A command that never waits. */
export const atOnce = (run: (call: Call) => number): ((call: Call) => Running) =>
  // A generator without a yield: the command never waits.
  // oxlint-disable-next-line require-yield
  function* (call): Running {
    return run(call)
  }
