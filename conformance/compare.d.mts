/** What compare.mjs offers to other programs. */
export interface ItemDifference {
  readonly key: string
  /** null: only simulated. */
  readonly want: string | null
  /** null: only recorded. */
  readonly got: string | null
}
export interface Comparison {
  readonly equal: number
  readonly differ: readonly ItemDifference[]
  readonly racy: number
  /** Racy items whose value is none of those recorded. */
  readonly unseen: number
}
export function items(trace: unknown): Map<string, string>
export function compare(expected: Readonly<Record<string, readonly (string | null)[]>>, actual: ReadonlyMap<string, string>): Comparison
/** The kind of an item: `settled` of `settled@4 Pod/web-0 status`. */
export function kindOf(key: string): string
