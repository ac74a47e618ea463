/**
 * kubectl edit: the object goes into a file, the command that KUBE_EDITOR or EDITOR names changes it, and what has changed is patched.
 * Follows kubectl/pkg/cmd/util/editor/editoptions.go.
 */
// Differs from Kubernetes: no editor talks with a person, and an editor that never ends with a valid file is given up.
import * as E from 'fp-ts/lib/Either.js'
import {
  apiVersionOf,
  threeWayJsonMergePatch,
  threeWayStrategicPatch,
  typeNameOfKind,
  type ApiStatus,
  type Json,
  type JsonObject,
} from '@statefold/core'
import { patchItem } from './changing.js'
import { fieldManagerFlag, fieldValidationOf, fileFlags, validateFlag, type Call, type Command, type Running } from './command.js'
import { CommandFailure, exitWith, fail } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf } from './json-object.js'
import { readManifests, type Manifest } from './manifests.js'
import { nameLine } from './printers/object-printer.js'
import { yamlText } from './printers/yaml-printer.js'
import { liveItems, type Item } from './resource-arguments.js'
import { qualifiedPlural } from './resource-types.js'

const howTo =
  'kubectl edit is not supported here without an editor: nobody sits at a terminal; name a command that changes the file it is given, ' +
  'as in KUBE_EDITOR="sed -i s/before/after/" kubectl edit …, or use kubectl patch, kubectl set or kubectl apply'

const headerText = (reasons: readonly string[]): string =>
  [
    "# Please edit the object below. Lines beginning with a '#' will be ignored,",
    '# and an empty file will abort the edit. If an error occurs while saving this file will be',
    '# reopened with the relevant failures.',
    '#',
    ...reasons.map((reason) => `# ${reason}`),
    ...(reasons.length === 0 ? [] : ['#']),
    '',
  ].join('\n')

const withoutComments = (file: string): string =>
  file
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .trim()

/** How often an editor is asked again. */
const mostRounds = 5

interface Outcome {
  /** What stands in the file that is opened again. */
  readonly reasons: readonly string[]
  readonly isRetryable: boolean
  readonly isMissing: boolean
}

const accepted: Outcome = { reasons: [], isRetryable: false, isMissing: false }

/** Follows addError of editResults. */
const refused = (call: Call, item: Item, status: ApiStatus): Outcome => {
  const named = `${qualifiedPlural(item.type)} ${JSON.stringify(item.name)}`
  if (status.reason === 'Invalid') {
    call.output.stderr(`error: ${named} is invalid\n`)
    const causes = (status.details?.causes ?? []).map(({ field, message }) => `* ${field}: ${message}`)
    return { ...accepted, reasons: [`${named} was not valid:`, ...causes] }
  }
  if (status.reason === 'NotFound') {
    call.output.stderr(`error: ${named} could not be found on the server\n`)
    return { ...accepted, isMissing: true }
  }
  call.output.stderr(`error: ${named} could not be patched: ${status.message}\n`)
  return { ...accepted, isRetryable: true }
}

/** An object of another name, kind or version is not the one that was opened. */
const originalOf = (items: readonly Item[], { type, name, namespace }: Manifest): Item | undefined =>
  items.find((item) => item.type === type && item.name === name && item.namespace === namespace)

const patchOne = (call: Call, item: Item, manifest: Manifest): Outcome => {
  const [before, after] = [jsonOf(item.object), jsonOf(manifest.object)]
  const typeName = typeNameOfKind(item.type.kind, apiVersionOf(item.type))
  const patch =
    typeName === undefined
      ? E.right<string, JsonObject>(threeWayJsonMergePatch(before, after, before))
      : threeWayStrategicPatch(typeName, before, after, before)
  if (E.isLeft(patch)) return fail(patch.left)
  if (Object.keys(patch.right).length === 0) {
    call.output.stdout(nameLine(before, 'skipped'))
    return accepted
  }
  const answer = patchItem(call, item, patch.right, {
    patchType: typeName === undefined ? 'merge' : 'strategic',
    fieldValidation: fieldValidationOf(call),
  })
  if (E.isLeft(answer)) return refused(call, item, answer.left)
  call.output.stdout(nameLine(jsonOf(answer.right), 'edited'))
  return accepted
}

