/**
 * Lines that tell people something. Few look at Events, so these lines are kept as they are, with what is not on them, and folded when somebody
 * does: the state that has them is a state like any other.
 */
import {
  hasAt,
  involvedAs,
  sizeOf,
  splitObjectPath,
  storeOf,
  withEventsLater,
  type ClusterState,
  type KubernetesEventRecorded,
  type KubernetesEventRepeated,
  type StoredAs,
  type ToldEventsFold,
} from '@statefold/core'
import { digitsEnd, isAt, numberIn, patternOf, plainTextEnd, textOf } from './line-bytes.js'
import { linesOf } from './log-body.js'

export interface ToldLine {
  readonly rv: number
  /** Where the path of the object that it is about begins and ends; both 0 if it does not say or is told again. */
  readonly aboutFrom: number
  readonly aboutEnd: number
}

// What stands between the values, as it is written.
export const toObject = patternOf('","object":"')
export const toRv = patternOf('","rv":')
export const toUid = patternOf(',"uid":"')
const toAbout = patternOf('","about":"')
const toMessage = patternOf(',"message":"')

/** Looks into a line that is written as we write them; undefined for another. `kindEnd`: where in the line the name of the kind ends. */
export const readTold = (bytes: Uint8Array, kindEnd: number): ToldLine | undefined => {
  const objectEnd = isAt(bytes, toObject, kindEnd) ? plainTextEnd(bytes, kindEnd + toObject.bytes.length) : -1
  if (objectEnd < 0 || !isAt(bytes, toRv, objectEnd)) return undefined
  const rvFrom = objectEnd + toRv.bytes.length
  const rvEnd = digitsEnd(bytes, rvFrom)
  const rv = numberIn(bytes, rvFrom, rvEnd)
  if (isAt(bytes, toMessage, rvEnd)) return { rv, aboutFrom: 0, aboutEnd: 0 }
  const uidEnd = isAt(bytes, toUid, rvEnd) ? plainTextEnd(bytes, rvEnd + toUid.bytes.length) : -1
  if (uidEnd < 0) return undefined
  if (!isAt(bytes, toAbout, uidEnd)) return { rv, aboutFrom: 0, aboutEnd: 0 }
  const aboutFrom = uidEnd + toAbout.bytes.length
  const aboutEnd = plainTextEnd(bytes, aboutFrom)
  return aboutEnd < 0 ? undefined : { rv, aboutFrom, aboutEnd }
}

const pageBytes = 1024 * 1024

export interface ToldLines {
  /** `end`: after the line feed. `about`: how the object that it is about was stored then. */
  readonly keep: (bytes: Uint8Array, from: number, end: number, at: number, actor: string, about: StoredAs | undefined) => void
  /** The state with all that was told so far; what is told next is on top of that one. */
  readonly settled: (state: ClusterState) => ClusterState
}

const objectMark = '"object":"'

export const toldLines = (): ToldLines => {
  let pages: Uint8Array[] = []
  let page = new Uint8Array()
  let used = 0
  let times: number[] = []
  let actors: string[] = []
  let abouts: (StoredAs | undefined)[] = []

  return {
    keep: (bytes, from, end, at, actor, about) => {
      if (used + end - from > page.length) {
        if (used > 0) pages.push(page.subarray(0, used))
        page = new Uint8Array(Math.max(pageBytes, end - from))
        used = 0
      }
      page.set(bytes.subarray(from, end), used)
      used += end - from
      times.push(at)
      actors.push(actor)
      abouts.push(about)
    },
    settled: (state) => {
      if (times.length === 0) return state
      const kept = [...pages, page.subarray(0, used)]
      const [ats, tellers, subjects] = [times, actors, abouts]
      pages = []
      page = new Uint8Array()
      used = 0
      times = []
      actors = []
      abouts = []
      const lines = function* (): Generator<string> {
        for (const bytes of kept) yield* linesOf(textOf(bytes))
      }
      const count = (): number => {
        const { objects } = storeOf(state, 'Event')
        const added = new Set<string>()
        for (const line of lines()) {
          const from = line.indexOf(objectMark) + objectMark.length
          const { key } = splitObjectPath(line.slice(from, line.indexOf('"', from)))
          if (!hasAt(objects, key)) added.add(key)
        }
        return sizeOf(objects) + added.size
      }
      const fold = (events: ToldEventsFold): void => {
        let index = 0
        for (const line of lines()) {
          // Its digest says that it was written as JSON, by us.
          const event = JSON.parse(line) as KubernetesEventRepeated | (Omit<KubernetesEventRecorded, 'component'> & { component?: string })
          const [at, actor, stored] = [ats[index] ?? 0, tellers[index] ?? '', subjects[index]]
          index += 1
          if (event.kind === 'KubernetesEventRepeated') events.repeat(state, event, at)
          else {
            const involved = involvedAs(event.about, stored, event.involved)
            // The line was parsed here and is nobody else's.
            events.tell(state, Object.assign(event, { component: event.component ?? actor }), involved, at)
          }
        }
      }
      return withEventsLater(state, count, fold)
    },
  }
}
