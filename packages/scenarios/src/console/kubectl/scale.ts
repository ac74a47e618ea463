/** kubectl scale. Follows kubectl/pkg/cmd/scale/scale.go and kubectl/pkg/scale/scale.go. */
import * as E from 'fp-ts/lib/Either.js'
import { dryRunOf, patchItem } from './changing.js'
import { dryRunFlag, fileFlags, outputFlags, selectorFlag, timeoutFlag, type Call, type Command, type Running } from './command.js'
import { CommandFailure, fail, failWith, statusProblem } from './errors.js'
import { numberFlag, switchFlag, text } from './flags.js'
import { jsonOf, numberAt, withField } from './json-object.js'
import { changePrinterOf } from './printers/object-printer.js'
import { readObject } from './reading.js'
import { liveItems } from './resource-arguments.js'
import { waitUntil } from './waiting.js'

function* run(call: Call): Running {
  const { flags } = call
  const dryRun = dryRunOf(call)
  const replicas = flags.given('replicas') ? flags.number('replicas') : -1
  if (!call.flags.given('replicas')) return fail('required flag(s) "replicas" not set')
  if (replicas < 0) return fail('The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0')
  const expected = flags.number('current-replicas')
  if (expected < -1) return fail('The --current-replicas must specify an integer of -1 or greater')
  const print = changePrinterOf(call, 'scaled', dryRun)
  const { items, problems } = liveItems(call, call.words, { labels: flags.text('selector'), allowEmptySelector: flags.on('all') })
  if (items.length === 0) {
    if (problems.length > 0) throw new CommandFailure(problems)
    return fail('no objects passed to scale')
  }
  const timeout = flags.duration('timeout')
  for (const item of items) {
    if (!item.type.subresources.some(({ name }) => name === 'scale')) {
      return failWith(statusProblem({ reason: 'NotFound', code: 404, message: 'the server could not find the requested resource' }))
    }
    const actual = numberAt(jsonOf(item.object), 'spec', 'replicas')
    if (expected !== -1 && actual !== expected) return fail(`Expected replicas to be ${expected}, was ${actual}`)
    if (flags.text('resource-version') !== '' && flags.text('resource-version') !== item.object.metadata.resourceVersion) {
      return fail(`Expected resource version to be ${flags.text('resource-version')}, was ${item.object.metadata.resourceVersion}`)
    }
    if (dryRun !== 'client') {
      const answer = patchItem(call, item, { spec: { replicas } }, { patchType: 'merge', subresource: 'scale', dryRun })
      if (E.isLeft(answer)) return failWith(statusProblem(answer.left))
      if (timeout > 0 && dryRun === 'none') {
        const reached = yield* waitUntil(call, call.cluster.now() + timeout, () => {
          const object = readObject(call, item.type, item.namespace, item.name)
          return object === undefined || numberAt(jsonOf(object), 'status', 'replicas') === replicas
        })
        if (!reached) return fail(`timed out waiting for ${JSON.stringify(item.name)} to be synced`)
      }
    }
    print(withField(jsonOf(item.object), ['spec', 'replicas'], replicas))
  }
  if (problems.length > 0) throw new CommandFailure(problems)
  return 0
}

export const scaleCommand: Command = {
  name: 'scale',
  flags: [
    ...fileFlags,
    ...outputFlags,
    selectorFlag,
    dryRunFlag,
    timeoutFlag,
    switchFlag('all'),
    numberFlag('replicas', '0'),
    numberFlag('current-replicas', '-1'),
    text('resource-version'),
  ],
  run,
}
