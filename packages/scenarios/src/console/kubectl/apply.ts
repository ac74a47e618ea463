/** kubectl apply, on the client's side: a three-way merge of what was applied last, what is wanted and what is there. Follows kubectl/pkg/cmd/apply. */
import * as E from 'fp-ts/lib/Either.js'
import {
  apiVersionOf,
  threeWayJsonMergePatch,
  threeWayStrategicPatch,
  typeNameOfKind,
  type Json,
  type JsonObject,
  type KubernetesObject,
} from '@statefold/core'
import { dryRunOf, type DryRun } from './changing.js'
import {
  ask,
  dryRunFlag,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  outputFlags,
  selectorFlag,
  timeoutFlag,
  validateFlag,
  type Call,
  type Command,
  type Running,
} from './command.js'
import { asUnstored } from './create.js'
import { CommandFailure, fail, statusProblem, textProblem, withSource, type Problem } from './errors.js'
import { list, numberFlag, switchFlag, text, withBare } from './flags.js'
import type { ConsoleWait } from './kubectl-cluster.js'
import { jsonOf } from './json-object.js'
import { lastAppliedName, lastAppliedOf, withLastApplied } from './last-applied.js'
import { readManifests, type Manifest } from './manifests.js'
import { compactJson } from './printers/json-printer.js'
import { changePrinterOf, objectPrinterOf } from './printers/object-printer.js'
import { checkPrune, prune } from './prune.js'
import { readObject } from './reading.js'
import { parseLabelSelector } from './selectors.js'
import { waitUntil } from './waiting.js'

const withoutNulls = (value: Json): Json => {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item) => (item === null ? null : withoutNulls(item)))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value as JsonObject).flatMap(([key, item]) => (item === null || item === undefined ? [] : [[key, withoutNulls(item)]])),
  )
}

/** How kubectl writes a manifest's identity in a failure. Follows Info.String in cli-runtime/pkg/resource/visitor.go. */
const infoText = ({ type, name, namespace }: Manifest): string => {
  const version = type.group === '' ? `/${type.version}` : apiVersionOf(type)
  return `Resource: ${JSON.stringify(`${version}, Resource=${type.plural}`)}, GroupVersionKind: ${JSON.stringify(`${version}, Kind=${type.kind}`)}\nName: ${JSON.stringify(name)}, Namespace: ${JSON.stringify(namespace)}`
}

const missingAnnotation = (manifest: Manifest): string =>
  `Warning: resource ${manifest.type.plural}/${manifest.name} is missing the ${lastAppliedName} annotation which is required by kubectl apply. kubectl apply should only be used on resources created declaratively by either kubectl create --save-config or kubectl apply. The missing annotation will be patched automatically.\n`

/** How often a lost race is run again, and after how many tries with a pause. Follows maxPatchRetry and triesBeforeBackOff in patcher.go. */
const mostTries = 5
const triesBeforePause = 1

interface Applied {
  readonly patch: JsonObject
  readonly object: KubernetesObject
}

