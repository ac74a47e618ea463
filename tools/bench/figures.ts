/** Every figure of the bench: its unit, its budget, which way is better, and what is measured, said so that it can be doubted. */

export interface Figure {
  readonly name: string
  readonly unit: string
  /** `at most` or `at least`. */
  readonly bound: 'most' | 'least'
  readonly budget: number
  readonly what: string
  /** Extra flags of the child process. */
  readonly flags: readonly string[]
  readonly timeoutSeconds: number
}

/** Room for much young garbage at once: what a large cluster's process is best started with. */
const wideHeap = ['--max-old-space-size=6144', '--max-semi-space-size=64']

export const figures: readonly Figure[] = [
  {
    name: 'run-3-replicas',
    unit: 'ms',
    bound: 'most',
    budget: 300,
    what: 'the built command line as a process, `run` of the canary example (3 replicas, a rollout, a bad image, the way back), median of 5 after one run that fills the file cache; floor: a Node process that does nothing',
    flags: [],
    timeoutSeconds: 60,
  },
  {
    name: 'pods-1000-ready',
    unit: 'ms',
    bound: 'most',
    budget: 150,
    what: 'a Parallel set on 20 nodes from its creation until all Pods are Ready, log in memory, all invariants; median of 9 runs after 24 runs that warm the compiler up; floor: a fold of the same events',
    flags: wideHeap,
    timeoutSeconds: 90,
  },
  {
    name: 'pods-10000-ready',
    unit: 'ms',
    bound: 'most',
    budget: 1_200,
    what: 'the same on 200 nodes; median of 3 after 8 warming runs of 1,000; floor: a fold of the same events',
    flags: wideHeap,
    timeoutSeconds: 120,
  },
  {
    name: 'cost-per-pod-growth',
    unit: 'ratio',
    bound: 'most',
    budget: 1.3,
    what: 'time for each Pod at 50,000 Pods on 1,000 nodes over that at 1,000 on 20, in one warmed process; the best of 30 runs at 100, of 12 at 1,000, of 2 at 10,000, one at 50,000',
    flags: wideHeap,
    timeoutSeconds: 180,
  },
  {
    name: 'replay-vs-json-parse',
    unit: 'ratio',
    bound: 'most',
    budget: 2,
    what: 'replay of a file of 1 M events (a set of 2,000 scaled up and down), read from disk with all bytes under the digests, over `JSON.parse` of its lines alone; best of 2 of each, taken in turns. What happened to Pods that are gone is not parsed, and Events are worked out when somebody looks at them; the note says how long that takes, and how long replay takes with every line read and checked against its codec',
    flags: wideHeap,
    timeoutSeconds: 300,
  },
  {
    name: 'log-bytes-per-event',
    unit: 'bytes',
    bound: 'most',
    budget: 400,
    what: 'all bytes of the logs of the catalog and the examples, headers and digest lines included, over their events',
    flags: [],
    timeoutSeconds: 120,
  },
  {
    name: 'property-runs-per-minute',
    unit: 'runs/min',
    bound: 'least',
    budget: 10_000,
    what: 'random histories of 300 outside commands on 3 to 5 Pods, all invariants, one core; counted over 8 s after 15 s of warming up (every part of the cluster is exercised, so the compiler needs that long)',
    flags: [],
    timeoutSeconds: 60,
  },
  {
    name: 'fuzz-histories-per-minute',
    unit: 'runs/min',
    bound: 'least',
    budget: 10_000,
    what: '`fuzz --any --steps 300` on one core: histories of 300 commands and faults on clusters of 1 to 4 nodes with one or two StatefulSets made up, time passing before every third of them, 30 s after the last, eight of them going on from one moment (`--forks 8`, as people have it); made, run with all invariants and marks, looked at after each pause, kept and varied; counted over 10 s after 15 s of warming up',
    flags: [],
    timeoutSeconds: 60,
  },
  {
    name: 'simulated-to-wall',
    unit: 'ratio',
    bound: 'least',
    budget: 20_000,
    what: '10 simulated minutes with heartbeats in which a set of 3 Pods is rolled out, over the time that takes; median of 40 after 40 warming runs',
    flags: [],
    timeoutSeconds: 60,
  },
  {
    name: 'rss-10000-pods',
    unit: 'MB',
    bound: 'most',
    budget: 600,
    what: 'peak resident memory of a process that makes 10,000 Pods Ready once, log in memory, all invariants; floor: a Node process that does nothing',
    flags: [],
    timeoutSeconds: 120,
  },
  {
    name: 'explore-states-per-second',
    unit: 'states/s',
    bound: 'least',
    budget: 25_000,
    what: 'distinct states a second of processor time, all invariants on, of the whole search of `questions/scaling-with-a-slow-cache` (3 → 1 → 3, the Pod cache up to 4 notifications behind, up to two crashes between any two writes); best of 3 after 5 that warm up',
    flags: ['--max-semi-space-size=64'],
    timeoutSeconds: 240,
  },
  {
    name: 'explore-bytes-per-state',
    unit: 'bytes',
    bound: 'most',
    budget: 150,
    what: 'memory for each state visited of the same search, the frontier not counted: its hash, number, parent, decision, goals and transitions. States are told apart by 64 bits: among n the odds that any two different ones were taken for one are below n² / 2⁶⁵',
    flags: [],
    timeoutSeconds: 120,
  },
  {
    name: 'explore-two-workers',
    unit: 'ratio',
    bound: 'least',
    budget: 1.7,
    what: 'the same search with up to 24 crashes (`--faults crash=24`; a short one is over before a thread is quick) by the built command line, with `--workers 1` over `--workers 2`, in seconds of the search, the start of the threads included; best of 2 of each, taken in turns; needs two idle cores, which the compiler and the collector of one thread have a part of already',
    flags: [],
    timeoutSeconds: 420,
  },
]

/** What a child process hands back. */
export interface Measured {
  readonly value: number
  /** A peer or a floor, measured in the same process or right before. */
  readonly floor: number | null
  /** One sentence more for the page. */
  readonly note?: string
  readonly plot?: readonly { readonly pods: number; readonly microseconds: number }[]
}

/** A figure as it was measured, for the page. */
export interface Result extends Pick<Figure, 'name' | 'unit' | 'bound' | 'budget' | 'what'> {
  readonly value: number
  readonly floor: number | null
  readonly note?: string
  readonly plot?: Measured['plot']
  readonly date: string
  readonly machine: string
}

export const meetsBudget = ({ value, budget, bound }: Pick<Result, 'value' | 'budget' | 'bound'>): boolean =>
  bound === 'most' ? value <= budget : value >= budget

export const boundText = ({ bound, budget }: Pick<Result, 'budget' | 'bound'>): string => `${bound === 'most' ? '≤' : '≥'} ${budget}`
