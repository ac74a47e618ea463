/**
 * Loaded before anything else. In a process of the self-check it holds still all that a run could read of the outside world (the clock, chance,
 * the process, the environment), except for the factors that are to differ, and writes down who reads it. In every other process it does nothing.
 */
import { selfRunWord, type Disturbance, type Factor } from './factors.js'

/** Somebody read the outside world. */
export interface Touch {
  readonly factor: Factor
  /** `Math.random`, `process.env.HOME` */
  readonly what: string
  readonly count: number
  /** Where from, the first time: innermost first. */
  readonly stack: readonly string[]
}

const touches = new Map<string, Touch>()
let isRecording = false
let isQuiet = false

/** Enough to see past our own frames. */
const framesKept = 16

const stackHere = (): readonly string[] => {
  const former = Error.stackTraceLimit
  Error.stackTraceLimit = framesKept
  const { stack = '' } = new Error('here')
  Error.stackTraceLimit = former
  return stack
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^at /, ''))
}

const touch = (factor: Factor, what: string): void => {
  if (!isRecording || isQuiet) return
  // Writing it down may itself read what is watched.
  isQuiet = true
  const known = touches.get(what)
  touches.set(what, known === undefined ? { factor, what, count: 1, stack: stackHere() } : { ...known, count: known.count + 1 })
  isQuiet = false
}

/** What is held starts anew with each run, so that an earlier one in the process shows only in what the program itself remembers. */
const beginnings: (() => void)[] = []

/** Everything read while `work` ran. */
export const watched = <T>(work: () => T): { readonly result: T; readonly touched: readonly Touch[] } => {
  for (const begin of beginnings) begin()
  touches.clear()
  isRecording = true
  try {
    return { result: work(), touched: [...touches.values()] }
  } finally {
    isRecording = false
  }
}

const define = (owner: object, name: string, value: unknown): void => {
  Object.defineProperty(owner, name, { configurable: true, writable: true, value })
}

type Callable = (this: unknown, ...given: readonly unknown[]) => unknown

/** Calls of a function are noted and go on to it. */
const note = (owner: object, name: string, factor: Factor, what: string): void => {
  const original: unknown = Reflect.get(owner, name)
  if (typeof original !== 'function') return
  const call = original as Callable
  define(owner, name, function noted(this: unknown, ...given: readonly unknown[]): unknown {
    touch(factor, what)
    return Reflect.apply(call, this, given)
  })
}

/** The small generator that everybody knows as mulberry32. */
const numbersFrom = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

const someMorning = 1_767_258_000_000
const otherEvening = 1_803_927_753_217

const holdClock = (isOther: boolean): void => {
  let now = 0
  beginnings.push(() => {
    now = isOther ? otherEvening : someMorning
  })
  const read = (): number => {
    touch('clock', 'Date.now')
    now += isOther ? 17 : 1
    return now
  }
  const real = Date
  define(
    globalThis,
    'Date',
    new Proxy(real, {
      construct: (target, given, newTarget) =>
        Reflect.construct(target, given.length === 0 ? [read()] : given, newTarget as new () => Date) as Date,
      apply: () => new real(read()).toString(),
      get: (target, name, receiver): unknown => (name === 'now' ? read : Reflect.get(target, name, receiver)),
    }),
  )
}

const holdMonotonicClock = (isOther: boolean): void => {
  let elapsed = 0
  beginnings.push(() => {
    elapsed = isOther ? 86_400_123.456 : 100
  })
  const read = (what: string): number => {
    touch('monotonic-clock', what)
    elapsed += isOther ? 7.25 : 0.5
    return elapsed
  }
  define(performance, 'now', () => read('performance.now'))
  const hrtime = (since: readonly [number, number] = [0, 0]): [number, number] => {
    const ms = read('process.hrtime')
    return [Math.floor(ms / 1_000) - since[0], Math.floor((ms % 1_000) * 1e6) - since[1]]
  }
  define(process, 'hrtime', Object.assign(hrtime, { bigint: () => BigInt(Math.floor(read('process.hrtime.bigint') * 1_000)) * 1_000n }))
  define(process, 'uptime', () => read('process.uptime') / 1_000)
  define(process, 'cpuUsage', () => ({ user: Math.floor(read('process.cpuUsage')), system: 0 }))
}

const holdChance = (isOther: boolean): void => {
  let next = numbersFrom(0)
  beginnings.push(() => {
    next = numbersFrom(isOther ? 987_654_321 : 12_345)
  })
  define(Math, 'random', () => {
    touch('chance', 'Math.random')
    return next()
  })
  const digits = (count: number): string => Array.from({ length: count }, () => Math.floor(next() * 16).toString(16)).join('')
  define(crypto, 'randomUUID', () => {
    touch('chance', 'crypto.randomUUID')
    return `${digits(8)}-${digits(4)}-4${digits(3)}-8${digits(3)}-${digits(12)}`
  })
  define(crypto, 'getRandomValues', <T extends { [index: number]: number; readonly length: number }>(array: T): T => {
    touch('chance', 'crypto.getRandomValues')
    for (let index = 0; index < array.length; index += 1) array[index] = Math.floor(next() * 256)
    return array
  })
}

const holdProcess = (isOther: boolean): void => {
  for (const [name, value] of [
    ['pid', isOther ? 48_611 : 4_711],
    ['ppid', isOther ? 48_000 : 4_000],
  ] as const)
    Object.defineProperty(process, name, {
      configurable: true,
      get: () => {
        touch('process', `process.${name}`)
        return value
      },
    })
}

