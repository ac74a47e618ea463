/** kubectl delete. Follows kubectl/pkg/cmd/delete/delete.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { DeleteOptions } from '@statefold/core'
import { dryRunOf, type DryRun } from './changing.js'
import {
  ask,
  dryRunFlag,
  fieldSelectorFlag,
  fileFlags,
  selectorFlag,
  timeoutFlag,
  type Call,
  type Command,
  type Running,
} from './command.js'
import { CommandFailure, fail, statusProblem, textProblem, withSource, type Problem } from './errors.js'
import { numberFlag, switchFlag, text, withBare } from './flags.js'
import { listObjects } from './reading.js'
import { requestsOf } from './resource-arguments.js'
import { kindWordOf, type ResourceType } from './resource-types.js'
import { waitUntilGone } from './waiting.js'

export interface Deletion {
  readonly type: ResourceType
  readonly namespace: string
  readonly name: string
  readonly source: string
}

export interface DeletionPolicy {
  readonly gracePeriodSeconds: number
  readonly propagation: 'Background' | 'Foreground' | 'Orphan'
  readonly ignoreNotFound: boolean
  readonly wait: boolean
  readonly timeoutMs: number
  readonly dryRun: DryRun
  readonly nameOnly: boolean
}

const dryRunWords: Readonly<Record<DryRun, string>> = { none: '', client: ' (dry run)', server: ' (server dry run)' }

const confirmation = (deletion: Deletion, policy: DeletionPolicy): string => {
  const kind = kindWordOf(deletion.type)
  if (policy.nameOnly) return `${kind}/${deletion.name}\n`
  const operation = policy.gracePeriodSeconds === 0 ? 'force deleted' : 'deleted'
  const from = deletion.type.namespaced ? ` from ${deletion.namespace} namespace` : ''
  return `${kind} ${JSON.stringify(deletion.name)} ${operation}${from}${dryRunWords[policy.dryRun]}\n`
}

const policyWords: Readonly<Record<string, DeletionPolicy['propagation']>> = {
  background: 'Background',
  true: 'Background',
  foreground: 'Foreground',
  orphan: 'Orphan',
  false: 'Orphan',
}

export const propagationOf = (call: Call): DeletionPolicy['propagation'] => {
  const word = call.flags.text('cascade')
  // Follows GetCascadingStrategy in kubectl/pkg/cmd/util/helpers.go.
  if (word === 'true' || word === 'false')
    call.output.stderr(
      `warning: --cascade=${word} is deprecated (boolean value) and can be replaced with --cascade=${word === 'true' ? 'background' : 'orphan'}.\n`,
    )
  return policyWords[word] ?? fail(`invalid cascade value (${word}). Must be "background", "foreground", or "orphan"`)
}

/** Deletes one after another and then waits for each. Answers how many there were. Follows DeleteResult. */
export function* deleteAll(call: Call, deletions: readonly Deletion[], policy: DeletionPolicy, earlier: readonly Problem[] = []): Running {
  const problems: Problem[] = [...earlier]
  const deleted: { readonly deletion: Deletion; readonly uid: string }[] = []
  let found = 0
  for (const deletion of deletions) {
    if (policy.dryRun === 'client') {
      found += 1
      call.output.stdout(confirmation(deletion, policy))
      continue
    }
    const options: DeleteOptions = {
      ...(policy.gracePeriodSeconds >= 0 ? { gracePeriodSeconds: policy.gracePeriodSeconds } : {}),
      propagationPolicy: policy.propagation,
    }
    const answer = ask(call, {
      kind: 'DeleteObject',
      target: { kind: deletion.type.kind, namespace: deletion.namespace, name: deletion.name },
      options,
      ...(policy.dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (E.isLeft(answer)) {
      if (answer.left.reason === 'NotFound' && policy.ignoreNotFound) {
        found += 1
        continue
      }
      problems.push(withSource('deleting', deletion.source, statusProblem(answer.left)))
      continue
    }
    found += 1
    call.output.stdout(confirmation(deletion, policy))
    deleted.push({ deletion, uid: answer.right.metadata.uid })
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  if (found === 0) {
    call.output.stdout('No resources found\n')
    return 0
  }
  if (!policy.wait || policy.dryRun !== 'none') return 0
  const deadline = policy.timeoutMs === 0 ? undefined : call.cluster.now() + policy.timeoutMs
  const late: Problem[] = []
  for (const { deletion, uid } of deleted) {
    const gone = yield* waitUntilGone(call, deletion.type, deletion.namespace, deletion.name, uid, deadline)
    if (!gone) late.push(textProblem(`timed out waiting for the condition on ${deletion.type.plural}/${deletion.name}`))
  }
  if (late.length > 0) throw new CommandFailure(late)
  return 0
}

/** --grace-period, --now and --force together. Follows Complete and Validate. */
const gracePeriodOf = (call: Call): number => {
  const { flags } = call
  const given = flags.number('grace-period')
  const force = flags.on('force')
  if (flags.on('now') && given !== -1) fail('--now and --grace-period cannot be specified together')
  const asked = flags.on('now') ? 1 : given
  const period = asked === 0 && !force ? 1 : force && asked < 0 ? 0 : asked
  if (force && period > 0) fail('--force and --grace-period greater than 0 cannot be specified together')
  return period
}

const deletionsOf = (call: Call): { readonly deletions: readonly Deletion[]; readonly problems: readonly Problem[] } => {
  const { flags } = call
  const { requests, problems } = requestsOf(call, call.words, {
    labels: flags.text('selector'),
    fields: flags.text('field-selector'),
    all: flags.on('all'),
    allNamespaces: flags.on('all-namespaces'),
  })
  const deletions = requests.flatMap((request): readonly Deletion[] =>
    request.kind === 'object'
      ? [{ type: request.type, namespace: request.namespace, name: request.name, source: request.manifest?.source ?? '' }]
      : listObjects(call, request.type, {
          namespace: request.namespace,
          labels: flags.text('selector'),
          fields: flags.text('field-selector'),
        }).map((object) => ({
          type: request.type,
          namespace: object.metadata.namespace ?? '',
          name: object.metadata.name,
          source: '',
        })),
  )
  return { deletions, problems }
}

function* run(call: Call): Running {
  const { flags } = call
  const gracePeriodSeconds = gracePeriodOf(call)
  const dryRun = dryRunOf(call)
  const output = flags.text('output')
  const bySelector = flags.on('all') || flags.text('selector') !== '' || flags.text('field-selector') !== ''
  const propagation = propagationOf(call)
  if (flags.on('all') && flags.text('selector') !== '') return fail("setting 'all' parameter but found a non empty selector. ")
  if (flags.on('all') && flags.text('field-selector') !== '') return fail('cannot set --all and --field-selector at the same time')
  const { deletions, problems } = deletionsOf(call)
  if (output !== '' && output !== 'name') return fail(`unexpected -o output mode: ${output}. We only support '-o name'`)
  if (flags.on('interactive')) return fail('delete --interactive is not supported here: there is nobody to ask')
  if (gracePeriodSeconds === 0 && flags.on('force')) {
    call.output.stderr(
      'Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\n',
    )
  }
  if (call.namespaceGiven && !flags.on('all-namespaces') && deletions.some(({ type }) => !type.namespaced)) {
    call.output.stderr('Warning: deleting cluster-scoped resources, not scoped to the provided namespace\n')
  }
  return yield* deleteAll(
    call,
    deletions,
    {
      gracePeriodSeconds,
      propagation,
      ignoreNotFound: flags.given('ignore-not-found') ? flags.on('ignore-not-found') : bySelector,
      wait: flags.on('wait'),
      timeoutMs: flags.duration('timeout'),
      dryRun,
      nameOnly: output === 'name',
    },
    problems,
  )
}

export const deletionFlags = [
  withBare(text('cascade', undefined, 'background'), 'background'),
  numberFlag('grace-period', '-1'),
  switchFlag('force'),
  timeoutFlag,
  switchFlag('wait', undefined, 'true'),
] as const

export const deleteCommand: Command = {
  name: 'delete',
  flags: [
    ...fileFlags,
    ...deletionFlags,
    selectorFlag,
    fieldSelectorFlag,
    switchFlag('all'),
    switchFlag('all-namespaces', 'A'),
    switchFlag('ignore-not-found'),
    switchFlag('now'),
    switchFlag('interactive', 'i'),
    text('output', 'o'),
    text('raw'),
    dryRunFlag,
  ],
  run,
}
