/** kubectl create -f. Follows kubectl/pkg/cmd/create/create.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { UnstoredObject } from '@statefold/core'
import { dryRunOf } from './changing.js'
import {
  ask,
  atOnce,
  dryRunFlag,
  fieldManagerFlag,
  fieldValidationOf,
  fileFlags,
  outputFlags,
  selectorFlag,
  validateFlag,
  type Call,
  type Command,
} from './command.js'
import { CommandFailure, exitWith, fail, failUsage, statusProblem, withSource, type Problem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf } from './json-object.js'
import { withLastApplied } from './last-applied.js'
import { readManifests } from './manifests.js'
import { changePrinterOf } from './printers/object-printer.js'

/** An object that a manifest or a generator made, as the server takes it. */
export const asUnstored = (object: object): UnstoredObject => object as UnstoredObject

const run = (call: Call): number => {
  const { flags } = call
  if (flags.list('filename').length === 0 && !flags.given('kustomize')) {
    if (call.words.length > 0) return failUsage(call.path, `Unexpected args: [${call.words.join(' ')}]`)
    call.output.stderr('error: must specify one of -f and -k\n\n')
    return exitWith(1)
  }
  if (call.words.length > 0) return failUsage(call.path, `Unexpected args: [${call.words.join(' ')}]`)
  const dryRun = dryRunOf(call)
  const print = changePrinterOf(call, 'created', dryRun)
  const { manifests, problems: unread } = readManifests(call)
  const problems: Problem[] = [...unread]
  for (const manifest of manifests) {
    const object = flags.on('save-config') ? asUnstored(withLastApplied(jsonOf(manifest.object))) : manifest.object
    if (dryRun === 'client') {
      print(jsonOf(object))
      continue
    }
    const answer = ask(call, {
      kind: 'CreateObject',
      object,
      fieldValidation: fieldValidationOf(call),
      ...(dryRun === 'server' ? { dryRun: true } : {}),
    })
    if (E.isLeft(answer)) problems.push(withSource('creating', manifest.source, statusProblem(answer.left)))
    else print(jsonOf(answer.right))
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return manifests.length === 0 ? fail('no objects passed to create') : 0
}

export const createCommand: Command = {
  name: 'create',
  flags: [
    ...fileFlags,
    ...outputFlags,
    selectorFlag,
    dryRunFlag,
    validateFlag,
    fieldManagerFlag,
    switchFlag('save-config'),
    switchFlag('edit'),
    switchFlag('windows-line-endings'),
    text('raw'),
  ],
  run: atOnce(run),
}