const holdEnvironment = (isOther: boolean): void => {
  define(
    process,
    'env',
    new Proxy(process.env, {
      get: (target, name): unknown => {
        if (typeof name !== 'string') return undefined
        touch('environment', `process.env.${name}`)
        // While a run is watched, whatever is asked for has another value.
        return isRecording && isOther ? `other-${target[name] ?? ''}` : target[name]
      },
      ownKeys: (target) => {
        touch('environment', 'the list of process.env')
        return Reflect.ownKeys(target)
      },
    }),
  )
}

const localParts = ['FullYear', 'Month', 'Date', 'Day', 'Hours', 'Minutes', 'Seconds']

const watchTimeZone = (): void => {
  for (const name of [
    ...localParts.flatMap((part) => [`get${part}`, `set${part}`]),
    'getTimezoneOffset',
    'toString',
    'toDateString',
    'toTimeString',
  ])
    note(Date.prototype, name, 'time-zone', `Date.prototype.${name}`)
}

const watchLocale = (): void => {
  for (const name of ['localeCompare', 'toLocaleUpperCase', 'toLocaleLowerCase'])
    note(String.prototype, name, 'locale', `String.prototype.${name}`)
  for (const name of ['toLocaleString', 'toLocaleDateString', 'toLocaleTimeString'])
    note(Date.prototype, name, 'locale', `Date.prototype.${name}`)
  note(Number.prototype, 'toLocaleString', 'locale', 'Number.prototype.toLocaleString')
  note(Array.prototype, 'toLocaleString', 'locale', 'Array.prototype.toLocaleString')
  for (const name of ['DateTimeFormat', 'NumberFormat', 'Collator', 'ListFormat', 'PluralRules', 'RelativeTimeFormat', 'Segmenter']) {
    const original: unknown = Reflect.get(Intl, name)
    if (typeof original !== 'function') continue
    define(
      Intl,
      name,
      new Proxy(original, {
        construct: (target, given: readonly unknown[], newTarget) => {
          touch('locale', `Intl.${name}`)
          return Reflect.construct(target, given, newTarget) as object
        },
        apply: (target, self, given: readonly unknown[]): unknown => {
          touch('locale', `Intl.${name}`)
          return Reflect.apply(target, self, given) as unknown
        },
      }),
    )
  }
}

const watchMemory = (isOther: boolean): void => {
  note(WeakRef.prototype, 'deref', 'memory', 'WeakRef.prototype.deref')
  note(FinalizationRegistry.prototype, 'register', 'memory', 'FinalizationRegistry.prototype.register')
  const bytes = isOther ? 987_654_321 : 50_000_000
  define(process, 'memoryUsage', () => {
    touch('memory', 'process.memoryUsage')
    return { rss: bytes, heapTotal: bytes, heapUsed: bytes, external: 0, arrayBuffers: 0 }
  })
}

const watchPace = (): void => {
  for (const name of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'fetch']) note(globalThis, name, 'pace', name)
  note(process, 'nextTick', 'pace', 'process.nextTick')
  note(Promise.prototype, 'then', 'pace', 'Promise.prototype.then')
}

/** Elements that a comparison calls equal come out in the reverse of the order in which they stood. */
const turnTies = (): void => {
  type Compare = (left: unknown, right: unknown) => number
  const stable = Reflect.get(Array.prototype, 'sort') as (this: unknown[], compare?: Compare) => unknown[]
  const watchedCompare =
    (compare: Compare): Compare =>
    (left, right) => {
      const order = compare(left, right)
      if (order === 0 && left !== right) touch('ties', `a sort of ${typeof left === 'object' ? 'objects' : `${typeof left}s`} with ties`)
      return order
    }
  define(Array.prototype, 'sort', function sort(this: unknown[], compare?: Compare): unknown[] {
    if (!isRecording || compare === undefined) return stable.call(this, compare)
    this.reverse()
    return stable.call(this, watchedCompare(compare))
  })
  define(Array.prototype, 'toSorted', function toSorted(this: unknown[], compare?: Compare): unknown[] {
    return [...this].sort(compare)
  })
}

/** Ties are allowed to be there; to be the reason of a difference they are not. */
export const isLeakByItself = ({ factor }: Touch): boolean => factor !== 'ties'

const isFactor = (disturbance: Disturbance, name: Factor): boolean => disturbance.disturbed.includes(name)

const hold = (disturbance: Disturbance): void => {
  const differs = (name: Factor): boolean => isFactor(disturbance, name)
  holdClock(differs('clock'))
  holdMonotonicClock(differs('monotonic-clock'))
  holdChance(differs('chance'))
  holdProcess(differs('process'))
  holdEnvironment(differs('environment'))
  watchTimeZone()
  watchLocale()
  watchMemory(differs('memory'))
  watchPace()
  note(process, 'cwd', 'folder', 'process.cwd')
  if (differs('ties')) turnTies()
  for (const begin of beginnings) begin()
}

/** What this process was told, if it is one of the self-check. */
export const disturbanceHere: Disturbance | undefined =
  process.argv[2] === selfRunWord ? (JSON.parse(process.argv[3] ?? '{}') as Disturbance) : undefined

if (disturbanceHere !== undefined) hold(disturbanceHere)

/** The time between loading and running: one turn of the event loop, many slow ones, or one in which everything unused is thrown away. */
export const settleDown = async ({ disturbed }: Disturbance): Promise<void> => {
  const turn = (): Promise<void> =>
    new Promise((resolve) => {
      setImmediate(resolve)
    })
  await turn()
  if (disturbed.includes('pace'))
    for (let count = 0; count < 5; count += 1)
      await new Promise<void>((resolve) => {
        setTimeout(resolve, 10)
      })
  if (disturbed.includes('memory')) {
    await turn()
    Reflect.get(globalThis, 'gc')?.()
    await turn()
  }
}