export function* patchToward(
  call: Call,
  manifest: Manifest,
  modified: JsonObject,
  first: KubernetesObject,
  dryRun: DryRun,
): Generator<ConsoleWait, E.Either<Problem, Applied>, void> {
  let current = first
  for (let attempt = 0; ; attempt += 1) {
    const json = jsonOf(current)
    const typeName = typeNameOfKind(manifest.type.kind, apiVersionOf(manifest.type))
    const original = lastAppliedOf(json) ?? {}
    const patch =
      typeName === undefined
        ? E.right(threeWayJsonMergePatch(original, modified, json))
        : threeWayStrategicPatch(typeName, original, modified, json)
    if (E.isLeft(patch)) return E.left(creating(original, modified, json, patch.left))
    const body = patch.right
    if (Object.keys(body).length === 0 || dryRun === 'client') return E.right({ patch: body, object: current })
    const answer = ask(call, {
      kind: 'PatchObject',
      target: { kind: manifest.type.kind, namespace: manifest.namespace, name: manifest.name },
      patchType: typeName === undefined ? 'merge' : 'strategic',
      patch: body,
      fieldValidation: fieldValidationOf(call),
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (E.isRight(answer)) return E.right({ patch: body, object: answer.right })
    if (answer.left.reason !== 'Conflict' || attempt >= mostTries) {
      const patching = withSource('patching', manifest.source, statusProblem(answer.left))
      return E.left(applying(manifest, body, patching))
    }
    if (attempt + 1 > triesBeforePause) yield { kind: 'sleep', ms: 1_000 }
    current = readObject(call, manifest.type, manifest.namespace, manifest.name) ?? current
  }
}

/** Follows createPatchErrFormat in patcher.go. */
const creating = (original: JsonObject, modified: JsonObject, current: JsonObject, why: string): Problem =>
  textProblem(
    `creating patch with:\noriginal:\n${compactJson(original)}\nmodified:\n${compactJson(modified)}\ncurrent:\n${compactJson(current)}\nfor: ${why}`,
  )

const applying = (manifest: Manifest, patch: JsonObject, problem: Problem): Problem => {
  const words = `error when applying patch:\n${compactJson(patch)}\nto:\n${infoText(manifest)}\nfor: ${JSON.stringify(manifest.source)}: `
  return problem.kind === 'status'
    ? { ...problem, source: `${words}${problem.source}` }
    : problem.kind === 'text'
      ? { ...problem, text: `${words}${problem.text}` }
      : problem
}

function* forceApply(call: Call, manifest: Manifest, modified: JsonObject): Generator<ConsoleWait, E.Either<Problem, Applied>, void> {
  const target = { kind: manifest.type.kind, namespace: manifest.namespace, name: manifest.name }
  const period = call.flags.number('grace-period')
  const removed = ask(call, {
    kind: 'DeleteObject',
    target,
    options: { propagationPolicy: 'Background', gracePeriodSeconds: Math.max(0, period) },
  })
  if (E.isLeft(removed)) return E.left(statusProblem(removed.left))
  yield* waitUntil(call, undefined, () => readObject(call, manifest.type, manifest.namespace, manifest.name) === undefined)
  const created = ask(call, { kind: 'CreateObject', object: asUnstored(modified), fieldValidation: fieldValidationOf(call) })
  return E.isLeft(created) ? E.left(statusProblem(created.left)) : E.right({ patch: modified, object: created.right })
}

function* applyOne(call: Call, manifest: Manifest, dryRun: DryRun): Generator<ConsoleWait, Problem | undefined, void> {
  const { output, flags } = call
  const generated = manifest.object.metadata?.generateName ?? ''
  if (manifest.name === '' && generated !== '') return textProblem(`from ${generated}: cannot use generate name with apply`)
  const withOutput = objectPrinterOf(call) !== undefined
  const modified = withLastApplied(jsonOf(manifest.object))
  const current = manifest.name === '' ? undefined : readObject(call, manifest.type, manifest.namespace, manifest.name)
  if (current === undefined) {
    const object = asUnstored(jsonOf(withoutNulls(modified) as JsonObject))
    if (dryRun === 'client') {
      changePrinterOf(call, 'created', dryRun)(jsonOf(object))
      return undefined
    }
    const answer = ask(call, {
      kind: 'CreateObject',
      object,
      fieldValidation: fieldValidationOf(call),
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (E.isLeft(answer)) return withSource('creating', manifest.source, statusProblem(answer.left))
    changePrinterOf(call, 'created', dryRun)(jsonOf(answer.right))
    return undefined
  }
  if (current.metadata.annotations?.[lastAppliedName] === undefined) output.stderr(missingAnnotation(manifest))
  let applied = yield* patchToward(call, manifest, modified, current, dryRun)
  if (
    E.isLeft(applied) &&
    flags.on('force') &&
    applied.left.kind === 'status' &&
    ['Conflict', 'Invalid'].includes(applied.left.status.reason)
  )
    applied = yield* forceApply(call, manifest, modified)
  if (E.isLeft(applied)) return applied.left
  const { object, patch } = applied.right
  if (object.metadata.deletionTimestamp !== undefined)
    output.stderr(`Warning: Detected changes to resource ${manifest.name} which is currently being deleted.\n`)
  const unchanged = Object.keys(patch).length === 0 && !withOutput
  changePrinterOf(call, unchanged ? 'unchanged' : 'configured', dryRun)(jsonOf(object))
  return undefined
}

function* run(call: Call): Running {
  const { flags } = call
  const dryRun = dryRunOf(call)
  if (call.words.length > 0) return fail(`Unexpected args: [${call.words.join(' ')}]\nSee 'kubectl apply -h' for help and examples`)
  if (flags.list('filename').length === 0 && !flags.given('kustomize')) return fail('must specify one of -f and -k')
  if (flags.on('server-side'))
    return fail('apply --server-side is not supported here: field ownership is not simulated; leave the flag out to merge on the client')
  checkPrune(call)
  const selector = parseLabelSelector(flags.text('selector'))
  if (E.isLeft(selector)) return fail(`the provided selector ${JSON.stringify(flags.text('selector'))} is not valid: ${selector.left}`)
  const read = readManifests(call)
  const manifests = read.manifests.filter((manifest) => selector.right(manifest.object.metadata?.labels ?? {}))
  const problems: Problem[] = [...read.problems]
  if (manifests.length === 0 && problems.length === 0) return fail('no objects passed to apply')
  // With -o and several objects kubectl prints one List at the end.
  const several = manifests.length > 1 && objectPrinterOf(call) !== undefined
  const shown: Json[] = []
  for (const manifest of manifests) {
    const problem = yield* applyOne(several ? { ...call, output: { ...call.output, stdout: () => undefined } } : call, manifest, dryRun)
    if (problem !== undefined) problems.push(problem)
    else if (several) {
      const object = readObject(call, manifest.type, manifest.namespace, manifest.name)
      shown.push(object === undefined ? jsonOf(manifest.object) : jsonOf(object))
    }
  }
  if (several) call.output.stdout(objectPrinterOf(call)?.({ apiVersion: 'v1', items: shown, kind: 'List', metadata: {} }) ?? '')
  if (problems.length === 0 && flags.on('prune')) problems.push(...prune(call, manifests, dryRun))
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

export const applyCommand: Command = {
  name: 'apply',
  flags: [
    ...fileFlags,
    ...outputFlags,
    selectorFlag,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag,
    timeoutFlag,
    switchFlag('server-side'),
    switchFlag('force-conflicts'),
    switchFlag('prune'),
    list('prune-allowlist'),
    switchFlag('all'),
    switchFlag('force'),
    switchFlag('wait'),
    switchFlag('overwrite', undefined, 'true'),
    switchFlag('openapi-patch', undefined, 'true'),
    numberFlag('grace-period', '-1'),
    withBare(text('cascade', undefined, 'background'), 'background'),
  ],
  run,
}
