/** The form of scenario files: the codecs are the one source of the decoder, the TypeScript types and the JSON Schema for editors. */
import { apiFaults } from '@statefold/core'
import type * as t from 'io-ts'
import {
  about,
  anyJson,
  byShape,
  exactly,
  filledText,
  jsonObject,
  listOf,
  mapOf,
  objectOf,
  oneOf,
  onlyTrue,
  patternText,
  text,
  wholeNumber,
  yesOrNo,
} from './codec.js'
import { conditions } from './condition-codec.js'
import { duration } from './duration.js'

export const scenarioApiVersion = 'statefold.dev/v1'

const anyCount = wholeNumber(0, Number.MAX_SAFE_INTEGER)
const texts = mapOf(text)

// ---------------------------------------------------------------- cluster

const taint = objectOf('taint', { key: filledText, effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') }, { value: text })
const nodeName = patternText(
  'node name',
  'a node name: lower case letters, digits, "-" and "."',
  /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
)
const node = objectOf(
  'node',
  { name: nodeName },
  {
    labels: texts,
    taints: listOf(taint),
    zone: about('also its label topology.kubernetes.io/zone', filledText),
    capacity: objectOf('capacity', {}, { cpu: filledText, memory: filledText, 'ephemeral-storage': filledText, pods: anyCount }),
  },
)

const storageClass = objectOf(
  'storage class',
  { name: filledText, provisioner: filledText },
  {
    default: about('claims that name no class get this one', yesOrNo),
    volumeBindingMode: oneOf('Immediate', 'WaitForFirstConsumer'),
    reclaimPolicy: oneOf('Delete', 'Retain'),
    allowVolumeExpansion: yesOrNo,
    parameters: texts,
  },
)

const milliRange = byShape('a length of time, or its least and most', {
  text: duration,
  mapping: objectOf('range', { min: duration, max: duration }, {}),
})

const image = objectOf(
  'image',
  { images: about('a pattern of image references with * and ?', filledText) },
  {
    pull: about('how long the pull takes', duration),
    unpullable: about('why it cannot be pulled', filledText),
    answersAfter: about('from the start of the process until it answers', duration),
    stop: about('from SIGTERM to the end of the process', duration),
    onTerminate: about(
      'exit code after SIGTERM, or "ignores"',
      byShape('an exit code or "ignores"', { number: wholeNumber(0, 255), text: exactly('ignores') }),
    ),
    exits: about('ends by itself', objectOf('exits', { after: duration, exitCode: wholeNumber(0, 255) }, {})),
    listens: listOf(wholeNumber(1, 65_535)),
    http: objectOf(
      'http',
      {},
      {
        documentRoot: filledText,
        server: text,
        routes: mapOf(objectOf('route', { status: wholeNumber(100, 599), body: text }, {}), 'paths'),
      },
    ),
    files: about('files of the image by absolute path', mapOf(text, 'paths')),
    environment: texts,
    workingDirectory: filledText,
    sizeBytes: anyCount,
  },
)

const latencies = objectOf(
  'latencies',
  {},
  {
    imagePull: duration,
    sandbox: duration,
    containerStart: milliRange,
    containerStop: milliRange,
    podCleanUp: duration,
    attach: duration,
    detach: duration,
    provision: duration,
  },
)

const cluster = objectOf(
  'cluster',
  {},
  {
    nodes: about(
      'how many, or which (default: 3)',
      byShape('a number of nodes or a list of nodes', { number: wholeNumber(0, 10_000), list: listOf(node) }),
    ),
    storageClasses: listOf(storageClass),
    images: about('what the programs in images do; before the built-in ones', listOf(image)),
    latencies,
    featureGates: objectOf('feature gates', {}, { MaxUnavailableStatefulSet: yesOrNo, StaleControllerConsistencyStatefulSet: yesOrNo }),
    tolerationSeconds: about('how long Pods stay on a node that is lost (default: 300)', wholeNumber(0, 86_400)),
    nodeMonitorGracePeriod: about('after how much silence a node is NotReady (default: 50s)', duration),
    imagesArePresent: about('every image is on every node from the start', yesOrNo),
    from: about(
      'objects of a real cluster, as `kubectl get … -o yaml` printed them; their statuses are kept',
      byShape('a file or a list of files', { text: filledText, list: listOf(filledText, 1) }),
    ),
  },
)

// ---------------------------------------------------------------- steps

const manifest = byShape('a file or a Kubernetes object', { text: filledText, mapping: jsonObject })
const manifests = byShape('a file, a Kubernetes object, or a list of them', {
  text: filledText,
  mapping: jsonObject,
  list: listOf(manifest, 1),
})

const probe = oneOf('readiness', 'liveness', 'startup')
const ofNode = about('the node', filledText)
const ofPods = { pods: about('a pattern of Pod names with * and ?', filledText) }

const faultFields = {
  nodeCrash: about('the machine loses power', ofNode),
  nodePartition: about('the machine is cut off; its processes go on', ofNode),
  kubeletHang: about('the kubelet does nothing any more; containers go on', ofNode),
  containerCrash: about(
    'the container ends once',
    objectOf('containerCrash', { pod: filledText }, { container: filledText, exitCode: wholeNumber(0, 255), namespace: filledText }),
  ),
  containerCrashLoop: objectOf('containerCrashLoop', ofPods, { container: filledText, exitCode: wholeNumber(0, 255) }),
  outOfMemory: objectOf('outOfMemory', ofPods, { container: filledText }),
  probeFailure: objectOf('probeFailure', ofPods, { probe, container: filledText, output: text }),
  slowStart: objectOf('slowStart', { ...ofPods, for: duration }, { container: filledText }),
  imagePullFailure: objectOf('imagePullFailure', { images: filledText }, { message: text }),
  provisionerFailure: objectOf('provisionerFailure', { provisioners: filledText }, { message: text }),
  provisionerDelay: objectOf('provisionerDelay', { provisioners: filledText, by: duration }, {}),
  stuckAttach: objectOf('stuckAttach', { volumes: filledText }, { node: filledText, message: text }),
  stuckDetach: objectOf('stuckDetach', { volumes: filledText }, { node: filledText, message: text }),
  controllerCrash: about('the controller’s process ends: statefulset-controller', filledText),
  informerLag: objectOf('informerLag', { controller: filledText, kind: filledText, by: duration }, {}),
  api: objectOf(
    'api fault',
    { answer: oneOf(...apiFaults) },
    { times: wholeNumber(1, 1_000), controller: filledText, command: filledText, on: filledText },
  ),
} as const

const fault = objectOf('fault', {}, faultFields, { oneOf: { what: 'fault', fields: Object.keys(faultFields) } })

const healFields = {
  nodeCrash: ofNode,
  nodePartition: ofNode,
  kubeletHang: ofNode,
  containerCrashLoop: filledText,
  outOfMemory: filledText,
  probeFailure: filledText,
  slowStart: filledText,
  imagePullFailure: filledText,
  provisionerFailure: filledText,
  provisionerDelay: filledText,
  stuckAttach: filledText,
  stuckDetach: filledText,
  controllerCrash: filledText,
  informerLag: objectOf('informerLag', { controller: filledText, kind: filledText }, {}),
} as const

const heal = objectOf('heal', {}, healFields, { oneOf: { what: 'fault', fields: Object.keys(healFields) } })

const hold = oneOf('hold', 'go')
const world = objectOf(
  'world',
  {},
  {
    pod: filledText,
    node: filledText,
    start: hold,
    stop: hold,
    ready: yesOrNo,
    crash: yesOrNo,
    exit: wholeNumber(0, 255),
    evict: yesOrNo,
    up: yesOrNo,
  },
)

const deletion = objectOf(
  'delete',
  { object: filledText },
  {
    namespace: filledText,
    force: yesOrNo,
    gracePeriodSeconds: anyCount,
    cascade: oneOf('background', 'foreground', 'orphan'),
    wait: about('until it is gone', yesOrNo),
  },
)

const actionFields = {
  apply: about('as kubectl apply -f', manifests),
  delete: about('an object: pod/web-0', byShape('an object or how it is deleted', { text: filledText, mapping: deletion })),
  scale: about('replicas by workload: { statefulset/web: 5 }', mapOf(anyCount, 'workloads')),
  setImage: about(
    'images by workload: { statefulset/web: nginx:1.27 }, or by container: { statefulset/web: { nginx: nginx:1.27 } }',
    mapOf(byShape('an image, or images by container', { text: filledText, mapping: mapOf(filledText, 'containers') }), 'workloads'),
  ),
  patch: objectOf('patch', { object: filledText, patch: anyJson }, { type: oneOf('strategic', 'merge', 'json'), namespace: filledText }),
  cordon: ofNode,
  uncordon: ofNode,
  drain: byShape('a node or how it is drained', {
    text: filledText,
    mapping: objectOf('drain', { node: filledText }, { force: yesOrNo, timeout: duration }),
  }),
  fault,
  heal,
  kubectl: about('a kubectl command line without the word kubectl', filledText),
  console: about('a shell transcript: $ lines are run, the other lines are expected', filledText),
  settle: about('until nothing has been written for that long', byShape('true or a length of time', { boolean: onlyTrue, text: duration })),
  sleep: duration,
  world: about('what the recorded scripts do to the machines', world),
  dns: objectOf('dns', { name: filledText, type: filledText }, {}),
  writeFile: objectOf('writeFile', { pod: filledText, path: filledText, content: text }, { container: filledText, namespace: filledText }),
  check: about('holds now', conditions),
} as const

const actionNames: readonly string[] = Object.keys(actionFields)

const step = objectOf(
  'step',
  {},
  {
    name: about('what the step is for', filledText),
    at: about('not before this time of the run', duration),
    after: about('this long after the step before', duration),
    when: about('as soon as this holds', conditions),
    within: about('how long `when` may take (default: 10m)', duration),
    ...actionFields,
    input: about('what a kubectl line reads from standard input', text),
    exit: about('the exit code expected of a kubectl line (default: 0)', wholeNumber(0, 255)),
    output: about('all that a kubectl line prints', text),
    contains: about('what a kubectl line prints among other things', text),
    refused: about('the API server refuses the step, and says this', filledText),
    answers: about('what DNS answers, in any order', listOf(text)),
    rcode: about('NOERROR, NODATA or NXDOMAIN', filledText),
  },
  { oneOf: { what: 'action', fields: actionNames }, atMostOneOf: [['at', 'after', 'when']] },
)

// ---------------------------------------------------------------- search

const search = objectOf(
  'search',
  {},
  {
    order: about(
      'controllers whose looks may come in any order; the others act at once (default: statefulset-controller)',
      listOf(filledText),
    ),
    caches: about(
      'caches that may be behind, each by at most so many notifications',
      listOf(objectOf('cache', { controller: filledText, kind: filledText, most: wholeNumber(1, 100) }, {})),
    ),
    crashes: about(
      'processes that may end between any two writes of one sync, and start again at any moment after',
      objectOf('crashes', { controllers: listOf(filledText, 1), most: wholeNumber(1, 100) }, {}),
    ),
    answers: about(
      'what may become of writes',
      objectOf(
        'answers',
        {
          controllers: listOf(filledText, 1),
          are: listOf(oneOf(...apiFaults), 1),
          most: wholeNumber(1, 100),
        },
        {},
      ),
    ),
    chance: about('streams of draws of which every outcome is tried: kube-scheduler/tie', listOf(filledText)),
    anytime: about('what may happen once at any moment', listOf(step)),
    anytimeMost: about('how many of these on one path (default: all)', wholeNumber(1, 30)),
    horizon: about('a path ends when nothing is due within this time (default: 1m)', duration),
    depth: about('decisions on a path at most', wholeNumber(1, 100_000)),
  },
)

// ---------------------------------------------------------------- expectations

const expectationFields = { always: conditions, never: conditions, eventually: conditions, sometimes: conditions }

const expectation = objectOf(
  'expectation',
  {},
  {
    ...expectationFields,
    within: about('for eventually: how long after the last step (default: 10m)', duration),
    from: about('for always and never: not before this time of the run', duration),
    because: about('what it means when this fails', filledText),
  },
  { oneOf: { what: 'expectation', fields: Object.keys(expectationFields) } },
)

export const scenarioFile = objectOf(
  'scenario',
  { apiVersion: exactly(scenarioApiVersion), kind: exactly('Scenario') },
  {
    title: about('what happens, in a few words', filledText),
    lesson: about('what one learns, in one sentence', filledText),
    seed: about('decides all that is chance (default: 1)', wholeNumber(0, 4_294_967_295)),
    cluster,
    manifests: about('Kubernetes files under this folder, or objects; applied at the start', listOf(manifest)),
    steps: listOf(step),
    expect: listOf(expectation),
    invariants: objectOf('invariants', {}, { except: listOf(filledText) }),
    search: about('what `statefold explore` may choose; the search begins after the first settle step', search),
    choices: about('choices of a recorded counterexample, by address', mapOf(anyCount, 'addresses')),
    until: about('the run ends at this time at the latest (default: 10 minutes after the last step)', duration),
  },
)

export type ScenarioFile = t.TypeOf<typeof scenarioFile>
/** A scenario as people write it, in YAML or in TypeScript. */
export type WrittenScenario = t.OutputOf<typeof scenarioFile>
export type ScenarioCluster = t.TypeOf<typeof cluster>
export type ScenarioStep = t.TypeOf<typeof step>
export type WrittenStep = t.OutputOf<typeof step>
export type WrittenFault = t.OutputOf<typeof fault>
export type WrittenHeal = t.OutputOf<typeof heal>
export type WrittenExpectation = t.OutputOf<typeof expectation>
export type ScenarioExpectation = t.TypeOf<typeof expectation>
export type Fault = t.TypeOf<typeof fault>
export type Heal = t.TypeOf<typeof heal>
export type ScenarioSearch = t.TypeOf<typeof search>
export type ImageEntry = t.TypeOf<typeof image>
