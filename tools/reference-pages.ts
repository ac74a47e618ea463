/** The generated pages of docs/reference: name and text of each, from the sources they speak of. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { allInvariants } from '../packages/core/src/invariants/all-invariants.js'
import { catalogue, type CataloguePromise } from '../packages/core/src/invariants/catalogue.js'
import { temporalProperties } from '../packages/core/src/invariants/temporal/temporal-properties.js'
import {
  changedEventKinds,
  createdEventKinds,
  deletedEventKinds,
  eventNouns,
  KubernetesEventRecorded,
  KubernetesEventRepeated,
  ObjectChanged,
  ObjectCreated,
  ObjectDeleted,
} from '../packages/core/src/cluster/object-events.js'
import * as engineEvents from '../packages/core/src/cluster/engine-events.js'
import { Behaviour, WorldEvent } from '../packages/core/src/cluster/world-events.js'
import { limits } from '../packages/core/src/kernel/limits.js'
import { exitCodes } from '../packages/cli/src/exit-codes.js'
import { runProgram } from '../packages/cli/src/program.js'
import { plainPaint } from '../packages/replay/src/timeline.js'
import { scenarioSchema } from '../packages/scenarios/src/format/json-schema.js'
import { listCatalog, readScenarioFile } from '../packages/scenarios/src/node.js'
import { filesUnder } from './workspace-files.mjs'

type Page = readonly [name: string, text: string]

const generatedBy = 'This page is written by `node tools/generate-reference.mjs`; change the source, not the page.'

const page = (title: string, about: string, ...parts: readonly string[]): string =>
  `${[`# ${title}`, `*Reference, generated.* ${about}`, generatedBy, ...parts].join('\n\n')}\n`

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [`| ${heads.join(' | ')} |`, `|${heads.map(() => '---').join('|')}|`, ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`)].join('\n')

const code = (text: string): string => `\`${text}\``

const byText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0)

// ---------------------------------------------------------------- events

interface Fields {
  readonly [name: string]: string
}

interface Codec {
  readonly name: string
}

/** What io-ts keeps of a codec, as far as it is looked at here. */
interface Taken {
  readonly _tag?: string
  readonly name: string
  readonly props?: { readonly [name: string]: Codec }
  readonly types?: readonly Codec[]
  readonly type?: Codec
  readonly value?: string | number | boolean
}

// Codecs carry their structure at run time; only its shape is not in the type of a union of all of them.
const taken = (codec: Codec): Taken => codec as Codec & Taken

const shortName = (codec: Codec): string => {
  const { _tag, type, name, types, value } = taken(codec)
  if (_tag === 'ReadonlyType' && type !== undefined) return shortName(type)
  if (_tag === 'ReadonlyArrayType' && type !== undefined) return `list of ${shortName(type)}`
  if (_tag === 'LiteralType') return JSON.stringify(value)
  if (_tag === 'InterfaceType' || _tag === 'IntersectionType') return 'object'
  if (_tag === 'UnionType') return [...new Set((types ?? []).map(shortName))].join(' or ')
  if (_tag === 'DictionaryType') return 'mapping'
  if (_tag === 'KeyofType') return 'one of its names'
  return name === 'unknown' ? 'JSON' : name
}

const fieldsOf = (codec: Codec, optional = false): Fields => {
  const { _tag, props = {}, types = [], type } = taken(codec)
  if (_tag === 'ReadonlyType' && type !== undefined) return fieldsOf(type, optional)
  if (_tag === 'IntersectionType') return Object.assign({}, ...types.map((part) => fieldsOf(part))) as Fields
  const isPartial = optional || _tag === 'PartialType'
  return Object.fromEntries(
    Object.entries(props)
      .filter(([name]) => name !== 'kind')
      .map(([name, of]) => [isPartial ? `${name}?` : name, shortName(of)]),
  )
}

const kindOf = (codec: Codec): string => {
  const { _tag, props = {}, types = [], type } = taken(codec)
  if (_tag === 'ReadonlyType' && type !== undefined) return kindOf(type)
  if (_tag === 'IntersectionType') return types.map(kindOf).find((kind) => kind !== '') ?? ''
  const kind = props['kind']
  return kind === undefined ? '' : String(taken(kind).value ?? '')
}

