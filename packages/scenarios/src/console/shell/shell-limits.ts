/** The bounds of a console, in one place. Reaching one ends the line with a named outcome; the cluster goes on. */

export const shellLimits = {
  /** Rounds of all loops of one line together: a loop that polls once a second for half a day fits. */
  loopRounds: 50_000,
  /** Commands that one line may run: a loop's body has several. */
  commands: 500_000,
  /** Characters that one line may print, or hold in a pipe: a log of 100,000 lines fits. */
  outputCharacters: 16_000_000,
  /** Shells inside shells: `sh -c`, `$( )`, `eval`. Deeper is a script that calls itself. */
  depth: 40,
  /** Words that one brace or glob may become. */
  words: 100_000,
  /** A command that waits for a change, and would wait for ever, is interrupted after this much simulated time without one. */
  patienceMs: 3_600_000,
  /** A person who watches (`get -w`, `logs -f`) presses control-C when nothing has happened for this long … */
  watchQuietMs: 30_000,
  /** … or when this much time has passed. */
  watchMs: 600_000,
} as const

/** Why a line was ended from outside. */
export type LimitReached =
  | 'too many rounds of loops'
  | 'too many commands'
  | 'too much output'
  | 'shells nested too deeply'
  | 'waited in vain'
  | 'interrupted'
