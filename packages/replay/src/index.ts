/** The public surface for logs: read, verify, seek, diff, fork, explain. */
export { eventLine, logFormat, logVersion, makeHeader, makeLogWriter, type LogFooter, type LogHeader, type LogWriter } from './log-file.js'
export { linesOf, type LogEnd, type LogProblem, type LogVisitor, type ReadOptions } from './log-body.js'
export { readLog, type LogPiece } from './read-log.js'
export { replayLog, type Replayed, type ReplayOptions } from './replay-log.js'
export { firstDifference, forkAt, rerun, verifyLog, type Difference, type RerunOptions } from './rerun.js'
export { diffStates, type ObjectDifference } from './diff-states.js'
export { describeEvent, type Described, type Tone } from './describe-event.js'
export {
  formatTime,
  formatTimeline,
  legend,
  plainPaint,
  timelineOf,
  type LaneState,
  type Paint,
  type Timeline,
  type TimelineFormat,
  type TimelineOptions,
  type TimelineRow,
} from './timeline.js'
export { causesOf, explainObject, formatExplanation, isSpokenOf, waitingIn, type Explanation, type WaitingFor } from './explain.js'
