import * as E from 'fp-ts/lib/Either.js'
import {
  allInvariants,
  defineController,
  makeControllers,
  readerOf,
  type ClusterSettings,
  type Controller,
  type Invariant,
} from '@statefold/core'
import { describe, expect, it } from 'vitest'
import { assertInvariants, assertPasses, CannotCheck, exploreAll, PropertyBroken } from './check-controllers.js'
import { loadScenario, noScenarioFiles, scenario, type Scenario } from './scenario.js'
import { next } from './write-script.js'
import './vitest.js'

/** Writes a ConfigMap for every Pod and takes it away with the Pod; the careless one forgets it when the Pod is being deleted for long. */
const clerk = (isCareful: boolean): Controller =>
  defineController({
    name: 'clerk',
    watches: { Pod: ({ object: { metadata } }) => [{ key: `${metadata.namespace ?? ''}/${metadata.name}` }] },
    plan: ({ key, reader }) => {
      const [namespace = '', name = ''] = key.split('/')
      const pod = reader.get('Pod', namespace, name)
      const file = reader.get('ConfigMap', namespace, `of-${name}`)
      if (pod !== undefined && file === undefined)
        return [{ kind: 'CreateObject', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `of-${name}`, namespace } } }]
      if (pod === undefined && file !== undefined && isCareful)
        return [{ kind: 'DeleteObject', target: { kind: 'ConfigMap', namespace, name: `of-${name}` }, options: {} }]
      return []
    },
  })

const fewFiles: Invariant = {
  name: 'clerk/few-files',
  promise: 'There are at most two files.',
  expectation: 'always',
  concerns: ['ObjectCreated'],
  check: ({ after }) => {
    const count = readerOf(after)
      .list('ConfigMap', 'default')
      .filter(({ metadata }) => metadata.name.startsWith('of-')).length
    return count > 2 ? { invariant: 'clerk/few-files', message: `there are ${count} files` } : undefined
  },
}

const labels = { app: 'web' }
const story = (more: Parameters<typeof scenario>[0] = {}): Scenario =>
  scenario(
    {
      cluster: { nodes: 1, imagesArePresent: true },
      manifests: [
        {
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: {
            replicas: 1,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'nginx:1.27' }] } },
          },
        },
      ],
      steps: [next.settle()],
      ...more,
    },
    { name: 'clerk' },
  )

const checked = (isCareful: boolean) => ({
  controllers: (settings: ClusterSettings) => [...makeControllers(settings), clerk(isCareful)],
  invariants: [...allInvariants, fewFiles],
})

const thrown = (work: () => unknown): PropertyBroken => {
  try {
    work()
  } catch (error) {
    if (error instanceof PropertyBroken) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Two Pods that are deleted one after the other: a third file, unless the first was taken away. */
const deletions = { search: { order: ['clerk'], anytime: [{ scale: { 'deployment/web': 3 } }] } }

describe('assertInvariants', { timeout: 120_000 }, () => {
  it('says what broke, after which commands and faults, and hands back a scenario that shows it', () => {
    const options = checked(false)
    const error = thrown(() => assertInvariants(story(), { ...options, runs: 300 }))
    expect(error.message).toMatch(
      /^clerk\/few-files is broken: there are 3 files\nin history \d+ of seed 1, shrunk from \d+ commands and faults to \d+:\n/,
    )
    expect(error.properties).toEqual(['clerk/few-files'])
    const again = loadScenario('again.yaml', error.scenario ?? '', noScenarioFiles)
    if (E.isLeft(again)) throw new Error('the scenario cannot be read')
    expect(thrown(() => assertPasses(again.right, options)).properties).toEqual(['clerk/few-files'])
  })

  it('starts with what the controllers did before: nothing is missing at the first step', () => {
    const seen: string[] = []
    const watcher: Controller = {
      ...clerk(true),
      plan: (context) => {
        seen.push(context.key)
        return clerk(true).plan(context)
      },
    }
    assertInvariants(story(), { controllers: (settings) => [...makeControllers(settings), watcher], runs: 1, steps: 1 })
    expect(seen.some((key) => key.startsWith('default/web-'))).toBe(true)
  })
})

describe('exploreAll', { timeout: 120_000 }, () => {
  it('finds the fewest decisions that break something', () => {
    const error = thrown(() => exploreAll(story(deletions), checked(false)))
    expect(error.message).toMatch(
      /^clerk\/few-files is broken: there are 3 files\nafter \d+ decisions, the fewest that break it:\n {2}1\. /,
    )
    const again = loadScenario('again.yaml', error.scenario ?? '', noScenarioFiles)
    if (E.isLeft(again)) throw new Error('the scenario cannot be read')
    expect(thrown(() => assertPasses(again.right, checked(false))).properties).toEqual(['clerk/few-files'])
  })

  it('wants everything looked at, unless told otherwise', () => {
    const one = story({ search: { order: ['clerk'], anytime: [{ scale: { 'deployment/web': 2 } }] } })
    const bounds = { depth: 1 }
    expect(() => exploreAll(one, { ...checked(true), bounds })).toThrow('nothing broke, but not everything was looked at: ')
    expect(exploreAll(one, { ...checked(true), bounds, mayBeIncomplete: true }).complete).toBe(false)
  })

  it('has no verdict on a scenario that says nothing about a search', () => {
    expect(() => exploreAll(story())).toThrow(CannotCheck)
  })
})

describe('the matchers', { timeout: 120_000 }, () => {
  it('say the same', () => {
    expect(story()).toPass(checked(true))
    expect(story()).toHoldInvariants({ ...checked(true), runs: 5, invariants: allInvariants })
    expect(story(deletions)).not.toHoldInEveryOrder(checked(false))
    expect(() => expect(story(deletions)).toHoldInEveryOrder(checked(false))).toThrow(/clerk\/few-files is broken/)
    expect(() => expect(story()).not.toPass()).toThrow('expected clerk to break something; nothing broke')
  })

  it('take scenarios only', () => {
    expect(() => expect(1).toPass()).toThrow('expected a scenario')
  })
})
