/** A controller of one's own: every Service gets a ConfigMap about it, written again when it is thrown away. */
import {
  bootstrap,
  controllerRefOf,
  createSimulation,
  defaultClusterSettings,
  defineController,
  keyOfObject,
  makeControllers,
  splitKey,
} from '@statefold/core'

// Build: a name, what it watches, and a pure plan from a key to commands.
const bookkeeper = defineController({
  name: 'bookkeeper',
  watches: {
    Service: ({ object }) => [{ key: keyOfObject(object) }],
    ConfigMap: ({ object }) => {
      const owner = controllerRefOf(object)
      return owner?.kind === 'Service' ? [{ key: `${object.metadata.namespace ?? ''}/${owner.name}` }] : []
    },
  },
  plan: ({ key, reader }) => {
    const { namespace, name } = splitKey(key)
    const service = reader.get('Service', namespace, name)
    if (service === undefined || reader.get('ConfigMap', namespace, `about-${name}`) !== undefined) return []
    const { uid } = service.metadata
    const ownerReferences = [{ apiVersion: 'v1', kind: 'Service', name, uid, controller: true }]
    const metadata = { name: `about-${name}`, namespace, ownerReferences }
    return [{ kind: 'CreateObject', object: { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { service: name } } }]
  },
})
const settings = defaultClusterSettings
const simulation = createSimulation({ seed: 1, settings, controllers: [...makeControllers(settings), bookkeeper] })
bootstrap(simulation, { nodes: [{ name: 'node-1' }], storageClasses: [] })
const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' }, spec: { ports: [{ port: 80 }] } }
const book = { kind: 'ConfigMap', namespace: 'default', name: 'about-web' }

// Run: the book is written, thrown away, and written again.
simulation.submit({ kind: 'CreateObject', object: service })
simulation.runUntil(1_000)
simulation.submit({ kind: 'DeleteObject', target: book, options: {} })
simulation.runUntil(2_000)

// Print.
const written = simulation.log().filter(({ event }) => event.kind === 'ObjectCreated' && event.object === 'ConfigMap/default/about-web')
for (const { at, actor, causedBy } of written) console.log(`${at} ms  ${actor} wrote it because of event ${causedBy}`)

// Assert.
if (written.length !== 2) throw new Error(`expected two books, found ${written.length}`)
if (simulation.reader().get('ConfigMap', 'default', 'about-web') === undefined) throw new Error('the book is missing')
