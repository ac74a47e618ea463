/**
 * Says of one item that differs what a person needs to act on it: which object, which field, what was recorded, what was simulated, and the
 * event that wrote the simulated value. Works on the items of conformance/compare.mjs and on a run that kept its log.
 */
import { isJsonObject, type Json, type KubernetesObject, type Recorded } from '@statefold/core'
import type { ScriptRun } from './run-script.js'
import type { TraceWrite } from './trace.js'

export interface ItemDifference {
  readonly key: string
  /** null: only simulated. */
  readonly want: string | null
  /** null: only recorded. */
  readonly got: string | null
}

const shownMax = 12
const widthMax = 200

export const explainDifference = ({ key, want, got }: ItemDifference, run: ScriptRun): readonly string[] => {
  const view = viewOf(run)
  const at = key.indexOf(' ')
  const head = at < 0 ? key : key.slice(0, at)
  const rest = at < 0 ? '' : key.slice(at + 1)
  const [sort = '', label] = head.split('@')
  const when =
    label === undefined ? '' : label === 'end' ? ' at the end' : label === 'start' ? ' before the script' : ` up to step ${label}`
  return [`${sort}${when}: ${rest}`, ...detailsOf(sort, rest, windowOf(label, run), want, got, view).map((line) => `  ${line}`)]
}

const detailsOf = (sort: string, rest: string, window: Window, want: string | null, got: string | null, view: View): readonly string[] => {
  switch (sort) {
    case 'settled':
      return settledDetails(rest, window, want, got, view)
    case 'event':
      return [...lineDetails(want, got), ...writersOf(view, window, eventsNamed(rest))]
    case 'lifecycle':
    case 'before':
      return [...wordDetails(want, got), ...storyOf(view, rest)]
    case 'order':
    case 'pace':
      return [...wordDetails(want, got), ...writersOf(view, window, podsOf(rest, view, isTurningPoint))]
    case 'progress':
      return [
        ...lineDetails(want, got),
        ...writersOf(view, window, (write) => isNamed(write.object, rest) && hasChanged(write, view, 'status')),
      ]
    case 'placement':
      return [...wordDetails(want, got), ...writersOf(view, { ...window, from: -1 }, podsOf(rest, view, isBinding))]
    case 'hashes': {
      const [kind = '', prefix = ''] = rest.split(' ')
      const isOfOwner = ({ type, object }: TraceWrite): boolean =>
        type === 'ADDED' && object.kind === kind && object.metadata.name.startsWith(prefix)
      return [...wordDetails(want, got), ...writersOf(view, { from: -1, to: Number.POSITIVE_INFINITY }, isOfOwner)]
    }
    default:
      return lineDetails(want, got)
  }
}

// ---------------------------------------------------------------- what happened

/** The steps that an item is about: after the settle before it, up to its own. */
interface Window {
  readonly from: number
  readonly to: number
}

const windowOf = (label: string | undefined, { trace }: ScriptRun): Window => {
  if (label === 'start') return { from: -1, to: -1 }
  const to = label === undefined || label === 'end' ? Number.POSITIVE_INFINITY : Number(label)
  const before = trace.steps.filter((step) => 'settled' in step && step.index < to).map(({ index }) => index)
  return { from: (before.at(-1) ?? -1) + 1, to }
}

interface View {
  readonly writes: readonly TraceWrite[]
  /** The version of the same incarnation before each write. */
  readonly before: ReadonlyMap<TraceWrite, KubernetesObject>
  readonly events: ReadonlyMap<number, Recorded>
}

const views = new WeakMap<ScriptRun, View>()

const viewOf = (run: ScriptRun): View => {
  const known = views.get(run)
  if (known !== undefined) return known
  const last = new Map<string, KubernetesObject>()
  const before = new Map<TraceWrite, KubernetesObject>()
  for (const write of run.trace.writes) {
    const uid = String(write.object.metadata.uid)
    const previous = last.get(uid)
    if (previous !== undefined) before.set(write, previous)
    last.set(uid, write.object)
  }
  const events = new Map<number, Recorded>()
  for (const recorded of run.simulation.log())
    if ('rv' in recorded.event && typeof recorded.event.rv === 'number' && !events.has(recorded.event.rv))
      events.set(recorded.event.rv, recorded)
  const view = { writes: run.trace.writes, before, events }
  views.set(run, view)
  return view
}