/** The manifests in the file, or why there are none. */
const readEdited = (call: Call, path: string): E.Either<string, readonly Manifest[]> => {
  const flags = { ...call.flags, list: () => [path], given: () => false, on: () => false }
  const { manifests, problems } = readManifests({ ...call, flags, namespaceGiven: false })
  const [problem] = problems
  if (problem !== undefined)
    return E.left(
      problem.kind === 'status'
        ? problem.status.message
        : problem.text.replace(/^error (?:parsing [^:]*|validating [^:]*): /, '').replace('error converting YAML to JSON: ', ''),
    )
  return manifests.length === 0 ? E.left('invalid object to validate') : E.right(manifests)
}

function* run(call: Call): Running {
  const { cluster, output } = call
  const { items, problems } = liveItems(call, call.words, { allowEmptySelector: true })
  if (problems.length > 0) throw new CommandFailure(problems)
  const { editor, ownFiles } = cluster
  if (editor === undefined || ownFiles === undefined) return fail(howTo)
  const [first] = items
  if (first === undefined) return fail('edit cancelled, no objects found')
  const shown: Json =
    items.length === 1
      ? jsonOf(first.object)
      : { apiVersion: 'v1', items: items.map(({ object }) => jsonOf(object)), kind: 'List', metadata: {} }
  const original = yamlText(shown)
  const path = `/tmp/kubectl-edit-${1_000_000_000 + (cluster.now() % 1_000_000_000)}.yaml`
  const keptCopy = (): void => output.stderr(`A copy of your changes has been stored to ${JSON.stringify(path)}\n`)
  let body = original
  let reasons: readonly string[] = []
  for (let round = 0; ; round += 1) {
    const problem = ownFiles.write(path, `${headerText(reasons)}${body}`)
    if (problem !== undefined) return fail(`open ${path}: ${problem.toLowerCase()}`)
    const status = yield* editor.open(path)
    if (status !== 0) return fail(`there was a problem with the editor ${JSON.stringify(editor.name)}`)
    const edited = ownFiles.read(path) ?? ''
    if (reasons.length > 0 && (withoutComments(edited) === withoutComments(body) || round >= mostRounds)) {
      keptCopy()
      return fail('Edit cancelled, no valid changes were saved.')
    }
    if (withoutComments(edited) === withoutComments(original)) {
      editor.discard(path)
      output.stderr('Edit cancelled, no changes made.\n')
      return 0
    }
    body = edited
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .join('\n')
    const read = readEdited(call, path)
    if (E.isLeft(read)) {
      const named = `${qualifiedPlural(first.type)} ${JSON.stringify(first.name)}`
      output.stderr(`error: ${named} is invalid\n`)
      reasons = [`${named} was not valid:`, `* <nil>: Invalid value: "The edited file failed validation": ${read.left}`]
      continue
    }
    const outcomes: Outcome[] = []
    for (const manifest of read.right) {
      const item = originalOf(items, manifest)
      if (item === undefined) {
        keptCopy()
        return fail('At least one of apiVersion, kind and name was changed')
      }
      outcomes.push(patchOne(call, item, manifest))
    }
    if (outcomes.some(({ isRetryable }) => isRetryable)) {
      output.stderr(`You can run \`kubectl replace -f ${path}\` to try this update again.\n`)
      return exitWith(1)
    }
    if (outcomes.some(({ isMissing }) => isMissing)) {
      output.stderr(`The edits you made on deleted resources have been saved to ${JSON.stringify(path)}\n`)
      return exitWith(1)
    }
    reasons = outcomes.flatMap((outcome) => outcome.reasons)
    if (reasons.length > 0) continue
    editor.discard(path)
    return 0
  }
}

export const editCommand: Command = {
  name: 'edit',
  flags: [
    ...fileFlags,
    fieldManagerFlag,
    validateFlag,
    switchFlag('output-patch'),
    switchFlag('save-config'),
    switchFlag('windows-line-endings'),
    text('output', 'o', 'yaml'),
  ],
  run,
}
