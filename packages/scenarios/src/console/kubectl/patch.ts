/** kubectl patch. Follows kubectl/pkg/cmd/patch/patch.go. */
import * as E from 'fp-ts/lib/Either.js'
import type { Subresource } from '@statefold/core'
import { dryRunOf, patchItem } from './changing.js'
import { atOnce, dryRunFlag, fieldManagerFlag, fileFlags, outputFlags, type Call, type Command } from './command.js'
import { fail, failWith, statusProblem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf } from './json-object.js'
import { changePrinterOf } from './printers/object-printer.js'
import { forEachItem, liveItems } from './resource-arguments.js'
import { goJsonError } from './go-json-error.js'
import { readYamlDocument } from './yaml-input.js'

const patchTypes: readonly string[] = ['json', 'merge', 'strategic']

const subresourceOf = (word: string): Subresource | undefined => {
  if (word === '') return undefined
  if (word === 'status' || word === 'scale') return word
  if (word === 'resize') return fail('patch --subresource=resize is not supported here: containers are not resized in place')
  return failWith(statusProblem({ reason: 'NotFound', code: 404, message: 'the server could not find the requested resource' }))
}

/** Follows applyJSPatch and applyPatchToCurrentObject in apiserver/pkg/endpoints/handlers/patch.go. */
const wrongPatch = (patchType: string, wrong: string): string => (patchType === 'strategic' ? wrong : `error decoding patch: ${wrong}`)

const run = (call: Call): number => {
  const { flags } = call
  const dryRun = dryRunOf(call)
  const given = flags.text('patch')
  const file = flags.text('patch-file')
  if (given !== '' && file !== '') return fail('cannot specify --patch and --patch-file together')
  if (given === '' && file === '') return fail('must specify --patch or --patch-file containing the contents of the patch')
  const patchType = flags.text('type').toLowerCase()
  if (!patchTypes.includes(patchType))
    return fail(`--type must be one of [${patchTypes.join(' ')}], not ${JSON.stringify(flags.text('type'))}`)
  const source =
    file === '' ? given : (call.cluster.readFile(file) ?? fail(`unable to read patch file: open ${file}: no such file or directory`))
  // What begins as JSON is sent as it is: the server says what is wrong with it.
  const wrong = source.trimStart().startsWith('{') ? goJsonError(source) : undefined
  const patch = readYamlDocument(wrong === undefined ? source : '{}')
  if (E.isLeft(patch)) return fail(`unable to parse ${JSON.stringify(given)}: ${patch.left}`)
  const subresource = subresourceOf(flags.text('subresource'))
  const items = liveItems(call, call.words)
  forEachItem(items, (item) => {
    if (wrong !== undefined) return statusProblem({ reason: 'BadRequest', code: 400, message: wrongPatch(patchType, wrong) })
    const answer = patchItem(call, item, patch.right, {
      patchType: patchType === 'json' ? 'json' : patchType === 'merge' ? 'merge' : 'strategic',
      ...(subresource === undefined ? {} : { subresource }),
      dryRun: dryRun === 'none' ? 'none' : 'server',
    })
    if (E.isLeft(answer)) return statusProblem(answer.left)
    const changed = dryRun !== 'none' || answer.right.metadata.resourceVersion !== item.object.metadata.resourceVersion
    // Says nothing of a dry run.
    // The answer to a patch of the scale is a Scale.
    const scale = { apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: { name: item.name } }
    changePrinterOf(call, changed ? 'patched' : 'patched (no change)', 'none')(subresource === 'scale' ? scale : jsonOf(answer.right))
    return undefined
  })
  return items.items.length === 0 ? fail('no objects passed to patch') : 0
}

export const patchCommand: Command = {
  name: 'patch',
  flags: [
    ...fileFlags,
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag,
    text('patch', 'p'),
    text('patch-file'),
    text('type', undefined, 'strategic'),
    text('subresource'),
    switchFlag('local'),
  ],
  run: atOnce(run),
}
