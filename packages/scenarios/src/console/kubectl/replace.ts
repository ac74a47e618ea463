/** kubectl replace. Follows kubectl/pkg/cmd/replace/replace.go. */
import * as E from 'fp-ts/lib/Either.js'
import { dryRunOf } from './changing.js'
import {
  ask,
  dryRunFlag,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  outputFlags,
  validateFlag,
  type Call,
  type Command,
  type Running,
} from './command.js'
import { asUnstored } from './create.js'
import { deleteAll, deletionFlags, propagationOf } from './delete.js'
import { CommandFailure, fail, statusProblem, withSource, type Problem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf, withField } from './json-object.js'
import { lastAppliedName, withLastApplied } from './last-applied.js'
import { readManifests, type Manifest } from './manifests.js'
import { changePrinterOf } from './printers/object-printer.js'
import { notFoundProblem, readObject } from './reading.js'
import { waitUntil } from './waiting.js'

function* forceReplace(call: Call, manifests: readonly Manifest[], problems: readonly Problem[]): Running {
  const print = changePrinterOf(call, 'replaced', 'none')
  const { flags } = call
  // Nothing is deleted by force here: a period of 0 becomes 1, and the object is waited for.
  const asked = flags.number('grace-period')
  const gracePeriodSeconds = asked === 0 ? 1 : asked
  yield* deleteAll(
    call,
    manifests.map(({ type, namespace, name, source }) => ({ type, namespace, name, source })),
    {
      gracePeriodSeconds,
      propagation: propagationOf(call),
      ignoreNotFound: true,
      wait: flags.on('wait'),
      timeoutMs: flags.duration('timeout'),
      dryRun: 'none',
      nameOnly: flags.text('output') === 'name',
    },
    problems,
  )
  const deadline = call.cluster.now() + (flags.duration('timeout') || 300_000)
  const failures: Problem[] = []
  for (const manifest of manifests) {
    const gone = yield* waitUntil(call, deadline, () => readObject(call, manifest.type, manifest.namespace, manifest.name) === undefined)
    if (!gone) return fail('timed out waiting for the condition')
    const answer = ask(call, { kind: 'CreateObject', object: manifest.object, fieldValidation: fieldValidationOf(call) })
    if (E.isLeft(answer)) failures.push(statusProblem(answer.left))
    else print(jsonOf(answer.right))
  }
  if (failures.length > 0) throw new CommandFailure(failures)
  return 0
}

function* run(call: Call): Running {
  const { flags } = call
  const dryRun = dryRunOf(call)
  if (flags.number('grace-period') >= 0 && !flags.on('force')) return fail('--grace-period must have --force specified')
  if (flags.duration('timeout') !== 0 && !flags.on('force')) return fail('--timeout must have --force specified')
  if (flags.on('force') && dryRun !== 'none') return fail('--dry-run can not be used when --force is set')
  if (flags.list('filename').length === 0 && !flags.given('kustomize')) return fail('must specify one of -f and -k')
  const { manifests, problems: unread } = readManifests(call)
  if (flags.on('force')) return yield* forceReplace(call, manifests, unread)
  const print = changePrinterOf(call, 'replaced', dryRun)
  const problems: Problem[] = [...unread]
  for (const manifest of manifests) {
    const current = readObject(call, manifest.type, manifest.namespace, manifest.name)
    if (current === undefined) {
      problems.push(withSource('replacing', manifest.source, notFoundProblem(manifest.type, manifest.name)))
      continue
    }
    const remembers = flags.on('save-config') || current.metadata.annotations?.[lastAppliedName] !== undefined
    const own = remembers && flags.on('save-config') ? withLastApplied(jsonOf(manifest.object)) : jsonOf(manifest.object)
    const object =
      manifest.object.metadata?.resourceVersion === undefined
        ? withField(own, ['metadata', 'resourceVersion'], current.metadata.resourceVersion)
        : own
    if (dryRun === 'client') {
      print(object)
      continue
    }
    const answer = ask(call, {
      kind: 'ReplaceObject',
      object: asUnstored(object),
      fieldValidation: fieldValidationOf(call),
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (E.isLeft(answer)) problems.push(withSource('replacing', manifest.source, statusProblem(answer.left)))
    else print(jsonOf(answer.right))
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return manifests.length === 0 ? fail('no objects passed to replace') : 0
}

export const replaceCommand: Command = {
  name: 'replace',
  flags: [
    ...fileFlags,
    ...outputFlags,
    ...deletionFlags,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag,
    switchFlag('save-config'),
    text('subresource'),
    text('raw'),
  ],
  run,
}
