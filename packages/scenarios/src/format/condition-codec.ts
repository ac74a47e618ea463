/** What a scenario can ask of a cluster: a small vocabulary over objects, names, files and commands. */
import type * as t from 'io-ts'
import type { Json } from '@statefold/core'
import {
  about,
  anyJson,
  byShape,
  filledText,
  listOf,
  mapOf,
  named,
  objectOf,
  onlyTrue,
  regularExpression,
  text,
  wholeNumber,
  yesOrNo,
  type FormatCodec,
} from './codec.js'

const count = wholeNumber(0, Number.MAX_SAFE_INTEGER)

const dnsSubject = objectOf('dns', { name: filledText }, { type: text })
const fileSubject = objectOf('file', { pod: filledText, path: filledText }, { container: filledText, namespace: filledText })
const eventSubject = objectOf('event', {}, { reason: filledText, about: filledText, contains: filledText })

const subjects = ['object', 'count', 'dns', 'file', 'command', 'event', 'waiting', 'atRest', 'all', 'any', 'not'] as const

const conditionOf = () =>
  objectOf(
    'condition',
    {},
    {
      object: about('an object: statefulset/web, pod/web-0, pvc/www-web-0', filledText),
      namespace: about('where the object, the Pods or the Service is; default: default', filledText),
      exists: about('whether the object (or file) is there', yesOrNo),
      ready: about('a Pod or Node whose condition Ready is so; a workload all of whose replicas are ready and up to date', yesOrNo),
      path: about('JSONPath into the object, as in kubectl: {.status.readyReplicas}', filledText),
      count: about('how many objects of a kind there are: pods', filledText),
      labels: about('only those with these labels: app=web', filledText),
      fields: about('only those with these fields, as kubectl --field-selector: status.phase=Running', filledText),
      where: about('only those where JSONPaths give these values: { "{.status.phase}": Bound }', mapOf(anyJson, 'JSONPaths')),
      dns: about('what the cluster answers to a name', dnsSubject),
      file: about('a file as a container of a Pod sees it', fileSubject),
      command: about('what a command line prints; run on a copy of the cluster, so that asking changes nothing', filledText),
      event: about('a Kubernetes Event that has been told', eventSubject),
      waiting: about('some controller waits, and says this', filledText),
      atRest: about('nothing is on its way any more', onlyTrue),
      exit: about('the exit code of the command', wholeNumber(0, 255)),
      rcode: about('NOERROR, NODATA or NXDOMAIN', filledText),
      answers: about('what DNS answers, in any order', listOf(text)),
      equals: about('what is found is this', anyJson),
      contains: about('the text found has this in it', text),
      matches: about('the text found matches this regular expression', regularExpression),
      atLeast: about('the number found is this or more', count),
      atMost: about('the number found is this or less', count),
      all: about('all of these hold', listOf(condition, 1)),
      any: about('one of these holds', listOf(condition, 1)),
      not: about('this does not hold', condition),
    },
    { oneOf: { what: 'subject', fields: subjects } },
  )

/** A condition as the program has it; the recursion has to be written out. */
export interface Condition {
  readonly object?: string
  readonly namespace?: string
  readonly exists?: boolean
  readonly ready?: boolean
  readonly path?: string
  readonly count?: string
  readonly labels?: string
  readonly fields?: string
  readonly where?: { readonly [path: string]: Json }
  readonly dns?: t.TypeOf<typeof dnsSubject>
  readonly file?: t.TypeOf<typeof fileSubject>
  readonly command?: string
  readonly event?: t.TypeOf<typeof eventSubject>
  readonly waiting?: string
  readonly atRest?: true
  readonly exit?: number
  readonly rcode?: string
  readonly answers?: readonly string[]
  readonly equals?: Json
  readonly contains?: string
  readonly matches?: string
  readonly atLeast?: number
  readonly atMost?: number
  readonly all?: readonly Condition[]
  readonly any?: readonly Condition[]
  readonly not?: Condition
}

const condition: FormatCodec<Condition> = named('condition', 'a condition (a mapping)', conditionOf)

export const conditionSchema = (): FormatCodec<Condition>['schema'] => conditionOf().schema

/** One condition or several that must all hold. */
export const conditions = byShape('a condition or a list of conditions', { mapping: condition, list: listOf(condition, 1) })