const idOf = ({ kind, metadata }: KubernetesObject): string => `${kind}/${metadata.name}`

/** `seq 412, StatusChanged of StatefulSet/web by statefulset-controller at 12.300 s (step 4, resourceVersion 287)` */
const writerOf = (write: TraceWrite, view: View): string => {
  const recorded = view.events.get(write.rv)
  const time = `${(write.ms / 1000).toFixed(3)} s (step ${write.step}, resourceVersion ${write.rv})`
  return recorded === undefined
    ? `${write.type} ${idOf(write.object)} at ${time}`
    : `seq ${recorded.seq}, ${recorded.event.kind} of ${idOf(write.object)} by ${recorded.actor} at ${time}`
}

const writersOf = (view: View, window: Window, isMeant: (write: TraceWrite) => boolean): readonly string[] => {
  const found = view.writes.filter((write) => write.step >= window.from && write.step <= window.to && isMeant(write))
  return found.length === 0
    ? ['no event of the simulation wrote anything of the sort']
    : [
        ...found.slice(0, shownMax).map((write) => `written by ${writerOf(write, view)}`),
        ...(found.length > shownMax ? [`and ${found.length - shownMax} more`] : []),
      ]
}

// ---------------------------------------------------------------- names

/** An item's name of an object, with the words that stand for what is random, as a pattern of real names. */
const patternOf = (name: string): RegExp =>
  new RegExp(
    `^${name
      .replace(/#\d+$/, '')
      .replace(/uid:.*$/, '*')
      .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
      .replace(/hash:\d+/g, '[a-z0-9]+')
      .replaceAll('*', '.+')}$`,
  )

const splitName = (written: string): { readonly kind: string; readonly name: RegExp; readonly incarnation: number | undefined } => {
  const slash = written.indexOf('/')
  const incarnation = /#(\d+)$/.exec(written)?.[1]
  return {
    kind: written.slice(0, slash),
    name: patternOf(written.slice(slash + 1)),
    incarnation: incarnation === undefined ? undefined : Number(incarnation),
  }
}

const isNamed = (object: KubernetesObject, written: string): boolean => {
  const { kind, name } = splitName(written)
  return object.kind === kind && name.test(object.metadata.name)
}

/** `Pod/web-0#1 Normal Killing (kubelet)` */
const eventsNamed = (rest: string): ((write: TraceWrite) => boolean) => {
  const [who = '', type, reason] = rest.split(' ')
  const { kind, name } = splitName(who)
  return ({ object }) => {
    if (object.kind !== 'Event') return false
    const involved = valueAt(object, ['involvedObject', 'name'])
    return (
      typeof involved === 'string' &&
      valueAt(object, ['involvedObject', 'kind']) === kind &&
      name.test(involved) &&
      valueAt(object, ['type']) === type &&
      valueAt(object, ['reason']) === reason
    )
  }
}

const podsOf =
  (owner: string, view: View, isMeant: (write: TraceWrite, view: View) => boolean) =>
  (write: TraceWrite): boolean => {
    const { kind, name } = splitName(owner)
    return (
      write.object.kind === 'Pod' &&
      (write.object.metadata.ownerReferences ?? []).some((reference) => reference.kind === kind && name.test(reference.name)) &&
      isMeant(write, view)
    )
  }

const isReady = (object: KubernetesObject | undefined): boolean => {
  const conditions = object === undefined ? undefined : valueAt(object, ['status', 'conditions'])
  return Array.isArray(conditions) && conditions.some((one) => isJsonObject(one) && one['type'] === 'Ready' && one['status'] === 'True')
}

const isTurningPoint = (write: TraceWrite, view: View): boolean => {
  const before = view.before.get(write)
  return (
    write.type !== 'MODIFIED' ||
    isReady(before) !== isReady(write.object) ||
    (before?.metadata.deletionTimestamp === undefined) !== (write.object.metadata.deletionTimestamp === undefined)
  )
}

