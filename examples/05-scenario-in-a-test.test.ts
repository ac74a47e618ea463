/** A scenario file as a vitest test in one line, and a cluster built in the test itself. */
import { expect, test } from 'vitest'
import { eventually, object, runScenario, scenario, when } from '@statefold/scenarios'
import { scenarioTest } from '@statefold/scenarios/node'

// Runs the file twice: it must pass, and give the same events both times.
test('the canary story', scenarioTest(`${import.meta.dirname}/canary/canary.yaml`))

test('a Deployment comes back from a crashed container', () => {
  // Build.
  const template = { metadata: { labels: { app: 'api' } }, spec: { containers: [{ name: 'api', image: 'nginx:1.27' }] } }
  const deployment = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'api' },
    spec: { replicas: 2, selector: { matchLabels: { app: 'api' } }, template },
  }
  const story = scenario({
    manifests: [deployment],
    steps: [
      when({ object: 'deployment/api', ready: true }).fault({ containerCrashLoop: { pods: 'api-*' } }),
      when({ object: 'deployment/api', path: '{.status.unavailableReplicas}', equals: 2 }).heal({ containerCrashLoop: 'api-*' }),
    ],
    expect: [eventually(object('deployment/api', { ready: true }), { within: '5m' })],
  })

  // Run.
  const run = runScenario(story, { seed: 7 })

  // Assert.
  expect(run).toMatchObject({ right: { report: { outcome: 'passed', violations: [] } } })
})
