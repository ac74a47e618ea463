/** The public surface for scenarios: the format, its runner, expectations, the console. */
export { decodeScript, type ConformanceScript, type ScriptError } from './conformance/decode-script.js'
export { explainDifference, type ItemDifference } from './conformance/explain-difference.js'
export { runScript, type ScriptRun, type ScriptRunOptions } from './conformance/run-script.js'
export type { Trace } from './conformance/trace.js'
export { formatProblem, formatProblems, type Problem } from './format/problem.js'
export { formatDuration, parseDuration } from './format/duration.js'
export { decodeScenario, isScenarioText } from './format/decode-scenario.js'
export { scenarioSchema, scenarioSchemaText } from './format/json-schema.js'
export type { ScenarioFile, WrittenExpectation, WrittenScenario, WrittenStep } from './format/scenario-codec.js'
export type { Condition } from './format/condition-codec.js'
export {
  loadManifests,
  loadScenario,
  noScenarioFiles,
  scenario,
  titleOf,
  writeScenario,
  type Scenario,
  type ScenarioFiles,
} from './scenario.js'
export { after, at, next, when, type StepMaker } from './write-script.js'
export { always, count, eventually, never, object, sometimes } from './expectation.js'
export { evaluate, type Answer, type ConditionView } from './evaluate-condition.js'
export { settle, unsettledObjects, watchQuiet, type Unsettled } from './convergence.js'
export { clusterSpecOf, runScenario, settingsOf, type RunOptions, type ScenarioRun } from './run-scenario.js'
export type { ExpectationReport, Outcome, RunReport, StepReport, ViolationReport } from './run-report.js'
export { formatJUnit, formatRunReport, plainReportPaint, type ReportPaint, type ReportTone } from './format-run-report.js'
export { assertionProperty } from './promises.js'
export { withPrograms } from './run-programs.js'
export { makeConsole, runConsoleLine, type Console, type ConsoleAnswer } from './make-console.js'
export { kubectlTiming, noFiles, runKubectl, type ConsoleFiles, type ConsoleParts, type LineResult } from './console/cluster-console.js'
export { canBeLean, explore, startSearch, type Search } from './explore/explore.js'
export { NotConfirmed } from './explore/not-confirmed.js'
export type { Decision, ExploreOptions, Finding, SavedSearch, SearchBounds, SearchCount, SearchReport } from './explore/search-types.js'
export { makeExpander, makeGround, type Expander, type Expansion, type ExpandRequest, type Ground, type Kept } from './explore/expander.js'
export { readSavedSearch, savedText } from './explore/saved-search.js'
export { defaultOrder, SearchRefused } from './explore/search-space.js'
export {
  fuzz,
  startFuzz,
  type FuzzCount,
  type FuzzFinding,
  type FuzzJob,
  type FuzzOptions,
  type FuzzReport,
  type FuzzSearch,
} from './fuzz/fuzz.js'
export { clusterShapes, commands, deedLists, faults, histories, setShapes } from './fuzz/arbitraries.js'
export { CannotBegin, makeHistoryRunner, type HistoryOutcome, type HistoryRunner } from './fuzz/run-history.js'
export { historyFrom, historyText, type ClusterShape, type Deed, type FuzzHistory, type SetShape } from './format/history-codec.js'
export type { CorpusEntry } from './fuzz/corpus.js'
export { stepWords } from './step-words.js'
export { choicesOf, scenarioText, storyOf, writeCounterexample } from './counterexample/write-counterexample.js'
export {
  assertInvariants,
  assertPasses,
  CannotCheck,
  exploreAll,
  PropertyBroken,
  type CheckOptions,
  type HistoryCheck,
  type OrderCheck,
} from './check-controllers.js'