const isBinding = (write: TraceWrite, view: View): boolean => {
  const before = view.before.get(write)
  const bound = ['spec', 'nodeName']
  return valueAt(write.object, bound) !== undefined && (before === undefined || valueAt(before, bound) === undefined)
}

const storyOf = (view: View, written: string): readonly string[] => {
  const { kind, name, incarnation } = splitName(written)
  const uids = [
    ...new Set(
      view.writes.filter(({ object }) => object.kind === kind && name.test(object.metadata.name)).map(({ object }) => object.metadata.uid),
    ),
  ]
  const meant = incarnation === undefined ? uids : uids.slice(incarnation - 1, incarnation)
  return writersOf(view, { from: -1, to: Number.POSITIVE_INFINITY }, ({ object }) => meant.includes(object.metadata.uid))
}

// ---------------------------------------------------------------- fields

type Path = readonly (string | number)[]

/** Objects of every kind are looked at as JSON, which they are. */
const valueAt = (object: KubernetesObject, path: Path): Json | undefined => {
  let value: Json | undefined = object as unknown as Json
  for (const key of path) {
    if (Array.isArray(value)) value = typeof key === 'number' ? (value as readonly Json[])[key] : undefined
    else value = isJsonObject(value) ? value[String(key)] : undefined
  }
  return value
}

const hasChanged = (write: TraceWrite, view: View, field: string): boolean => {
  const before = view.before.get(write)
  return before === undefined || JSON.stringify(valueAt(before, [field])) !== JSON.stringify(valueAt(write.object, [field]))
}

interface FieldDifference {
  readonly path: Path
  readonly want: Json | undefined
  readonly got: Json | undefined
}

const fieldDifferences = (want: Json | undefined, got: Json | undefined, path: Path): readonly FieldDifference[] => {
  if (JSON.stringify(want) === JSON.stringify(got)) return []
  if (Array.isArray(want) && Array.isArray(got)) {
    const [left, right] = [want as readonly Json[], got as readonly Json[]]
    return Array.from({ length: Math.max(left.length, right.length) }, (_, index) => index).flatMap((index) =>
      fieldDifferences(left[index], right[index], [...path, index]),
    )
  }
  if (isJsonObject(want) && isJsonObject(got))
    return [...new Set([...Object.keys(want), ...Object.keys(got)])].flatMap((key) => fieldDifferences(want[key], got[key], [...path, key]))
  return [{ path, want, got }]
}

const textOfPath = (path: Path): string =>
  path.map((key, index) => (typeof key === 'number' ? `[${key}]` : `${index > 0 ? '.' : ''}${key}`)).join('')
const textOf = (value: Json | undefined): string => (value === undefined ? '(absent)' : cut(JSON.stringify(value)))
const cut = (text: string): string => (text.length > widthMax ? `${text.slice(0, widthMax)}…` : text)

/** Lists that the comparison sorts: a place in them means nothing. */
const sortedLists: ReadonlySet<string | number> = new Set(['addresses', 'notReadyAddresses', 'endpoints'])

const settledDetails = (rest: string, window: Window, want: string | null, got: string | null, view: View): readonly string[] => {
  const [who = '', section = ''] = rest.split(' ')
  const state = new Map<string, KubernetesObject>()
  for (const { step, type, object } of view.writes) {
    if (step > window.to || !isNamed(object, who)) continue
    if (type === 'DELETED') state.delete(object.metadata.name)
    else state.set(object.metadata.name, object)
  }
  const objects = [...state.values()]
  const [wanted, simulated] = withoutEqual(want, got)
  return Array.from({ length: Math.max(wanted.length, simulated.length) }, (_, index) => index)
    .slice(0, shownMax)
    .flatMap((index) => {
      const [left, right] = [parsed(wanted[index]), parsed(simulated[index])]
      if (left === undefined || right === undefined)
        return [
          `${left === undefined ? 'only simulated' : 'only recorded'}: ${cut(JSON.stringify(left ?? right))}`,
          ...(right === undefined ? [] : objects.slice(0, shownMax).map((object) => lastWriter(object, [], window, view))),
        ]
      return fieldDifferences(left, right, [section])
        .slice(0, shownMax)
        .flatMap((difference) => {
          const holder = holderOf(objects, difference)
          return [
            `${textOfPath(difference.path)}${objects.length > 1 ? ` (of one of ${objects.length} such objects)` : ''}`,
            `  recorded:  ${textOf(difference.want)}`,
            `  simulated: ${textOf(difference.got)}`,
            holder === undefined ? '  there is no such object in the simulation' : `  ${lastWriter(holder, difference.path, window, view)}`,
          ]
        })
    })
}

