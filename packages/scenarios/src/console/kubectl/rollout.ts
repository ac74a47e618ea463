/** kubectl rollout status, history, undo, restart, pause, resume. Follows kubectl/pkg/cmd/rollout and kubectl/pkg/polymorphichelpers. */
import * as E from 'fp-ts/lib/Either.js'
import { timestampOf, type Json, type JsonObject } from '@statefold/core'
import { dryRunOf, patchItem } from './changing.js'
import {
  atOnce,
  dryRunFlag,
  fieldManagerFlag,
  fileFlags,
  outputFlags,
  selectorFlag,
  timeoutFlag,
  type Call,
  type Command,
  type Running,
} from './command.js'
import { describePodTemplate } from './describe/pod-template.js'
import { CommandFailure, fail, textProblem, type Problem } from './errors.js'
import { numberFlag, switchFlag } from './flags.js'
import { at, jsonOf, listAt, numberAt, objectAt, textAt, textsAt, withField } from './json-object.js'
import { lastAppliedName } from './last-applied.js'
import { compactJson } from './printers/json-printer.js'
import { changePrinterOf, objectPrinterOf } from './printers/object-printer.js'
import { alignTabs, describeOptions } from './printers/tab-writer.js'
import { forEachItem, liveItems, type Item, type Items } from './resource-arguments.js'
import { qualifiedPlural } from './resource-types.js'
import {
  changeCauseName,
  objectAtRevision,
  revisionAnnotation,
  revisionsOf,
  templateLabelsWithoutHash,
  type Revision,
} from './rollout-history.js'
import { openWatch } from './watching.js'

const itemsOf = (call: Call): Items => {
  if (call.words.length === 0 && call.flags.list('filename').length === 0) return fail('required resource not specified')
  return liveItems(call, call.words, { labels: call.flags.text('selector'), allowEmptySelector: true })
}

interface Status {
  readonly text: string
  readonly done: boolean
}

const waiting = (text: string): Status => ({ text: `${text}\n`, done: false })
const finished = (text: string): Status => ({ text: `${text}\n`, done: true })

const deploymentStatus = (object: JsonObject, revision: number): Status => {
  const name = JSON.stringify(textAt(object, 'metadata', 'name'))
  const count = (...path: readonly string[]): number => numberAt(object, ...path)
  if (revision > 0) {
    const running = Number(textsAt(object, 'metadata', 'annotations')[revisionAnnotation] ?? '0')
    if (running !== revision) return fail(`desired revision (${revision}) is different from the running revision (${running})`)
  }
  if (count('metadata', 'generation') > count('status', 'observedGeneration'))
    return waiting('Waiting for deployment spec update to be observed...')
  const progressing = listAt(object, 'status', 'conditions').find((condition: Json) => textAt(condition, 'type') === 'Progressing')
  if (progressing !== undefined && textAt(progressing, 'reason') === 'ProgressDeadlineExceeded')
    return fail(`deployment ${name} exceeded its progress deadline`)
  const [replicas, updated, total, available] = [
    count('spec', 'replicas'),
    count('status', 'updatedReplicas'),
    count('status', 'replicas'),
    count('status', 'availableReplicas'),
  ]
  const rollout = `Waiting for deployment ${name} rollout to finish:`
  if (updated < replicas) return waiting(`${rollout} ${updated} out of ${replicas} new replicas have been updated...`)
  if (total > updated) return waiting(`${rollout} ${total - updated} old replicas are pending termination...`)
  if (available < updated) return waiting(`${rollout} ${available} of ${updated} updated replicas are available...`)
  return finished(`deployment ${name} successfully rolled out`)
}

const onlyRollingUpdate = (object: JsonObject): void => {
  if (textAt(object, 'spec', 'updateStrategy', 'type') !== 'RollingUpdate')
    fail('rollout status is only available for RollingUpdate strategy type')
}

const daemonSetStatus = (object: JsonObject): Status => {
  onlyRollingUpdate(object)
  const name = JSON.stringify(textAt(object, 'metadata', 'name'))
  const count = (...path: readonly string[]): number => numberAt(object, ...path)
  if (count('metadata', 'generation') > count('status', 'observedGeneration'))
    return waiting('Waiting for daemon set spec update to be observed...')
  const [desired, updated, available] = [
    count('status', 'desiredNumberScheduled'),
    count('status', 'updatedNumberScheduled'),
    count('status', 'numberAvailable'),
  ]
  if (updated < desired)
    return waiting(`Waiting for daemon set ${name} rollout to finish: ${updated} out of ${desired} new pods have been updated...`)
  if (available < desired)
    return waiting(`Waiting for daemon set ${name} rollout to finish: ${available} of ${desired} updated pods are available...`)
  return finished(`daemon set ${name} successfully rolled out`)
}

