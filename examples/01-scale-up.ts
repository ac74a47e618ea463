/** A StatefulSet grows from three Pods to five, one after the other. */
import { bootstrap, createSimulation, defaultClusterSettings, makeControllers, type Simulation } from '@statefold/core'

// Build: three machines, one set.
const settings = defaultClusterSettings
const simulation: Simulation = createSimulation({ seed: 7, settings, controllers: makeControllers(settings) })
bootstrap(simulation, { nodes: ['node-1', 'node-2', 'node-3'].map((name) => ({ name })), storageClasses: [] })
const created: string[] = []
simulation.events$.subscribe(({ at, event }) => {
  if (event.kind === 'PodCreated' || event.kind === 'PodBecameReady') created.push(`${at} ms  ${event.kind} ${event.object}`)
})
const web = { kind: 'StatefulSet', namespace: 'default', name: 'web' }
const template = { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'nginx', image: 'nginx:1.27' }] } }
const set = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name: 'web', namespace: 'default' },
  spec: { serviceName: 'web', replicas: 3, selector: { matchLabels: { app: 'web' } }, template },
}

// Run: a minute, another command, another minute. All of it takes milliseconds.
simulation.submit({ kind: 'CreateObject', object: set })
simulation.runUntil(60_000)
simulation.submit({ kind: 'PatchObject', target: web, patchType: 'merge', patch: { spec: { replicas: 5 } } })
simulation.runUntil(120_000)

// Print.
console.log(created.join('\n'))

// Assert: no Pod was made before the one before it was ready.
const order = created.map((line) => line.split('  ')[1])
const expected = [0, 1, 2, 3, 4].flatMap((ordinal) => [
  `PodCreated Pod/default/web-${ordinal}`,
  `PodBecameReady Pod/default/web-${ordinal}`,
])
if (order.join() !== expected.join()) throw new Error(`expected ${expected.join()}, found ${order.join()}`)
