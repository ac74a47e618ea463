/**
 * fast-check's generators for what a search is about: clusters, sets, commands, faults, whole histories. The fuzzer draws from these; so can tests
 * of a user's own controller. What they make is plain data and shrinks towards little: few nodes, few replicas, few deeds, no pauses.
 */
import * as fc from 'fast-check'
import {
  allDeedGroups,
  commandGroups,
  deedGroups,
  faultGroups,
  type ClusterShape,
  type Deed,
  type DeedGroup,
  type FuzzHistory,
  type SetShape,
} from '../format/history-codec.js'

const policy = fc.constantFrom('Retain' as const, 'Delete' as const)

/** Small clusters: one to four nodes, of three paces, with and without room. */
export const clusterShapes = (): fc.Arbitrary<ClusterShape> =>
  fc.record({
    nodes: fc.constantFrom(1, 2, 3, 3, 4),
    pace: fc.constantFrom('quick' as const, 'quick' as const, 'usual' as const, 'pulls' as const),
    room: fc.constantFrom('ample' as const, 'ample' as const, 'ample' as const, 'scarce' as const),
    maxUnavailable: fc.constantFrom(false, false, false, true),
    chance: fc.nat({ max: 3 }),
  })

/** Small StatefulSets of all policies. */
export const setShapes = (): fc.Arbitrary<SetShape> =>
  fc.record(
    {
      replicas: fc.constantFrom(0, 1, 2, 3, 3, 3, 4, 5),
      management: fc.constantFrom('OrderedReady' as const, 'OrderedReady' as const, 'Parallel' as const),
      strategy: fc.constantFrom('RollingUpdate' as const, 'RollingUpdate' as const, 'RollingUpdate' as const, 'OnDelete' as const),
      partition: fc.constantFrom(0, 0, 0, 1, 2, 9),
      start: fc.constantFrom(0, 0, 0, 3),
      minReadySeconds: fc.constantFrom(0, 0, 4),
      revisionHistoryLimit: fc.constantFrom(10, 1, 0),
      claims: fc.constantFrom('none' as const, 'immediate' as const, 'waiting' as const),
      whenDeleted: policy,
      whenScaled: policy,
      probed: fc.boolean(),
      grace: fc.constantFrom(10, 1, 1, 30, 30, 0),
      budget: fc.constantFrom('none' as const, 'none' as const, 'available' as const, 'unavailable' as const),
      maxUnavailable: fc.constantFrom(1, 2, 3),
    },
    {
      requiredKeys: [
        'replicas',
        'management',
        'strategy',
        'partition',
        'start',
        'minReadySeconds',
        'revisionHistoryLimit',
        'claims',
        'whenDeleted',
        'whenScaled',
        'probed',
        'grace',
        'budget',
      ],
    },
  )

/** How often a group is drawn beside the others. */
const weights: Readonly<Record<DeedGroup, number>> = {
  scaling: 4,
  rollout: 2,
  deletion: 2,
  force: 1,
  life: 1,
  policy: 1,
  nodes: 1,
  machines: 1,
  containers: 1,
  storage: 1,
  controllers: 2,
  caches: 3,
  answers: 2,
}

/** One time in three, time passes before a deed. */
const pauses = [...Array.from({ length: 12 }, () => 0), 1, 40, 400, 1_500, 6_000, 30_000]

/** Deeds of these groups. */
const deedsOf = (groups: readonly DeedGroup[]): fc.Arbitrary<Deed> => {
  const kinds = groups.flatMap((group) => Array.from({ length: weights[group] }, () => deedGroups[group]).flat())
  return fc.record({
    do: fc.constantFrom(...kinds),
    which: fc.nat({ max: 59 }),
    how: fc.nat({ max: 59 }),
    after: fc.constantFrom(...pauses),
  })
}

/** What people do: scale, roll out, delete, cordon, drain … */
export const commands = (): fc.Arbitrary<Deed> => deedsOf(commandGroups)

/** What goes wrong, and heals: machines, containers, storage, controllers, caches, answers of the API server. */
export const faults = (): fc.Arbitrary<Deed> => deedsOf(faultGroups)

/** Made once for each choice of groups. */
const known = new Map<number, fc.Arbitrary<Deed>>()
const deedsOfMask = (mask: number): fc.Arbitrary<Deed> => {
  let made = known.get(mask)
  if (made === undefined) {
    const groups = allDeedGroups.filter((_, index) => (mask & (1 << index)) !== 0)
    made = deedsOf(groups.length === 0 ? allDeedGroups : groups)
    known.set(mask, made)
  }
  return made
}

/** Two of three groups take part; a history that lacks some shows the others better than one that has all. */
const masks = (): fc.Arbitrary<number> =>
  fc
    .tuple(...allDeedGroups.map(() => fc.nat({ max: 2 })))
    .map((draws) => draws.reduce((mask, draw, index) => (draw > 0 ? mask | (1 << index) : mask), 0))

/** Commands and faults, so many, of some of the groups. */
export const deedLists = (length: number | { readonly min: number; readonly max: number }): fc.Arbitrary<readonly Deed[]> => {
  const { min, max } = typeof length === 'number' ? { min: length, max: length } : length
  return masks().chain((mask) => fc.array(deedsOfMask(mask), { minLength: min, maxLength: max, size: 'max' }))
}

/** A cluster, one or two sets, and so many commands and faults. */
export const histories = (length: number | { readonly min: number; readonly max: number }): fc.Arbitrary<FuzzHistory> =>
  fc.record({
    cluster: clusterShapes(),
    sets: fc.oneof(
      { arbitrary: setShapes().map((one) => [one]), weight: 3 },
      { arbitrary: fc.tuple(setShapes(), setShapes()).map(([one, other]) => [one, other]), weight: 1 },
    ),
    deeds: deedLists(length),
  })
