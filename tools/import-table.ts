/** Who may import whom: the rules of the layout as one table, checked by tidy.test.ts and printed into ARCHITECTURE.md. */

export interface Area {
  /** What the area is called in messages and in the printed table. */
  readonly name: string
  /** Paths under `packages/` that belong to it; the first area that matches a file owns it. */
  readonly files: RegExp
  /** Names of the areas that it may import, besides itself. */
  readonly mayImport: readonly string[]
  /** npm packages that it may import. */
  readonly packages: readonly string[]
  /** Why, in a few words. */
  readonly because: string
}

const belowCluster = ['kernel', 'api', 'resources', 'reader']
const belowControllers = [...belowCluster, 'cluster']
const coreLayers = [...belowControllers, 'views', 'controllers', 'faults', 'invariants', 'wire']

export const areas: readonly Area[] = [
  {
    name: 'kernel',
    files: /^core\/src\/kernel\//,
    mayImport: [],
    packages: ['fp-ts', '@noble/hashes'],
    because: 'it knows nothing about Kubernetes and works on plain data',
  },
  {
    name: 'api',
    files: /^core\/src\/api\//,
    mayImport: ['kernel', 'resources/meta', 'reader'],
    packages: ['fp-ts', 'io-ts'],
    because: 'a request is judged by its text and by what a reader shows, not by how the cluster is kept',
  },
  {
    name: 'reader',
    files: /^core\/src\/cluster\/reader\.ts$/,
    mayImport: ['kernel', 'api'],
    packages: ['fp-ts'],
    because: 'it says how stored objects are looked at, not how they are stored',
  },
  {
    name: 'resources/meta',
    files: /^core\/src\/resources\/meta\//,
    mayImport: ['kernel', 'api'],
    packages: ['fp-ts', 'io-ts'],
    because: 'it holds what all kinds share',
  },
  {
    name: 'resources',
    files: /^core\/src\/resources\//,
    mayImport: ['kernel', 'api', 'resources/meta', 'reader'],
    packages: ['fp-ts', 'io-ts'],
    because: 'a kind knows its neighbours by their state, events and queries; only its decide sees the cluster',
  },
  {
    name: 'cluster',
    files: /^core\/src\/cluster\//,
    mayImport: [...belowCluster, 'resources/meta'],
    packages: ['fp-ts', 'io-ts'],
    because: 'it joins the kinds',
  },
  {
    name: 'views',
    files: /^core\/src\/views\//,
    mayImport: [...belowControllers, 'resources/meta'],
    packages: ['fp-ts'],
    because: 'a view is a pure projection of the state',
  },
  {
    name: 'controllers',
    files: /^core\/src\/controllers\//,
    mayImport: [...belowControllers, 'resources/meta'],
    packages: ['fp-ts', 'rxjs'],
    because: 'controllers meet only in the cluster, never each other',
  },
  {
    name: 'faults',
    files: /^core\/src\/faults\//,
    mayImport: [...belowControllers, 'resources/meta'],
    packages: ['fp-ts'],
    because: 'a fault is a command; nobody needs to know who suffers',
  },
  {
    name: 'invariants',
    files: /^core\/src\/invariants\//,
    mayImport: [...belowControllers, 'resources/meta'],
    packages: ['fp-ts'],
    because: 'an invariant judges the state, not the controller that made it',
  },
  {
    name: 'wire',
    files: /^core\/src\/wire\//,
    mayImport: [...belowControllers, 'resources/meta'],
    packages: ['fp-ts', 'io-ts'],
    because: 'here unknown becomes typed',
  },
  {
    name: 'simulation',
    files: /^core\/src\/simulation\//,
    mayImport: [...coreLayers, 'resources/meta', 'core version'],
    packages: ['fp-ts', 'rxjs'],
    because: 'it puts the parts together',
  },
  {
    name: 'testing',
    files: /^core\/src\/testing\//,
    mayImport: [...coreLayers, 'resources/meta', 'simulation', 'core version'],
    packages: ['fp-ts', 'io-ts', 'rxjs', 'fast-check'],
    because: 'tests may look everywhere, and nothing but tests looks here',
  },
  {
    name: 'core version',
    files: /^core\/src\/engine-version\.ts$/,
    mayImport: [],
    packages: [],
    because: 'it is one constant',
  },
  {
    name: 'core surface',
    files: /^core\/src\/index\.ts$/,
    mayImport: [...coreLayers, 'resources/meta', 'simulation', 'core version'],
    packages: [],
    because: 'it names what the package offers',
  },
  {
    name: 'scenarios',
    files: /^scenarios\/src\//,
    mayImport: [],
    packages: ['@statefold/core', 'fp-ts', 'io-ts', 'rxjs', 'yaml', 'fast-check', 'vitest'],
    because: 'scenarios do not know how logs are stored',
  },
  {
    name: 'replay',
    files: /^replay\/src\//,
    mayImport: [],
    packages: ['@statefold/core', 'fp-ts', 'io-ts', 'rxjs'],
    because: 'a log is replayed with core alone',
  },
  {
    name: 'cli',
    files: /^cli\/src\//,
    mayImport: [],
    packages: [
      '@statefold/core',
      '@statefold/scenarios',
      '@statefold/scenarios/node',
      '@statefold/replay',
      '@statefold/replay/node',
      '@statefold/server',
      '@statefold/studio',
      'commander',
      'fp-ts',
      'rxjs',
    ],
    because: 'it reads, calls, prints',
  },
  {
    name: 'server',
    files: /^server\/src\//,
    mayImport: [],
    packages: [
      '@statefold/core',
      '@statefold/scenarios',
      '@statefold/scenarios/node',
      '@statefold/replay',
      '@statefold/replay/node',
      'fp-ts',
      'io-ts',
      'rxjs',
    ],
    because: 'no rule about StatefulSets lives here',
  },
  {
    name: 'studio',
    files: /^studio\/src\//,
    mayImport: [],
    packages: ['@statefold/core', '@statefold/scenarios', '@statefold/replay', 'fp-ts', 'rxjs'],
    because: 'it shows what core and replay answer',
  },
]

