/** kubectl autoscale. Follows kubectl/pkg/cmd/autoscale/autoscale.go. */
// Differs from Kubernetes: the autoscaler is stored and never scales; a warning says so.
import * as E from 'fp-ts/lib/Either.js'
import { apiVersionOf, parseQuantity, type Json, type JsonObject } from '@statefold/core'
import { dryRunOf } from './changing.js'
import { ask, atOnce, dryRunFlag, fieldManagerFlag, fileFlags, outputFlags, tellWarning, type Call, type Command } from './command.js'
import { asUnstored } from './create.js'
import { requireFlags } from './create-object.js'
import { CommandFailure, fail, statusProblem, textProblem, type Problem } from './errors.js'
import { numberFlag, switchFlag, text } from './flags.js'
import { jsonOf } from './json-object.js'
import { withLastApplied } from './last-applied.js'
import { changePrinterOf } from './printers/object-printer.js'
import { liveItems, type Item } from './resource-arguments.js'

type ResourceName = 'cpu' | 'memory'

/** A number alone counts in this unit. */
const unitOf: Readonly<Record<ResourceName, string>> = { cpu: 'm', memory: 'Mi' }

const utilization = (percent: number): JsonObject => ({ averageUtilization: percent, type: 'Utilization' })

/** `70%` is a share of what is requested, all else a quantity. Follows parseResourceInput. */
const targetOf = (name: ResourceName, input: string): JsonObject => {
  const trimmed = input.trim()
  if (trimmed === '') return fail('empty input')
  if (trimmed.endsWith('%')) {
    const percent = trimmed.slice(0, -1)
    return /^\+?\d+$/.test(percent) && Number(percent) < 2 ** 31
      ? utilization(Number(percent))
      : fail(`invalid percentage value: ${percent}`)
  }
  const isPlain = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(trimmed)
  const written = isPlain ? `${Number(trimmed)}${unitOf[name]}` : trimmed
  return E.isLeft(parseQuantity(written))
    ? fail(`invalid resource ${name} value: ${input}`)
    : { averageValue: written, type: 'AverageValue' }
}

const metric = (name: ResourceName, target: JsonObject): Json => ({ resource: { name, target }, type: 'Resource' })

interface Wish {
  readonly metrics: readonly Json[]
  /** Why an older client's object would not do, should the server refuse this one. Follows canCreateHPAV1. */
  readonly noFallback: string | undefined
}

const wishOf = ({ flags }: Call): Wish => {
  const [percent, cpu, memory] = [flags.number('cpu-percent'), flags.text('cpu'), flags.text('memory')]
  if (percent > 0 && cpu !== '') return fail('--cpu-percent and --cpu are mutually exclusive')
  const cpuTarget = cpu === '' ? undefined : targetOf('cpu', cpu)
  const memoryTarget = memory === '' ? undefined : targetOf('memory', memory)
  const isShare = cpuTarget?.['type'] === 'Utilization'
  return {
    metrics: [
      ...(percent > 0 ? [metric('cpu', utilization(percent))] : []),
      ...(cpuTarget === undefined ? [] : [metric('cpu', cpuTarget)]),
      ...(memoryTarget === undefined ? [] : [metric('memory', memoryTarget)]),
    ],
    noFallback: cpu === '' ? 'empty input' : memory === '' && isShare ? undefined : '%!w(<nil>)',
  }
}

const autoscalerOf = (call: Call, item: Item, metrics: readonly Json[], isPlaced: boolean): JsonObject => {
  const { flags } = call
  const least = flags.number('min')
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: flags.text('name') || item.name, ...(isPlaced ? { namespace: call.namespace } : {}) },
    spec: {
      maxReplicas: flags.number('max'),
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(least > 0 ? { minReplicas: least } : {}),
      scaleTargetRef: { apiVersion: apiVersionOf(item.type), kind: item.type.kind, name: item.name },
    },
    status: { currentMetrics: null, desiredReplicas: 0 },
  }
}

const qualifiedResource = ({ type }: Item): string => `${type.group}/${type.version}, Resource=${type.plural}`

const autoscale = (call: Call, item: Item, { metrics, noFallback }: Wish): Problem | undefined => {
  const dryRun = dryRunOf(call)
  if (!item.type.subresources.some(({ name }) => name === 'scale'))
    return textProblem(
      `cannot autoscale a ${item.type.kind}: could not find scale subresource for ${qualifiedResource(item)} in discovery information`,
    )
  const plain = autoscalerOf(call, item, metrics, call.namespaceGiven || dryRun !== 'client')
  if (dryRun === 'client') {
    changePrinterOf(call, 'created', dryRun)(plain)
    return undefined
  }
  const object = asUnstored(call.flags.on('save-config') ? withLastApplied(plain) : plain)
  const answer = ask(call, { kind: 'CreateObject', object, ...(dryRun === 'server' ? { dryRun: true } : {}) })
  if (E.isLeft(answer)) {
    return noFallback === undefined
      ? statusProblem(answer.left)
      : textProblem(`failed to create autoscaling/v2 HPA and the configuration is incompatible with autoscaling/v1: ${noFallback}`)
  }
  if (dryRun === 'none') tellWarning(call, 'HorizontalPodAutoscalers are stored, not simulated: this one will not scale anything')
  changePrinterOf(call, 'autoscaled', dryRun)(jsonOf(answer.right))
  return undefined
}

const run = (call: Call): number => {
  const { flags, output } = call
  if (flags.given('cpu-percent'))
    output.stderr(
      "Flag --cpu-percent has been deprecated, Use --cpu with percentage or resource quantity format (e.g., '70%' for utilization or '500m' for milliCPU).\n",
    )
  requireFlags(call, ['max'])
  const [least, most] = [flags.number('min'), flags.number('max')]
  if (most < 1) return fail(`--max=MAXPODS is required and must be at least 1, max: ${most}`)
  if (most < least) return fail(`--max=MAXPODS must be larger or equal to --min=MINPODS, max: ${most}, min: ${least}`)
  const wish = wishOf(call)
  const { items, problems } = liveItems(call, call.words)
  const failures = [...problems]
  for (const item of items) {
    const problem = autoscale(call, item, wish)
    if (problem !== undefined) failures.push(problem)
  }
  if (failures.length > 0) throw new CommandFailure(failures)
  return items.length === 0 ? fail('no objects passed to autoscale') : 0
}

export const autoscaleCommand: Command = {
  name: 'autoscale',
  flags: [
    ...fileFlags,
    ...outputFlags,
    dryRunFlag,
    fieldManagerFlag,
    numberFlag('min', '-1'),
    numberFlag('max', '-1'),
    numberFlag('cpu-percent', '-1'),
    text('cpu'),
    text('memory'),
    text('name'),
    switchFlag('save-config'),
    switchFlag('record'),
  ],
  run: atOnce(run),
}
