/** What `kubectl apply --prune` takes away: applied objects that the manifests no longer name. Follows kubectl/pkg/cmd/apply/prune.go and kubectl/pkg/util/prune. */
import * as E from 'fp-ts/lib/Either.js'
import type { DryRun } from './changing.js'
import { ask, type Call } from './command.js'
import { propagationOf } from './delete.js'
import { fail, statusProblem, type Problem } from './errors.js'
import { jsonOf } from './json-object.js'
import { lastAppliedName } from './last-applied.js'
import type { Manifest } from './manifests.js'
import { changePrinterOf } from './printers/object-printer.js'
import { listObjects, readObject } from './reading.js'
import { typeOfKind, type ResourceType } from './resource-types.js'

/** Follows defaultNamespacedPruneResources and defaultNonNamespacedPruneResources. */
const usualKinds: readonly (readonly [apiVersion: string, kind: string])[] = [
  ['v1', 'ConfigMap'],
  ['v1', 'Endpoints'],
  ['v1', 'Namespace'],
  ['v1', 'PersistentVolume'],
  ['v1', 'PersistentVolumeClaim'],
  ['v1', 'Pod'],
  ['v1', 'ReplicationController'],
  ['v1', 'Secret'],
  ['v1', 'Service'],
  ['batch/v1', 'Job'],
  ['batch/v1', 'CronJob'],
  ['networking.k8s.io/v1', 'Ingress'],
  ['apps/v1', 'DaemonSet'],
  ['apps/v1', 'Deployment'],
  ['apps/v1', 'ReplicaSet'],
  ['apps/v1', 'StatefulSet'],
]

/** `core/v1/ConfigMap`. Follows ParseResources in kubectl/pkg/util/prune/prune.go. */
const kindOf = (word: string): readonly [apiVersion: string, kind: string] => {
  const [group = '', version = '', kind, ...more] = word.split('/')
  if (kind === undefined || more.length > 0) return fail(`invalid GroupVersionKind format: ${word}, please follow <group/version/kind>`)
  return [group === 'core' || group === '' ? version : `${group}/${version}`, kind]
}

const typesOf = (call: Call): readonly ResourceType[] => {
  const asked = call.flags.list('prune-allowlist').map(kindOf)
  return (asked.length === 0 ? usualKinds : asked).map(
    ([apiVersion, kind]) =>
      typeOfKind(apiVersion, kind) ?? fail(`no matches for kind ${JSON.stringify(kind)} in version ${JSON.stringify(apiVersion)}`),
  )
}

/** Refuses what cannot be meant, before anything is applied. */
export const checkPrune = (call: Call): void => {
  const { flags } = call
  if (flags.on('all') && flags.text('selector') !== '') fail('cannot set --all and --selector at the same time')
  if (!flags.on('prune')) return
  if (!flags.on('all') && flags.text('selector') === '')
    fail(
      'all resources selected for prune without explicitly passing --all. To prune all resources, pass the --all flag. If you did not mean to prune all resources, specify a label selector',
    )
  typesOf(call)
  if (flags.list('prune-allowlist').length === 0)
    call.output.stderr(
      'W0101 00:00:00.000000       1 prune.go:71] Deprecated: kubectl apply will no longer prune non-namespaced resources by default when used with the --namespace flag in a future release. To preserve the current behaviour, list the resources you want to target explicitly in the --prune-allowlist flag.\n',
    )
}

export const prune = (call: Call, manifests: readonly Manifest[], dryRun: DryRun): readonly Problem[] => {
  const kept = new Set(manifests.flatMap(({ type, namespace, name }) => readObject(call, type, namespace, name)?.metadata.uid ?? []))
  const namespaces = [...new Set(manifests.flatMap(({ type, namespace }) => (type.namespaced ? [namespace] : [])))]
  const types = typesOf(call)
  const places = [
    ...namespaces.flatMap((namespace) => types.filter((type) => type.namespaced).map((type) => ({ type, namespace }))),
    ...types.filter((type) => !type.namespaced).map((type) => ({ type, namespace: '' })),
  ]
  const problems: Problem[] = []
  const period = call.flags.number('grace-period')
  for (const { type, namespace } of places) {
    for (const object of listObjects(call, type, { namespace, labels: call.flags.text('selector') })) {
      if (object.metadata.annotations?.[lastAppliedName] === undefined || kept.has(object.metadata.uid)) continue
      if (dryRun !== 'client') {
        const answer = ask(call, {
          kind: 'DeleteObject',
          target: { kind: type.kind, namespace, name: object.metadata.name },
          options: { propagationPolicy: propagationOf(call), ...(period < 0 ? {} : { gracePeriodSeconds: period }) },
          ...(dryRun === 'server' ? { dryRun: true } : {}),
        })
        if (E.isLeft(answer)) {
          problems.push(statusProblem(answer.left))
          continue
        }
      }
      changePrinterOf(call, 'pruned', dryRun)(jsonOf(object))
    }
  }
  return problems
}
