import * as E from 'fp-ts/lib/Either.js'
import { defineController, makeControllers } from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { formatProblems } from '../format/problem.js'
import { loadScenario, noScenarioFiles } from '../scenario.js'
import { explore } from './explore.js'
import { SearchRefused } from './search-space.js'
import type { ExploreOptions } from './search-types.js'

const refused = (search: string, steps = '[{ settle: true }]', options: ExploreOptions = {}): string | undefined => {
  const text = `apiVersion: statefold.dev/v1
kind: Scenario
cluster: { nodes: 1, imagesArePresent: true }
manifests:
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: { name: web }
    spec:
      serviceName: web
      replicas: 1
      selector: { matchLabels: { app: web } }
      template: { metadata: { labels: { app: web } }, spec: { containers: [{ name: a, image: nginx }] } }
search: ${search}
steps: ${steps}
`
  const loaded = loadScenario('scope.yaml', text, noScenarioFiles)
  if (E.isLeft(loaded)) throw new Error(formatProblems(loaded.left))
  const explored = explore(loaded.right, { bounds: { states: 50 }, ...options })
  return E.isLeft(explored) ? formatProblems(explored.left) : undefined
}

describe('a search', { timeout: 30_000 }, () => {
  it.each([
    ['{ order: [kubelt] }', 'scope.yaml:13:19: search.order[0]: there is no controller "kubelt"; did you mean "kubelet"?'],
    ['{ order: [kubelet, nobody] }', 'search.order[1]: there is no controller "nobody"; known are attachdetach-controller, '],
    ['{ caches: [{ controller: nobody, kind: Pod, most: 1 }] }', 'search.caches[0].controller: there is no controller "nobody"'],
    ['{ caches: [{ controller: kubelet, kind: Pods, most: 1 }] }', 'search.caches[0].kind: there is no kind "Pods"; did you mean "Pod"?'],
    ['{ crashes: { controllers: [nobody], most: 1 } }', 'search.crashes.controllers[0]: there is no controller "nobody"'],
    ['{ answers: { controllers: [nobody], are: [conflict], most: 1 } }', 'search.answers.controllers[0]: there is no controller "nobody"'],
    ['{ chance: [kube-scheduler/ties] }', 'search.chance[0]: there is no draw "kube-scheduler/ties"; did you mean "kube-scheduler/tie"?'],
    ['{ anytime: [{ scale: { statefulset/wb: 2 } }] }', 'search.anytime[0]: there is no statefulset/wb where the search begins'],
  ])('says what %s names and is not there', (search, words) => {
    expect(refused(search)).toContain(words)
  })

  it('says which step changes what nobody makes', () => {
    expect(refused('{}', '[{ settle: true }, { setImage: { statefulset/wb: nginx:2 } }]')).toBe(
      'scope.yaml:14:27: steps[1]: there is no statefulset/wb where the search begins, and no step applies it',
    )
    const made =
      '{ apiVersion: apps/v1, kind: Deployment, metadata: { name: late }, spec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, image: nginx }] } } } }'
    expect(refused('{}', `[{ settle: true }, { apply: [${made}] }, { scale: { deployment/late: 2 } }]`)).toBeUndefined()
  })

  it('knows the controllers of the user, who may draw as they like', () => {
    const mine = defineController({ name: 'mine', watches: {}, plan: () => [] })
    const controllers: NonNullable<ExploreOptions['controllers']> = (settings) => [...makeControllers(settings), mine]
    expect(refused('{ order: [mine], chance: [mine/dice] }')).toContain('there is no controller "mine"')
    expect(refused('{ order: [mine], chance: [mine/dice] }', undefined, { controllers })).toBeUndefined()
  })

  it('takes no draw with more outcomes than anybody can wait for', () => {
    const uids: NonNullable<ExploreOptions['controllers']> = (settings) => makeControllers(settings)
    const growing = '[{ settle: true }, { scale: { statefulset/web: 2 } }]'
    expect(() => refused('{ chance: [api/uid] }', growing, { controllers: uids })).toThrow(SearchRefused)
  })
})
