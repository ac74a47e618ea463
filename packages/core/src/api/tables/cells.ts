/** Cells that several tables have. */
import type { SimTime } from '../../kernel/sim-time.js'
import type { Container } from '../generated/types.js'
import { formatSelector, selectorOfLabels, type Labels } from '../label-selector.js'
import type { KubernetesObject } from '../object.js'
import { ageOf } from './human-duration.js'

export type Cell = string | number | boolean | null

/** The cells of one object, in the order of its table's columns. */
export type RowOf<Kind> = (object: Kind, now: SimTime) => readonly Cell[]

export const createdAgo = (object: KubernetesObject, now: SimTime): string => ageOf(object.metadata.creationTimestamp, now)

/** Names and images, each joined by commas. Follows layoutContainerCells in printers.go. */
export const containerCells = (containers: readonly Container[]): readonly [names: string, images: string] => [
  containers.map((container) => container.name).join(','),
  containers.map((container) => container.image ?? '').join(','),
]

/** `a=1,b=2`, or `<none>`. Follows FormatLabels in apimachinery/pkg/labels. */
export const labelsText = (labels: Labels | undefined): string => {
  const text = formatSelector(selectorOfLabels(labels))
  return text === '' ? '<none>' : text
}

/** `a,b,c + 2 more...`: at most `limit` of them are named. */
export const listWithMore = (items: readonly string[], limit: number, separator = ','): string =>
  items.length > limit ? `${items.slice(0, limit).join(separator)} + ${items.length - limit} more...` : items.join(separator)
