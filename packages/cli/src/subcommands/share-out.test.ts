/** However quick the threads are, and whenever they are there: what is found is the same. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { explore, makeExpander, makeGround, scenario, startSearch, type Scenario, type SearchReport } from '@statefold/scenarios'
import { shareOut, type ExpanderThread } from './share-out.js'

const searched: Scenario = scenario(
  {
    cluster: {
      nodes: 1,
      imagesArePresent: true,
      latencies: { sandbox: '0s', containerStart: '1s', containerStop: '1s', podCleanUp: '0s' },
    },
    manifests: [
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'web' },
        spec: {
          serviceName: 'web',
          replicas: 2,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
        },
      },
    ],
    steps: [{ settle: true }, { scale: { 'statefulset/web': 1 } }, { scale: { 'statefulset/web': 2 } }],
    search: {
      order: ['statefulset-controller', 'kubelet'],
      caches: [{ controller: 'statefulset-controller', kind: 'Pod', most: 2 }],
      crashes: { controllers: ['statefulset-controller'], most: 1 },
    },
    expect: [{ eventually: { object: 'statefulset/web', path: 'status.readyReplicas', equals: 2 } }],
  },
  { name: 'searched' },
)

/** With other threads than this one, of which each says that it took so long a state, and is there after so many requests. */
const sharedOut = async (paces: readonly ((request: number) => number)[]): Promise<{ report: SearchReport; handedOver: number }> => {
  const ground = makeGround(searched, {})
  if (E.isLeft(ground)) throw new Error(JSON.stringify(ground.left))
  const search = startSearch(searched, {}, ground.right, true)
  const alone = makeExpander(searched, ground.right, true)
  let handedOver = 0
  const threads = paces.map((pace, index): ExpanderThread => {
    const expander = makeExpander(searched, ground.right, true)
    let [asked, requests] = [0, 0]
    return {
      isReady: () => {
        asked += 1
        return asked > index * 4
      },
      ask: (request) => {
        requests += 1
        handedOver += request.adopt.length
        const expansions = expander.answer(request)
        return Promise.resolve({ expansions, marks: expander.marks(), milliseconds: pace(requests) * expansions.length })
      },
      onFailure: () => undefined,
      close: () => Promise.resolve(),
    }
  })
  const here = { answer: alone.answer, marks: alone.marks, idsAtOnce: 16, close: () => Promise.resolve() }
  const expanders = shareOut(threads, here, search.pathTo)
  for (let request = search.begin(alone.root); request !== undefined; request = search.next(150))
    search.take(await expanders.answer(request))
  const { saved: _saved, ...report } = search.report(expanders.marks())
  return { report, handedOver }
}

describe('states that are shared out', () => {
  test('lead to the same report', { timeout: 120_000 }, async () => {
    const explored = explore(searched)
    if (E.isLeft(explored)) throw new Error(JSON.stringify(explored.left))
    const { saved: _saved, ...alone } = explored.right
    expect(alone).toMatchObject({ complete: true, findings: [] })
    for (const paces of [[() => 0.001], [() => 50, () => 0.001], [(request: number) => (request % 2 === 0 ? 0.0001 : 100)]]) {
      const { report, handedOver } = await sharedOut(paces)
      expect(report).toEqual(alone)
      expect(handedOver).toBeGreaterThan(0)
    }
  })

  test('a thread that has failed ends the search', async () => {
    const thread: ExpanderThread = {
      isReady: () => true,
      ask: () => Promise.reject(new Error('not asked')),
      onFailure: (failed) => failed(new Error('it has ended')),
      close: () => Promise.resolve(),
    }
    const here = { answer: () => [], marks: () => [], idsAtOnce: 1, close: () => Promise.resolve() }
    await expect(shareOut([thread], here, () => []).answer({ adopt: [], keep: [], expand: [0], met: [] })).rejects.toThrow('it has ended')
  })
})
