/** What the plan of one key waits for; shown by reports and `explain`. */
export interface Waiting {
  /** A short name: `PodNotReady`. */
  readonly kind: string
  /** The object it is about: `default/web-1`. */
  readonly on: string
  /** One sentence for people. */
  readonly because: string
}