const fieldWords = (codec: Codec): string =>
  Object.entries(fieldsOf(codec))
    .map(([name, of]) => `${code(name)} ${of}`)
    .join(', ') || '–'

/** The doc comment above each fact: kind → sentence. */
const commentsOf = (source: string): ReadonlyMap<string, string> =>
  new Map(
    [
      ...source.matchAll(
        /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:export const \w+ = )?(?:t\.\w+\(\[?\s*)?(?:t\.\w+\(\s*)?(?:fact|factWith|t\.type)?\(?\s*(?:\{\s*kind:\s*t\.literal\()?'([A-Za-z]+)'/g,
      ),
    ].map(([, text = '', kind = '']) => [kind, text.replaceAll(/\s*\n\s*\*\s?/g, ' ').trim()]),
  )

const eventsPage = (root: string): string => {
  const folder = join(root, 'packages/core/src/cluster')
  const engineComments = commentsOf(readFileSync(join(folder, 'engine-events.ts'), 'utf8'))
  const worldComments = commentsOf(readFileSync(join(folder, 'world-events.ts'), 'utf8'))
  const rowsOf = (codecs: readonly Codec[], comments: ReadonlyMap<string, string>): readonly (readonly string[])[] =>
    codecs.flatMap((codec) => {
      const kind = kindOf(codec)
      return kind === '' ? [] : [[code(kind), fieldWords(codec), comments.get(kind) ?? '']]
    })
  const nouns = [...new Set([...Object.values(eventNouns), 'Object'])].sort(
    (left, right) => right.length - left.length || byText(left, right),
  )
  const nounOfEvent = (kind: string): string => nouns.find((noun) => kind.startsWith(noun)) ?? 'Object'
  const objectRows = [...Object.entries(eventNouns), ['every other kind', 'Object'] as const].map(([kind, noun]) => [
    kind,
    [...createdEventKinds, ...changedEventKinds, ...deletedEventKinds]
      .filter((event) => nounOfEvent(event) === noun)
      .map(code)
      .join(' '),
  ])
  return page(
    'Events',
    'Everything that can have happened: the closed union of the log. The envelope around each stands in [log format](log-format.md).',
    '## About API objects',
    `A creation carries ${fieldWords(ObjectCreated)}; a change ${fieldWords(ObjectChanged)}; a deletion ${fieldWords(ObjectDeleted)}. ` +
      '`object` is `Kind/namespace/name`, `rv` the resourceVersion of the write; facts of one write share it, and the first carries the difference.',
    table(['Kubernetes kind', 'events'], objectRows),
    '## What people are told (core/v1 Events)',
    table(
      ['event', 'fields', 'means'],
      [
        [code('KubernetesEventRecorded'), fieldWords(KubernetesEventRecorded), 'an Event object came to be'],
        [code('KubernetesEventRepeated'), fieldWords(KubernetesEventRepeated), 'it was counted up'],
      ],
    ),
    '## About the run',
    table(
      ['event', 'fields', 'means'],
      rowsOf(
        Object.values(engineEvents).filter((value) => 'name' in value && '_tag' in value),
        engineComments,
      ),
    ),
    '## About the physical world',
    table(['event', 'fields', 'means'], rowsOf(taken(WorldEvent).types ?? [], worldComments)),
    '## Behaviours',
    'What `BehaviourSet` can set. Patterns have `*` and `?`; a Pod pattern with a slash is namespace/name.',
    table(['behaviour', 'fields', 'means'], rowsOf(taken(Behaviour).types ?? [], worldComments)),
  )
}

// ---------------------------------------------------------------- rejections

const reasonsMeaning: Readonly<Record<string, string>> = {
  AlreadyExists: 'the name is taken',
  BadRequest: 'the request cannot be read',
  Conflict: 'the object has changed since, or a precondition does not hold',
  Forbidden: 'a rule forbids it',
  Gone: 'what is asked for is no longer kept',
  InternalError: 'the server failed (here only by an injected fault, or a patch that cannot be applied)',
  Invalid: 'a field breaks a rule of validation; all broken rules are named',
  MethodNotAllowed: 'the kind does not have this verb',
  NotFound: 'there is no such object',
  ServerTimeout: 'the server could not answer in time',
  Timeout: 'the answer was lost or never came',
  TooManyRequests: 'a PodDisruptionBudget forbids the eviction for now, or the server is busy',
  UnsupportedMediaType: 'the sort of patch is not known for the kind',
}

const rejectionsPage = (root: string): string => {
  const status = readFileSync(join(root, 'packages/core/src/api/api-status.ts'), 'utf8')
  const reasons = [...(/export type ApiStatusReason =([\s\S]*?)\n\n/.exec(status)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
    ([, reason = '']) => reason,
  )
  const places = new Map<string, { codes: Set<string>; sentences: Set<string> }>()
  for (const path of filesUnder(join(root, 'packages/core/src'))) {
    if (!path.endsWith('.ts') || path.endsWith('.test.ts') || path.includes('/generated/') || path.includes('/testing/')) continue
    const source = readFileSync(path, 'utf8')
    for (const [, reason = '', number = '', message = ''] of source.matchAll(
      /reason: '(\w+)',\s*code: (\d+),(?:\s*message:\s*(?:`([^`]*)`|'[^']*'))?/g,
    )) {
      const place = places.get(reason) ?? { codes: new Set<string>(), sentences: new Set<string>() }
      place.codes.add(number)
      if (message !== '') place.sentences.add(message.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name: string) => name.toUpperCase()))
      places.set(reason, place)
    }
  }
  return page(
    'Rejections',
    'The refusals of the API server, with Kubernetes’ reason, code and sentence. A refused write is recorded as `CommandRejected` and the run goes on.',
    table(
      ['reason', 'code', 'when', 'sentence'],
      reasons.map((reason) => [
        code(reason),
        [...(places.get(reason)?.codes ?? [])].sort(byText).join(', ') || '–',
        reasonsMeaning[reason] ?? '',
        [...(places.get(reason)?.sentences ?? [])].sort(byText).map(code).join('; '),
      ]),
    ),
    'A reason without a code is known to the types and not answered by any rule yet. The sentences of `Invalid` are those of Kubernetes’ validation: `FIELD: Invalid value: VALUE: RULE`.',
  )
}

// ---------------------------------------------------------------- invariants, scenarios, limits, exit codes

const catalogueRows = (kinds: readonly CataloguePromise['kind'][]): readonly (readonly string[])[] =>
  catalogue
    .filter(({ kind }) => kinds.includes(kind))
    .map(({ id, kind, promise, by, besides }) => [
      id,
      ...(kind === 'L' ? [] : [kind]),
      promise,
      [...by.map(code), ...(besides === undefined ? [] : [besides])].join('; '),
    ])

const invariantsPage = (): string => {
  const rows = (expectation: 'always' | 'sometimes'): readonly (readonly string[])[] =>
    allInvariants
      .filter((invariant) => invariant.expectation === expectation)
      .map(({ name, promise, concerns }) => [
        code(name),
        promise,
        concerns.length === 0 ? 'a turn ends' : concerns.length > 6 ? `${concerns.length} kinds of events` : concerns.map(code).join(' '),
      ])
  return page(
    'Invariants',
    'What is checked, and at which events. A scenario leaves one out with `invariants: { except: [NAME] }`.',
    '## Always',
    table(['invariant', 'promise', 'looked at when'], rows('always')),
    '## Sometimes (marks)',
    'What should happen somewhere in a good set of runs: a set that never saw a conflict has proved nothing about conflicts.',
    table(['mark', 'what happened', 'looked at when'], rows('sometimes')),
    '## Eventually (temporal properties)',
    'What must have come true so long after the last thing that came from outside. What has not is told with what it waits for; when nobody can say that, the promise is broken and the run fails.',
    table(
      ['property', 'promise', 'within'],
      temporalProperties.map(({ name, promise, withinMs }) => [
        code(name),
        promise,
        withinMs === 0 ? 'at once' : `${withinMs / 60_000} min`,
      ]),
    ),
    '## Catalogue: invariants',
    'Class U holds without any condition, V in the view of the controller that acts, F of the store while caches are fresh and nobody forces anything.',
    table(['', 'class', 'promise', 'checked by'], catalogueRows(['U', 'V', 'F'])),
    '## Catalogue: temporal properties',
    table(['', 'promise', 'checked by'], catalogueRows(['L'])),
  )
}

const scenariosPage = (): string => {
  const entries = listCatalog().flatMap(({ name, path }) => {
    const read = readScenarioFile(path)
    return read._tag === 'Right' ? [{ name, title: read.right.written.title ?? '', lesson: read.right.written.lesson ?? '' }] : []
  })
  const areas = [...new Set(entries.map(({ name }) => name.split('/')[0] ?? ''))]
  return page(
    'Scenarios',
    `The ${entries.length} scenarios of the catalog; \`statefold run NAME\` runs one, by its full name or the last part.`,
    ...areas.flatMap((area) => [
      `## ${area}`,
      table(
        ['name', 'what happens', 'lesson'],
        entries.filter(({ name }) => name.startsWith(`${area}/`)).map(({ name, title, lesson }) => [code(name), title, lesson]),
      ),
    ]),
  )
}

const limitsPage = (root: string): string => {
  const reasons = new Map<string, string>()
  let reason = ''
  for (const line of readFileSync(join(root, 'packages/core/src/kernel/limits.ts'), 'utf8').split('\n')) {
    const comment = /^\s+\/\*\* (.*) \*\/$/.exec(line)
    const field = /^\s+(\w+): /.exec(line)
    if (comment !== null) reason = comment[1] ?? ''
    else if (field !== null) reasons.set(field[1] ?? '', reason)
  }
  return page(
    'Limits',
    'Every bound and every fixed figure of the engine, each with its reason.',
    table(
      ['limit', 'value', 'because'],
      Object.entries(limits).map(([name, value]) => [code(name), String(value), reasons.get(name) ?? '']),
    ),
  )
}

const exitMeaning: Readonly<Record<keyof typeof exitCodes, string>> = {
  passed: 'everything that was promised held',
  violated: 'an invariant, a step or an expectation did not hold; the report says which event, and its causes',
  notConverged: 'something did not come to hold in time; the report says what is waited for',
  notDeterministic: 'the same commands gave other events, or a log is not as it was written; the first difference is named',
  unknown: 'a limit ended the run before it could be judged; this is not “passed”',
  badInput: 'the command line or a file is wrong; nothing was run or written',
  ourBug: 'a bug of the program; the message says what to report',
}

const exitCodesPage = (): string =>
  page(
    'Exit codes',
    'What the process ends with. Stable: scripts may rely on it.',
    table(
      ['code', 'name', 'means'],
      // The names are those of the table above.
      (Object.keys(exitCodes) as (keyof typeof exitCodes)[]).map((name) => [String(exitCodes[name]), code(name), exitMeaning[name]]),
    ),
  )

// ---------------------------------------------------------------- the scenario format

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly const?: string | number | boolean
  readonly enum?: readonly (string | number | boolean)[]
  readonly description?: string
  readonly properties?: { readonly [name: string]: Schema }
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema | boolean
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly examples?: readonly string[]
}

const formOf = (schema: Schema): string => {
  if (schema.$ref !== undefined) return '[condition](#conditions)'
  if (schema.const !== undefined) return code(String(schema.const))
  if (schema.enum !== undefined) return schema.enum.map((value) => code(String(value))).join(' or ')
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(formOf))].join(' or ')
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : formOf(schema.items)}`
  if (schema.type === 'object' && schema.properties !== undefined) {
    const fields = Object.keys(schema.properties).map((name) => (schema.required?.includes(name) === true ? name : `${name}?`))
    return code(`{ ${fields.join(', ')} }`)
  }
  if (schema.type === 'object') return 'mapping'
  if (schema.examples !== undefined) return `time (${schema.examples.slice(0, 2).map(code).join(', ')})`
  return schema.type ?? 'any value'
}

/** One row a field; those that have a table of their own further down are `told`. */
const fieldTable = (schema: Schema, told: readonly string[] = []): string =>
  table(
    ['field', 'form', 'means'],
    Object.entries(schema.properties ?? {}).map(([name, field]) => [
      schema.required?.includes(name) === true ? `**${code(name)}**` : code(name),
      told.includes(name) ? '[below](#' + name.toLowerCase() + ')' : formOf(field),
      field.description ?? '',
    ]),
  )

const formatPage = (): string => {
  // The schema is plain JSON Schema of the shapes above.
  const schema = scenarioSchema() as unknown as Schema & { readonly definitions: { readonly condition: Schema } }
  const top = schema.properties ?? {}
  const step = top['steps']?.items ?? {}
  const cluster = top['cluster'] ?? {}
  return page(
    'Scenario format',
    '`apiVersion: statefold.dev/v1`, `kind: Scenario`, in YAML, or as the argument of `scenario({ … })` in TypeScript. Bold fields are required. Editors read [the JSON Schema](../../schemas/scenario.schema.json).',
    '## The file',
    fieldTable(schema, ['cluster', 'steps', 'expect', 'search']),
    '## cluster',
    fieldTable(cluster, ['nodes', 'storageClasses', 'images']),
    '### nodes',
    'How many (default: 3), or a list of:',
    fieldTable(cluster.properties?.['nodes']?.anyOf?.find(({ items }) => items !== undefined)?.items ?? {}),
    '### storageClasses',
    'Default: `standard` (shared files, Immediate) and `disk` (WaitForFirstConsumer).',
    fieldTable(cluster.properties?.['storageClasses']?.items ?? {}),
    '### images',
    fieldTable(cluster.properties?.['images']?.items ?? {}),
    '## Steps',
    'A step has one action, and at most one of `at`, `after`, `when`.',
    fieldTable(step, ['fault', 'heal']),
    '### fault',
    'One of these.',
    fieldTable(step.properties?.['fault'] ?? {}),
    '### heal',
    'One of these, with what the fault was set on.',
    fieldTable(step.properties?.['heal'] ?? {}),
    '## expect',
    'One of `always`, `never`, `eventually`, `sometimes` each.',
    fieldTable(top['expect']?.items ?? {}),
    '## search',
    fieldTable(top['search'] ?? {}),
    '## Conditions',
    'A condition has one subject (`object`, `count`, `dns`, `file`, `command`, `event`, `waiting`, `atRest`, `all`, `any`, `not`) and what is expected of it.',
    fieldTable(schema.definitions.condition),
  )
}

// ---------------------------------------------------------------- the command line

const helpOf = async (words: readonly string[]): Promise<string> => {
  let text = ''
  const keep = (printed: string): void => {
    text += printed
  }
  const nothing = (): void => undefined
  await runProgram([...words, '--help'], {
    output: { print: keep, note: keep, progress: nothing, paint: plainPaint, isTerminal: false, columns: 80 },
  })
  return `\`\`\`text\n${text.trimEnd()}\n\`\`\``
}

/** The subcommands that a help text lists. */
const subcommandsIn = (help: string): readonly string[] =>
  [...(/\nCommands:\n([\s\S]*?)(?:\n\n|\n```)/.exec(help)?.[1] ?? '').matchAll(/^ {2}([a-z]+)/gm)]
    .map(([, name = '']) => name)
    .filter((name) => name !== 'help')

const commandLinePage = async (): Promise<string> => {
  const sections: string[] = []
  const describe = async (words: readonly string[]): Promise<void> => {
    const help = await helpOf(words)
    sections.push(`## ${['statefold', ...words].join(' ')}`, help)
    for (const name of subcommandsIn(help)) await describe([...words, name])
  }
  await describe([])
  return page('Command line', 'What `--help` prints. Codes are in [exit codes](exit-codes.md).', ...sections)
}

export const referencePages = async (root: string): Promise<readonly Page[]> => [
  ['events.md', eventsPage(root)],
  ['rejections.md', rejectionsPage(root)],
  ['invariants.md', invariantsPage()],
  ['scenarios.md', scenariosPage()],
  ['limits.md', limitsPage(root)],
  ['exit-codes.md', exitCodesPage()],
  ['scenario-format.md', formatPage()],
  ['command-line.md', await commandLinePage()],
]
