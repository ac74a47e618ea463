/** What discovery says of one resource. */
export interface ApiResource {
  readonly kind: string
  /** '' for the core group. */
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly shortNames: readonly string[]
  readonly categories: readonly string[]
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly subresources: readonly ApiSubresource[]
}

/** Without `kind` it speaks of the resource's own kind, without `group` and `version` of its own group and version. */
export interface ApiSubresource {
  readonly name: string
  readonly kind?: string
  readonly group?: string
  readonly version?: string
  readonly verbs: readonly string[]
}
