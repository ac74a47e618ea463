/** kubectl apply view-last-applied and set-last-applied. Follows apply_view_last_applied.go and apply_set_last_applied.go in kubectl/pkg/cmd/apply. */
import * as E from 'fp-ts/lib/Either.js'
import { dryRunOf, patchItem } from './changing.js'
import { atOnce, dryRunFlag, fileFlags, outputFlags, selectorFlag, type Call, type Command } from './command.js'
import { CommandFailure, fail, failUsage, failWith, statusProblem } from './errors.js'
import { switchFlag, text } from './flags.js'
import { jsonOf, withField } from './json-object.js'
import { lastAppliedName, lastAppliedOf } from './last-applied.js'
import { readManifests } from './manifests.js'
import { compactJson, indentedJson } from './printers/json-printer.js'
import { changePrinterOf } from './printers/object-printer.js'
import { yamlText } from './printers/yaml-printer.js'
import { readOrFail } from './reading.js'
import { liveItems } from './resource-arguments.js'

const view = (call: Call): number => {
  const { flags, output } = call
  const format = flags.text('output')
  if (format !== 'yaml' && format !== 'json')
    return failUsage(call.path, `Unexpected -o output mode: ${format}, the flag 'output' must be one of yaml|json`)
  const { items, problems } = liveItems(call, call.words, { labels: flags.text('selector'), all: flags.on('all') })
  if (problems.length > 0) throw new CommandFailure(problems)
  for (const { object } of items) {
    const last = lastAppliedOf(jsonOf(object))
    if (last !== undefined) output.stdout(format === 'yaml' ? yamlText(last) : `${indentedJson(last, '  ')}\n`)
  }
  return 0
}

const set = (call: Call): number => {
  const { flags } = call
  const dryRun = dryRunOf(call)
  if (flags.list('filename').length === 0) liveItems(call, [])
  const { manifests, problems } = readManifests(call, false)
  if (problems.length > 0) throw new CommandFailure(problems)
  for (const { type, namespace, name, object, source } of manifests) {
    const live = readOrFail(call, type, namespace, name)
    const before = live.metadata.annotations?.[lastAppliedName]
    if (before === undefined && !flags.on('create-annotation'))
      return fail(
        `no last-applied-configuration annotation found on resource: ${name}, to create the annotation, run the command with --create-annotation`,
      )
    const after = `${compactJson(jsonOf(object))}\n`
    if (before === after) {
      call.output.stdout(`set-last-applied ${name}: no changes required.\n`)
      continue
    }
    const print = changePrinterOf(call, 'configured', dryRun)
    if (dryRun === 'client') {
      print(withField(jsonOf(live), ['metadata', 'annotations', lastAppliedName], after))
      continue
    }
    const item = { type, namespace, name, object: live, source }
    const answer = patchItem(call, item, { metadata: { annotations: { [lastAppliedName]: after } } }, { patchType: 'merge', dryRun })
    if (E.isLeft(answer)) return failWith(statusProblem(answer.left))
    print(jsonOf(answer.right))
  }
  return 0
}

export const lastAppliedCommands: readonly Command[] = [
  {
    name: 'apply edit-last-applied',
    flags: [...fileFlags, text('output', 'o')],
    run: atOnce(() => fail('kubectl apply edit-last-applied is not supported here: use kubectl apply set-last-applied -f FILE')),
  },
  { name: 'apply set-last-applied', flags: [...fileFlags, ...outputFlags, dryRunFlag, switchFlag('create-annotation')], run: atOnce(set) },
  {
    name: 'apply view-last-applied',
    flags: [...fileFlags, selectorFlag, switchFlag('all'), text('output', 'o', 'yaml')],
    run: atOnce(view),
  },
]
