/** An invariant of one's own in ten lines, and a run that breaks it. */
import { allInvariants, type Invariant } from '@statefold/core'
import { after, next, runScenario, scenario, when } from '@statefold/scenarios'

// Build: a promise, the events that can break it, and a look at one event.
const neverToZero: Invariant = {
  name: 'house/never-to-zero',
  promise: 'No StatefulSet is scaled to zero.',
  expectation: 'always',
  concerns: ['StatefulSetScaled'],
  check: ({ recorded: { event } }) =>
    event.kind === 'StatefulSetScaled' && event.set?.['/spec/replicas'] === 0
      ? { invariant: 'house/never-to-zero', message: `${event.object} was scaled to 0; expected 1 or more` }
      : undefined,
}
const story = scenario({
  title: 'somebody saves money',
  manifests: [
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'web' },
      spec: {
        serviceName: 'web',
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } },
      },
    },
  ],
  steps: [
    when({ object: 'statefulset/web', ready: true }).scale('statefulset/web', 0),
    after('1m').scale('statefulset/web', 1),
    next.settle(),
  ],
})

// Run.
const run = runScenario(story, { invariants: [...allInvariants, neverToZero] })
if (run._tag === 'Left') throw new Error(JSON.stringify(run.left))

// Print.
const { outcome, violations } = run.right.report
for (const { invariant, message, at, causes } of violations) console.log(`${invariant} at ${at} ms: ${message}\n  ${causes.join('\n  ')}`)

// Assert: the run says so, and ends with the first violation.
if (outcome !== 'violated' || violations[0]?.invariant !== 'house/never-to-zero') throw new Error(`expected a violation, found ${outcome}`)