const statefulSetStatus = (object: JsonObject): Status => {
  onlyRollingUpdate(object)
  const count = (...path: readonly string[]): number => numberAt(object, ...path)
  const [observed, replicas, ready, updated] = [
    count('status', 'observedGeneration'),
    count('spec', 'replicas'),
    count('status', 'readyReplicas'),
    count('status', 'updatedReplicas'),
  ]
  if (observed === 0 || count('metadata', 'generation') > observed) return waiting('Waiting for statefulset spec update to be observed...')
  if (ready < replicas) return waiting(`Waiting for ${replicas - ready} pods to be ready...`)
  const rolling = at(object, 'spec', 'updateStrategy', 'rollingUpdate')
  if (rolling !== undefined && rolling !== null) {
    const wanted = replicas - numberAt(rolling, 'partition')
    if (at(rolling, 'partition') !== undefined && updated < wanted)
      return waiting(`Waiting for partitioned roll out to finish: ${updated} out of ${wanted} new pods have been updated...`)
    return finished(`partitioned roll out complete: ${updated} new pods have been updated...`)
  }
  const [current, update] = [textAt(object, 'status', 'currentRevision'), textAt(object, 'status', 'updateRevision')]
  if (update !== current) return waiting(`waiting for statefulset rolling update to complete ${updated} pods at revision ${update}...`)
  return finished(`statefulset rolling update complete ${count('status', 'currentReplicas')} pods at revision ${current}...`)
}

const statusOf = (item: Item, object: JsonObject, revision: number): Status => {
  switch (item.type.kind) {
    case 'Deployment':
      return deploymentStatus(object, revision)
    case 'DaemonSet':
      return daemonSetStatus(object)
    case 'StatefulSet':
      return statefulSetStatus(object)
    default:
      return fail(`no status viewer has been implemented for ${item.type.kind}${item.type.group === '' ? '' : `.${item.type.group}`}`)
  }
}

/** One line for the object as it is, and one for every change of it, until it is done. */
function* status(call: Call): Running {
  const { flags, cluster, output } = call
  const revision = flags.number('revision')
  if (revision < 0) return fail(`revision must be a positive integer: ${revision}`)
  const { items, problems } = itemsOf(call)
  if (problems.length > 0) throw new CommandFailure(problems)
  if (items.length === 0) {
    output.stderr(`No resources found in ${call.namespace} namespace.\n`)
    return 0
  }
  for (const item of items) {
    const deadline = flags.duration('timeout') === 0 ? undefined : cluster.now() + flags.duration('timeout')
    const changes = openWatch(call, item.type, item.namespace)
    const tell = (object: JsonObject): boolean => {
      const { text, done } = statusOf(item, object, revision)
      output.stdout(text)
      return done || !flags.on('watch')
    }
    let done = tell(jsonOf(item.object))
    while (!done) {
      if (deadline !== undefined && cluster.now() >= deadline) return fail('timed out waiting for the condition')
      yield { kind: 'wait-for-change', atMost: deadline }
      for (const event of changes()) {
        if (event.object.metadata.name !== item.name || done) continue
        if (event.type === 'DELETED') return fail('object has been deleted')
        done = tell(jsonOf(event.object))
      }
    }
  }
  return 0
}

/** A Deployment's revision shows the cause of its ReplicaSet as an annotation of the template. Follows DeploymentHistoryViewer.ViewHistory. */
const withChangeCause = ({ keeper, template, changeCause }: Revision): JsonObject =>
  keeper['kind'] === 'ReplicaSet' && changeCause !== ''
    ? withField(template, ['metadata', 'annotations', changeCauseName], changeCause)
    : template

