/** Which Pod and which container a word means: `web-0`, `pod/web-0`, `sts/web`. Follows kubectl/pkg/polymorphichelpers and kubectl/pkg/cmd/util/podcmd. */
import { formatLabelSelector, simTimeOf, type Json, type JsonObject, type KubernetesObject } from '@statefold/core'
import type { Call } from './command.js'
import { fail, failWith, textProblem } from './errors.js'
import { at, jsonOf, listAt, numberAt, objectAt, textAt, textsAt } from './json-object.js'
import { listObjects, notFoundProblem, readObject } from './reading.js'
import { resourceTypeOrFail } from './resource-arguments.js'

const containersOf = (pod: JsonObject): readonly string[] => listAt(pod, 'spec', 'containers').map((container) => textAt(container, 'name'))

const initNames = (pod: JsonObject): readonly string[] =>
  listAt(pod, 'spec', 'initContainers').map((container) => textAt(container, 'name'))
const ephemeralNames = (pod: JsonObject): readonly string[] =>
  listAt(pod, 'spec', 'ephemeralContainers').map((container) => textAt(container, 'name'))

const allNames = (pod: JsonObject): string =>
  [...containersOf(pod), ...ephemeralNames(pod).map((name) => `${name} (ephem)`), ...initNames(pod).map((name) => `${name} (init)`)].join(
    ', ',
  )

/** The container asked for, or the first with a word about it. Follows FindOrDefaultContainerByName. */
export const containerOf = (call: Call, object: KubernetesObject, asked: string, quiet = false): string => {
  const pod = jsonOf(object)
  const wanted = asked === '' ? (textsAt(pod, 'metadata', 'annotations')['kubectl.kubernetes.io/default-container'] ?? '') : asked
  if (wanted !== '') {
    const known = [...containersOf(pod), ...initNames(pod), ...ephemeralNames(pod)]
    return known.includes(wanted)
      ? wanted
      : fail(`container ${wanted} is not valid for pod ${object.metadata.name} out of: ${allNames(pod)}`)
  }
  const [first] = containersOf(pod)
  if (first === undefined) return fail(`pod ${object.metadata.namespace ?? ''}/${object.metadata.name} does not have any containers`)
  if (!quiet && containersOf(pod).length + initNames(pod).length + ephemeralNames(pod).length > 1)
    call.output.stderr(`Defaulted container ${JSON.stringify(first)} out of: ${allNames(pod)}\n`)
  return first
}

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }

const readySince = (pod: JsonObject): number | undefined => {
  const condition = listAt(pod, 'status', 'conditions').find((candidate: Json) => textAt(candidate, 'type') === 'Ready')
  return condition !== undefined && textAt(condition, 'status') === 'True'
    ? (simTimeOf(textAt(condition, 'lastTransitionTime')) ?? 0)
    : undefined
}

const restartsOf = (pod: JsonObject): number =>
  Math.max(0, ...listAt(pod, 'status', 'containerStatuses').map((status) => numberAt(status, 'restartCount')))

/** The likeliest to answer first: running, ready for longest, fewest restarts, oldest. Follows ActivePods in kubectl/pkg/util/podutils/podutils.go. */
const bestFirst = (a: KubernetesObject, b: KubernetesObject): number => {
  const [left, right] = [jsonOf(a), jsonOf(b)]
  const assigned = (pod: JsonObject): number => (textAt(pod, 'spec', 'nodeName') === '' ? 0 : 1)
  const rank = (pod: JsonObject): number => phaseRank[textAt(pod, 'status', 'phase')] ?? 0
  const ready = (pod: JsonObject): number => (readySince(pod) === undefined ? 0 : 1)
  return (
    assigned(right) - assigned(left) ||
    rank(right) - rank(left) ||
    ready(right) - ready(left) ||
    (readySince(left) ?? 0) - (readySince(right) ?? 0) ||
    restartsOf(left) - restartsOf(right) ||
    (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : a.metadata.creationTimestamp > b.metadata.creationTimestamp ? 1 : 0)
  )
}

const selectorOf = (object: KubernetesObject): string => {
  const json = jsonOf(object)
  const selector = objectAt(json, 'spec', 'selector')
  if (object.kind === 'Service' || object.kind === 'ReplicationController')
    return Object.entries(textsAt(json, 'spec', 'selector'))
      .map(([key, value]) => `${key}=${value}`)
      .join(',')
  return at(selector, 'matchLabels') === undefined && at(selector, 'matchExpressions') === undefined ? '' : formatLabelSelector(selector)
}

/** All Pods that a word means, best first. */
export const podsOf = (call: Call, word: string, missing: 'plain' | 'logs' = 'plain'): readonly KubernetesObject[] => {
  const slash = word.indexOf('/')
  const [resource, name] = slash < 0 ? ['pods', word] : [word.slice(0, slash), word.slice(slash + 1)]
  const type = resourceTypeOrFail(resource)
  const object = readObject(call, type, call.namespace, name)
  if (object === undefined) {
    const problem = notFoundProblem(type, name)
    return failWith(
      missing === 'logs' && problem.kind === 'status'
        ? textProblem(`error from server (NotFound): ${problem.status.message} in namespace ${JSON.stringify(call.namespace)}`)
        : problem,
    )
  }
  if (type.kind === 'Pod') return [object]
  const selector = selectorOf(object)
  if (selector === '') return fail(`cannot attach to *v1.${type.kind}: selector for *v1.${type.kind} not implemented`)
  const pods = listObjects(call, resourceTypeOrFail('pods'), { namespace: call.namespace, labels: selector })
  return pods.length === 0 ? fail('timed out waiting for the condition') : [...pods].sort(bestFirst)
}

export const isFinishedPod = (object: KubernetesObject): boolean =>
  ['Succeeded', 'Failed'].includes(textAt(jsonOf(object), 'status', 'phase'))
