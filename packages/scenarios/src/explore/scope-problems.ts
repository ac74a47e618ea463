/** What a search names must be there: a name that is misspelt would make a small scope that is complete at once, and says nothing. */
import { allResources, resourceOfName, type Reader } from '@statefold/core'
import { closest, type Problem } from '../format/problem.js'
import type { ScenarioStep } from '../format/scenario-codec.js'
import type { Scenario } from '../scenario.js'
import { searchStart } from './search-space.js'

/** What the product draws from few enough outcomes; controllers of one's own may draw more. */
const drawnStreams: readonly string[] = [
  'controller/batch-order',
  'garbage-collector/order',
  'kube-scheduler/start',
  'kube-scheduler/tie',
  'kubelet/container-start',
  'kubelet/container-stop',
  'kubelet/resync',
]

const kinds = [...new Set(allResources.map(({ kind }) => kind))]

/** `statefulset/web` of steps that change a workload. */
const workloadsOf = ({ scale, setImage }: ScenarioStep): readonly string[] => [...Object.keys(scale ?? {}), ...Object.keys(setImage ?? {})]

const nameOf = (object: unknown): string | undefined => (object as { readonly metadata?: { readonly name?: string } }).metadata?.name

export const scopeProblems = (
  scenario: Scenario,
  reader: Reader,
  controllers: readonly string[],
  hasOwnControllers: boolean,
): readonly Problem[] => {
  const { search, steps = [] } = scenario.written
  if (search === undefined) return []
  const problems: Problem[] = []
  const add = (path: readonly string[], message: string): void => {
    const place = path.reduce((words, part) => (/^\d+$/.test(part) ? `${words}[${part}]` : `${words}${words === '' ? '' : '.'}${part}`), '')
    problems.push({ file: scenario.file, ...scenario.placeOf(path), message: `${place}: ${message}` })
  }
  const look = (what: string, name: string, known: readonly string[], path: readonly string[]): void => {
    if (known.includes(name)) return
    const meant = closest(name, known)
    add(
      path,
      `there is no ${what} ${JSON.stringify(name)}${meant === undefined ? `; known are ${[...known].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)).join(', ')}` : `; did you mean ${JSON.stringify(meant)}?`}`,
    )
  }
  const lookAtControllers = (names: readonly string[], path: readonly string[]): void => {
    for (const [index, name] of names.entries()) look('controller', name, controllers, [...path, String(index)])
  }
  lookAtControllers(search.order ?? [], ['search', 'order'])
  lookAtControllers(search.crashes?.controllers ?? [], ['search', 'crashes', 'controllers'])
  lookAtControllers(search.answers?.controllers ?? [], ['search', 'answers', 'controllers'])
  for (const [index, { controller, kind }] of (search.caches ?? []).entries()) {
    const path = ['search', 'caches', String(index)]
    look('controller', controller, controllers, [...path, 'controller'])
    look('kind', kind, kinds, [...path, 'kind'])
  }
  if (!hasOwnControllers)
    for (const [index, name] of (search.chance ?? []).entries()) look('draw', name, drawnStreams, ['search', 'chance', String(index)])

  // Pods come and go; a workload that is changed is there, or is made by a step.
  const made = new Set([...scenario.applied.values()].flat().map(({ object }) => nameOf(object)))
  const lookAtSteps = (all: readonly ScenarioStep[], path: readonly string[], first: number): void => {
    for (const [index, step] of all.entries())
      for (const workload of workloadsOf(step)) {
        const [resource = '', name = ''] = workload.split(/[\s/]+/)
        const kind = resourceOfName(resource)?.kind
        if (kind === undefined || made.has(name) || reader.getAny(kind, 'default', name) !== undefined) continue
        add([...path, String(first + index)], `there is no ${workload} where the search begins, and no step applies it`)
      }
  }
  const start = searchStart(steps)
  lookAtSteps(steps.slice(start), ['steps'], start)
  lookAtSteps(search.anytime ?? [], ['search', 'anytime'], 0)
  return problems
}