const historyText = (revisions: readonly Revision[], wanted: number): string => {
  if (revisions.length === 0) return 'No rollout history found.'
  if (wanted > 0) {
    const revision = revisions.find(({ number }) => number === wanted)
    return revision === undefined
      ? fail('unable to find the specified revision')
      : `${describePodTemplate(withChangeCause(revision)).join('\n')}\n`
  }
  const lines = [
    'REVISION\tCHANGE-CAUSE',
    ...revisions.map(({ number, changeCause }) => `${number}\t${changeCause === '' ? '<none>' : changeCause}`),
  ]
  return `${alignTabs(lines.join('\n'), describeOptions)}\n`
}

const history = (call: Call): number => {
  const wanted = call.flags.number('revision')
  const items = itemsOf(call)
  if (wanted < 0) return fail(`revision must be a positive integer: ${wanted}`)
  const printer = objectPrinterOf(call)
  return forEachItem(items, (item): Problem | undefined => {
    const revisions = revisionsOf(call, item)
    if (printer !== undefined) {
      const shown = wanted > 0 ? revisions.filter(({ number }) => number === wanted) : revisions
      if (wanted > 0 && shown.length === 0) return textProblem('unable to find the specified revision')
      for (const revision of shown) call.output.stdout(printer(objectAtRevision(item, revision)))
      return undefined
    }
    const text = historyText(revisions, wanted)
    changePrinterOf(call, `${wanted > 0 ? `with revision #${wanted}` : ''}\n${text}`, 'none')(jsonOf(item.object))
    return undefined
  })
}

const notFoundRevision = (revision: number): string => `unable to find specified revision ${revision} in history`

/** Annotations that a Deployment keeps whatever it is rolled back to. */
const keptAnnotations: readonly string[] = [
  lastAppliedName,
  revisionAnnotation,
  'deployment.kubernetes.io/revision-history',
  'deployment.kubernetes.io/desired-replicas',
  'deployment.kubernetes.io/max-replicas',
  'deprecated.deployment.rollback.to',
]

const targetOf = (item: Item, revisions: readonly Revision[], wanted: number): Revision => {
  const isDeployment = item.type.kind === 'Deployment'
  if (wanted > 0) return revisions.find(({ number }) => number === wanted) ?? fail(notFoundRevision(wanted))
  const previous = revisions.at(-2)
  if (previous !== undefined) return previous
  return fail(isDeployment ? `no rollout history found for deployment ${JSON.stringify(item.name)}` : 'no last revision to roll back to')
}

/** The words of the result, or why it failed. */
const rollBack = (call: Call, item: Item, wanted: number, dryRun: 'none' | 'client' | 'server'): string => {
  if (wanted < 0) return fail(notFoundRevision(wanted))
  const target = targetOf(item, revisionsOf(call, item), wanted)
  const object = jsonOf(item.object)
  if (dryRun === 'client')
    return `${item.type.kind === 'Deployment' ? '' : 'will roll back to '}${describePodTemplate(target.template).join('\n')}\n`
  const current = objectAt(object, 'spec', 'template')
  const skipped = `skipped rollback (current template already matches revision ${wanted})`
  const restoring = (why: string): never => fail(`failed restoring revision ${wanted}: ${why}`)
  if (item.type.kind !== 'Deployment') {
    if (compactJson(current) === compactJson(target.template)) return skipped
    const answer = patchItem(call, item, objectAt(target.keeper, 'data'), { dryRun })
    return E.isLeft(answer) ? restoring(answer.left.message) : 'rolled back'
  }
  if (at(object, 'spec', 'paused') === true)
    return fail("you cannot rollback a paused deployment; resume it first with 'kubectl rollout resume' and try again")
  const template = templateLabelsWithoutHash(target.template)
  if (compactJson(templateLabelsWithoutHash(current)) === compactJson(template)) return skipped
  const own = textsAt(object, 'metadata', 'annotations')
  const old = textsAt(target.keeper, 'metadata', 'annotations')
  const annotations = Object.fromEntries([
    ...Object.entries(own).filter(([name]) => keptAnnotations.includes(name)),
    ...Object.entries(old).filter(([name]) => !keptAnnotations.includes(name)),
  ])
  const patch: Json = [
    { op: 'replace', path: '/spec/template', value: template },
    { op: 'replace', path: '/metadata/annotations', value: annotations },
  ]
  const answer = patchItem(call, item, patch, { patchType: 'json', dryRun })
  return E.isLeft(answer) ? restoring(answer.left.message) : 'rolled back'
}

const undo = (call: Call): number => {
  const dryRun = dryRunOf(call)
  return forEachItem(itemsOf(call), (item): Problem | undefined => {
    if (item.object.metadata.annotations?.[lastAppliedName] !== undefined) {
      call.output.stderr(
        `Warning: resource ${item.type.plural}/${item.name} was previously managed with 'kubectl apply'. Rolling back will not update the ${lastAppliedName} annotation, which may cause unexpected behavior on future 'kubectl apply' operations. Consider using 'kubectl apply' with your previous configuration file instead.\n`,
      )
    }
    const words = rollBack(call, item, call.flags.number('to-revision'), dryRun)
    changePrinterOf(call, words, dryRun)(jsonOf(item.object))
    return undefined
  })
}

/** A patch, or why the command does not fit this object. */
type Change = { readonly patch: Json | undefined } | { readonly refusal: string }

const changeEach =
  (operation: string, changeOf: (call: Call, object: JsonObject, item: Item) => Change, unchanged: (item: Item) => string) =>
  (call: Call): number => {
    const found = itemsOf(call)
    const problems: Problem[] = [...found.problems]
    if (found.items.length === 0 && problems.length === 0) {
      call.output.stderr(`No resources found in ${call.namespace} namespace.\n`)
      return 0
    }
    for (const item of found.items) {
      const change = changeOf(call, jsonOf(item.object), item)
      if ('refusal' in change) {
        problems.push(textProblem(`error: ${qualifiedPlural(item.type)} ${JSON.stringify(item.name)} ${change.refusal}`))
        continue
      }
      if (change.patch === undefined) {
        problems.push(textProblem(unchanged(item)))
        continue
      }
      const answer = patchItem(call, item, change.patch)
      if (E.isLeft(answer)) problems.push(textProblem(`failed to patch: ${answer.left.message}`))
      else changePrinterOf(call, operation, 'none')(jsonOf(answer.right))
    }
    if (problems.length > 0) throw new CommandFailure(problems)
    return 0
  }

const restartedAt = 'kubectl.kubernetes.io/restartedAt'

const restart = changeEach(
  'restarted',
  (call, object, item) => {
    if (!['Deployment', 'DaemonSet', 'StatefulSet'].includes(item.type.kind)) return { refusal: 'restarting is not supported' }
    if (item.type.kind === 'Deployment' && at(object, 'spec', 'paused') === true)
      return { refusal: "can't restart paused deployment (run rollout resume first)" }
    const now = timestampOf(call.cluster.now())
    if (textsAt(object, 'spec', 'template', 'metadata', 'annotations')[restartedAt] === now) return { patch: undefined }
    return { patch: { spec: { template: { metadata: { annotations: { [restartedAt]: now } } } } } }
  },
  (item) =>
    `failed to create patch for ${item.name}: if restart has already been triggered within the past second, please wait before attempting to trigger another`,
)

const pausing = (paused: boolean): ((call: Call) => number) =>
  changeEach(
    paused ? 'paused' : 'resumed',
    (_call, object, item) => {
      if (item.type.kind !== 'Deployment') return { refusal: paused ? 'pausing is not supported' : 'resuming is not supported' }
      if ((at(object, 'spec', 'paused') === true) === paused) return { refusal: paused ? 'is already paused' : 'is not paused' }
      return { patch: { spec: { paused: paused ? true : null } } }
    },
    () => '',
  )

const common = [...fileFlags, selectorFlag] as const

export const rolloutCommands: readonly Command[] = [
  { name: 'rollout status', flags: [...common, timeoutFlag, switchFlag('watch', 'w', 'true'), numberFlag('revision', '0')], run: status },
  { name: 'rollout history', flags: [...common, ...outputFlags, numberFlag('revision', '0')], run: atOnce(history) },
  { name: 'rollout undo', flags: [...common, ...outputFlags, dryRunFlag, numberFlag('to-revision', '0')], run: atOnce(undo) },
  { name: 'rollout restart', flags: [...common, ...outputFlags, fieldManagerFlag], run: atOnce(restart) },
  { name: 'rollout pause', flags: [...common, ...outputFlags, fieldManagerFlag], run: atOnce(pausing(true)) },
  { name: 'rollout resume', flags: [...common, ...outputFlags, fieldManagerFlag], run: atOnce(pausing(false)) },
]