/** Which files may import a package that not everybody may: stricter than the areas. */
export const confined: readonly { readonly package: string; readonly onlyIn: RegExp; readonly instead: string }[] = [
  {
    package: 'rxjs',
    onlyIn: /^core\/src\/(controllers\/(?:[^/]+\/)?controller\.ts|simulation\/|testing\/)|^(?!core\/)/,
    instead: 'core decides with plain functions; wire streams in controllers/*/controller.ts or simulation/',
  },
  {
    package: 'io-ts',
    onlyIn:
      /(?:\/|-)(?:events|commands)\.ts$|^core\/src\/(?:wire|testing)\/|^scenarios\/src\/(?:format|conformance)\/|^replay\/src\/.*(?:log|upcast|import|codec)|^server\//,
    instead: 'decode where unknown becomes typed: events.ts, commands.ts, wire/, scenarios/src/format/, the log codec of replay',
  },
  {
    package: 'vitest',
    onlyIn: /^scenarios\/src\/vitest\.ts$|\.test\.ts$|\/test\//,
    instead: 'tests are for tests; what users take for theirs is in scenarios/src/vitest.ts',
  },
  {
    package: 'node:',
    onlyIn: /^(?:cli|server)\/|^(?:scenarios|replay)\/src\/node(?:\.ts$|\/)/,
    instead:
      'take what you need as an argument, and do the file work in src/node.ts (or src/node/) of scenarios or replay, or in cli or server',
  },
]

/** Inside a folder of resources/ a file imports only what stands before it. */
export const resourceFileOrder = ['state', 'queries', 'events', 'reduce', 'commands', 'decide']

/** What a kind may know of its neighbours. */
export const resourceFilesSeenByOthers = ['state', 'queries', 'events']

/** The table as Markdown, as ARCHITECTURE.md prints it. */
export const formatImportTable = (): string => {
  const list = (names: readonly string[]): string => (names.length === 0 ? '–' : names.join(', '))
  const rows = areas.map((area) => `| ${area.name} | ${list(area.mayImport)} | ${list(area.packages)} | ${area.because} |`)
  return ['| part | may import | npm packages | because |', '| --- | --- | --- | --- |', ...rows].join('\n')
}