/** A path of an item as a path of the object: kinds without a spec show their own fields there. */
const pathsIn = (path: Path): readonly Path[] => {
  const listed = path.findIndex((key) => sortedLists.has(key))
  const known = listed < 0 ? path : path.slice(0, listed + 1)
  return [known, known.slice(1)]
}

const holderOf = (objects: readonly KubernetesObject[], { path, got }: FieldDifference): KubernetesObject | undefined =>
  objects.find((object) => pathsIn(path).some((one) => JSON.stringify(valueAt(object, one)) === JSON.stringify(got))) ?? objects[0]

/** Who gave the field the value that it has; if it never had one, who wrote the object last. */
const lastWriter = (object: KubernetesObject, path: Path, window: Window, view: View): string => {
  const own = view.writes.filter(
    (write) => write.object.kind === object.kind && write.object.metadata.uid === object.metadata.uid && write.step <= window.to,
  )
  const place = pathsIn(path).find((one) => valueAt(object, one) !== undefined) ?? []
  const written = own.filter((write) => {
    const before = view.before.get(write)
    return before === undefined || JSON.stringify(valueAt(before, place)) !== JSON.stringify(valueAt(write.object, place))
  })
  const last = written.at(-1) ?? own.at(-1)
  return last === undefined ? 'nobody wrote it' : `written by ${writerOf(last, view)}`
}

const withoutEqual = (want: string | null, got: string | null): readonly [readonly string[], readonly string[]] => {
  const wanted = want === null ? [] : want.split('\n')
  const simulated = got === null ? [] : got.split('\n')
  const left = new Map<string, number>()
  for (const line of wanted) left.set(line, (left.get(line) ?? 0) + 1)
  const onlySimulated = simulated.filter((line) => {
    const count = left.get(line) ?? 0
    if (count > 0) left.set(line, count - 1)
    return count === 0
  })
  const onlyWanted = wanted.filter((line) => {
    const count = left.get(line) ?? 0
    if (count > 0) left.set(line, count - 1)
    return count > 0
  })
  return [onlyWanted, onlySimulated]
}

const parsed = (line: string | undefined): Json | undefined => {
  if (line === undefined) return undefined
  try {
    return JSON.parse(line) as Json
  } catch {
    return line
  }
}

// ---------------------------------------------------------------- texts

const missing = '(nothing)'

/** Line by line: only what differs. */
const lineDetails = (want: string | null, got: string | null): readonly string[] => {
  if (want === null || got === null) return wordDetails(want, got)
  const [wanted, simulated] = [want.split('\n'), got.split('\n')]
  return Array.from({ length: Math.max(wanted.length, simulated.length) }, (_, index) => index)
    .filter((index) => wanted[index] !== simulated[index])
    .slice(0, shownMax)
    .flatMap((index) => [
      `line ${index + 1}`,
      `  recorded:  ${cut(wanted[index] ?? missing)}`,
      `  simulated: ${cut(simulated[index] ?? missing)}`,
    ])
}

/** One line each, and where they part. */
const wordDetails = (want: string | null, got: string | null): readonly string[] => {
  const [wanted, simulated] = [want ?? missing, got ?? missing]
  let same = 0
  while (same < wanted.length && wanted[same] === simulated[same]) same += 1
  const from = same > widthMax / 2 ? wanted.lastIndexOf(' ', same - widthMax / 2) + 1 : 0
  const shown = (text: string): string => `${from > 0 ? '…' : ''}${cut(text.slice(from)).replaceAll('\n', ' ⏎ ')}`
  return [`recorded:  ${shown(wanted)}`, `simulated: ${shown(simulated)}`]
}
